"""Similarities and neighbour galleries as text for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from latentprint.experiments.similarity.similarity import AGAINST, DIFFERENCE, WITH
from latentprint.experiments.similarity.stability import FARTHER, FIRST, SELF

if TYPE_CHECKING:
    from rich.table import Table

    from latentprint.jobs.measure import Measured
    from latentprint.results import Result


def print_comparison(measured: Measured) -> None:
    """Print tables, what they say in a sentence, and the galleries."""
    from rich.console import Console
    from rich.text import Text

    console = Console(soft_wrap=False)
    if not console.is_terminal:
        console = Console(width=160)
    for experiment, title in (
        ("similarity", "Cosine similarities times 100; AUCs in percent"),
        ("stability", "Stability: cosine similarities times 100; shares of photos in percent"),
    ):
        rows = [each for each in measured.results if each.experiment == experiment]
        if rows:
            console.print(_table(title, rows))
    for sentence in _sentences(measured.results):
        console.print(Text(sentence))
    for detail in measured.details:
        if detail["experiment"] == "neighbour_gallery":
            console.print(Text("\n".join(gallery_lines(detail))), soft_wrap=True)


def _table(title: str, rows: Sequence[Result]) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    made = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left")
    for heading in ("encoder", "metadata", "measure"):
        made.add_column(heading)
    for heading in ("value", "95 % interval", "queries", "photos"):
        made.add_column(heading, justify="right")
    made.add_column("notes")
    for row in rows:
        made.add_row(
            *(Text(each) for each in (row.encoder, row.attribute, row.setup)),
            f"{row.value:.2f}",
            f"{row.low:.2f} to {row.high:.2f}",
            f"{row.n_test}",
            f"{row.n_train}",
            Text(row.notes),
        )
    return made


def _sentences(results: Sequence[Result]) -> Iterator[str]:
    """What the rows of every encoder and attribute say."""
    found: dict[tuple[str, str], dict[str, Result]] = {}
    for row in results:
        found.setdefault((row.encoder, row.attribute), {})[row.setup] = row
    for (encoder, attribute), rows in found.items():
        if DIFFERENCE in rows:
            yield f"{encoder}: {_auc_sentence(attribute, rows)}"
        if SELF in rows:
            yield f"{encoder}: {_stability_sentence(attribute, rows)}"


def _auc_sentence(attribute: str, rows: dict[str, Result]) -> str:
    against, together, difference = rows[AGAINST], rows[WITH], rows[DIFFERENCE]
    return (
        f"a photo of another class is more similar than one of the query's class in "
        f"{against.value:.1f} % of comparisons if it shares the query's {attribute} and the other "
        f"does not, in {together.value:.1f} % the other way round: {difference.value:.1f} points "
        f"({difference.low:.1f} to {difference.high:.1f}) for the metadata, 0 where these do not "
        "matter."
    )


def _stability_sentence(attribute: str, rows: dict[str, Result]) -> str:
    below = next((row for setup, row in rows.items() if setup.startswith("below ")), None)
    tail = "" if below is None else f", and is {below.setup} in {below.value:.2f} %"
    return (
        f"under another class of {attribute} a photo keeps a cosine similarity of "
        f"{rows[SELF].value / 100:.3f} to itself (1st percentile {rows[FIRST].value / 100:.3f}); it"
        f" is farther than the nearest other photo in {rows[FARTHER].value:.2f} % of cases{tail}."
    )


def gallery_lines(gallery: dict[str, Any]) -> Iterator[str]:
    """One gallery in lines of text."""
    query = gallery["query"]
    yield ""
    yield (
        f"Neighbours of {query['id']} ({query['label']}) under {query['processing']}, the other "
        f"class being {gallery['other_processing']}, {gallery['encoder']}"
    )
    yield f"({gallery['chosen']})"
    for setup in gallery["setups"]:
        neighbours = setup["neighbours"]
        yield f"  {setup['setup']}: {setup['right']} of {len(neighbours)} right"
        for each in neighbours:
            mark = "right" if each["right"] else "wrong"
            yield (
                f"    {each['rank']:>2}  {each['similarity']:.3f}  {mark}  {each['label']}  "
                f"{each['processing']}  {each['id']}"
            )
