"""Tables of the documentation that are read from the package, so that they cannot go stale.

Each is a directive without arguments: ``{result-columns}``, ``{published-encoders}``,
``{published-ranges}``, ``{encoder-forms}``, ``{processing-attributes}`` and ``{photo-labels}``.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

BAR = r"\|"
"""A bar inside a cell."""

Table = tuple[Sequence[str], Iterable[Sequence[object]]]


def described_attributes(documented: type) -> dict[str, str]:
    """The attributes that a class's docstring describes, by name, in one line each."""
    text = inspect.cleandoc(documented.__doc__ or "").partition("Attributes:\n")[2]
    found: dict[str, str] = {}
    for entry in re.split(r"\n(?=    \w)", text.rstrip()):
        name, _, meaning = entry.strip().partition(":")
        found[name] = " ".join(meaning.split())
    return found


def result_columns() -> Table:
    """Every column of the result table."""
    from latentprint.results import SCHEMA, Result

    kinds = {"String": "text", "Int64": "integer", "Float64": "number", "Boolean": "true or false"}
    meanings = described_attributes(Result)
    rows = [
        (f"`{each.name}`", kinds[str(SCHEMA[each.name])], meanings[each.name])
        for each in fields(Result)
    ]
    return ("column", "type", "meaning"), rows


def published_encoders() -> Table:
    """The encoders of the study."""
    from latentprint.encoders import published_encoders

    rows = [
        (
            each.name,
            f"`{each.alias}`",
            each.family,
            f"`{each.spec}`{f', {each.note}' if each.note else ''}",
            each.dimension,
            each.input_size,
        )
        for each in published_encoders()
    ]
    return ("encoder", "name", "family", "specification", "D", "px"), rows


def published_ranges() -> Table:
    """Mean and range of every published figure over the encoders; of kNN the influence alone."""
    from latentprint.report.inputs import grouped
    from latentprint.report.published_run import published_run
    from latentprint.report.wording import name_of, number
    from latentprint.words import PROBES, Experiment, InfluenceSetup

    def told(row: dict[str, object]) -> tuple[str, str]:
        if row["experiment"] == Experiment.NEAR_DUPLICATE:
            return "recall@1", str(row["setup"])
        if row["experiment"] in PROBES:
            return "probe", name_of(row)
        return "influence", name_of({**row, "experiment": Experiment.PROCESSING_PROBE})

    kept = [
        row
        for row in published_run().rows
        if row["experiment"] != Experiment.KNN_INFLUENCE or row["setup"] == InfluenceSetup.INFLUENCE
    ]
    rows = []
    for found in grouped(kept, "dataset", "experiment", "attribute", "setup"):
        values = [row["value"] for row in found]
        figures = (found[0]["chance"], sum(values) / len(values), min(values), max(values))
        rows.append((found[0]["dataset"], *told(found[0]), *map(number, figures)))
    return ("photos", "figure", "of", "chance", "mean", "lowest", "highest"), rows


def encoder_forms() -> Table:
    """The forms of specification."""
    from latentprint.encoders import list_encoders

    rows = [(f"`{each['spec']}`", each["explanation"], each["library"]) for each in list_encoders()]
    return ("form", "what it names", "library"), rows


def processing_attributes() -> Table:
    """The published processing attributes and their classes."""
    from latentprint.processing import ATTRIBUTES

    rows = [
        (f"`{each.name}`", len(each.classes), ", ".join(f"`{name}`" for name in each.classes))
        for each in ATTRIBUTES.values()
    ]
    return ("attribute", "classes", "names"), rows


def photo_labels() -> Table:
    """What EXIF and the file itself say of a photo."""
    from latentprint.photos.exif_labels import LABELS

    rows = [(f"`{each.name}`", each.kind, each.unit, each.description) for each in LABELS.values()]
    return ("label", "kind", "unit", "meaning"), rows


def markdown(table: Table) -> str:
    """A table in Markdown."""
    headings, rows = table
    return "\n".join(map(_line, [headings, ["---"] * len(headings), *rows]))


def _line(cells: Iterable[object]) -> str:
    return f"| {' | '.join(str(cell).replace('|', BAR) for cell in cells)} |"


def _directive(make: Callable[[], Table]) -> type[SphinxDirective]:
    class FromCode(SphinxDirective):
        __doc__ = make.__doc__

        def run(self) -> list[nodes.Node]:
            return self.parse_text_to_nodes(markdown(make()))

    return FromCode


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directives."""
    for make in (
        result_columns,
        published_encoders,
        published_ranges,
        encoder_forms,
        processing_attributes,
        photo_labels,
    ):
        app.add_directive(make.__name__.replace("_", "-"), _directive(make))
    return {"parallel_read_safe": True}
