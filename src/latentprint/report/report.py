"""Write the report of a run: gather its parts and fill in the page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from latentprint.report.cautions import cautions
from latentprint.report.comparisons import album, comparisons
from latentprint.report.confusion import WIDEST, matrices
from latentprint.report.curve_figure import curve_encoders, curve_panels
from latentprint.report.inputs import Row, Run, read_run
from latentprint.report.neighbour_figure import neighbour_panels
from latentprint.report.photos_section import LIMIT, jpeg_quality, troubled
from latentprint.report.probe_figure import FAMILIES, probe_panels
from latentprint.report.prose import variance_sentence
from latentprint.report.quality_figure import quality_panel
from latentprint.report.summary import summarise
from latentprint.report.tables import (
    ROWS,
    Table,
    complete_table,
    context_table,
    curve_table,
    neighbour_table,
    probe_table,
    quality_table,
    variance_table,
)
from latentprint.report.variance_figure import variance_groups, variance_panels
from latentprint.report.wording import shortened

_HERE = Path(__file__).parent


def write_report(run: Path, *, title: str | None = None, pictures: bool = True) -> Path:
    """Write report.html into a run folder.

    The page is one file that needs no network: styles, figures and Plotly are inside.

    Args:
        run: The run folder, with results.parquet and, where there are, details.json, photos.csv,
            settings.json, pairs.json and correlation.json.
        title: Title of the page; names the set of photos by default.
        pictures: Whether small copies of photos are put into the page, beside the neighbours and
            failures that it tells of.

    Raises:
        LatentprintError: The folder holds no result table.
    """
    page = run / "report.html"
    partial = run / ".report.html.partial"
    text = render(read_run(run), title=title, pictures=pictures)
    partial.write_text(text, encoding="utf-8")
    partial.replace(page)
    return page


def render(run: Run, *, title: str | None = None, pictures: bool = True) -> str:
    """Make the page.

    Args:
        run: What the page tells.
        title: Title of the page; names the set of photos by default.
        pictures: Whether small copies of photos are put into the page.
    """
    environment = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("template.html.j2").render(
        title=title or _title(run),
        style=_file("style.css"),
        script=_file("page.js"),
        plotly=_plotly(),
        dataset=_dataset(run),
        settings=run.settings,
        facts=_facts(run.settings),
        encoders=[
            (encoder.get("name", "Encoder"), _flat(encoder))
            for encoder in run.settings.get("encoders", [])
        ],
        summaries=summarise(run),
        cautions=cautions(run),
        complete=complete_table(run.table),
        rows=ROWS,
        **_probes(run),
        **_curves(run),
        **_variance(run),
        **_neighbours(run),
        **comparisons(run, album(run) if pictures else {}),
        **_photos(run),
    )


def _probes(run: Run) -> dict[str, Any]:
    """The three probe figures; matrices share the room that the page has for them."""
    sections = {"processing": run.probes, "paired": run.paired, "labels": run.labels}
    every = [row for rows in sections.values() for row in rows]
    shown = matrices(run.details, every)
    places = {id(each.row): each for each in shown.shown}
    return {
        **{
            name: {
                "panels": probe_panels(rows),
                "table": probe_table(rows),
                "context": _context(rows),
                "matrices": [places[id(row)] for row in rows if id(row) in places],
                "marks": [
                    mark
                    for mark in ("floor", "ceiling", "container")
                    if any(row[mark] is not None for row in rows)
                ],
            }
            for name, rows in sections.items()
        },
        "families": list(FAMILIES),
        "matrices_left_out": shown.left_out,
        "widest": WIDEST,
    }


def _context(rows: list[Row]) -> Table | None:
    """The published figures that stand beside some probes."""
    attributes = list(dict.fromkeys(row["attribute"] for row in rows if not row["setup"]))
    if not attributes:
        return None
    table = context_table(rows[0]["experiment"], attributes)
    return table if table.rows else None


def _curves(run: Run) -> dict[str, Any]:
    curves = run.of("learning_curve")
    return {
        "curve_panels": curve_panels(curves),
        "curve_table": curve_table(curves),
        "curve_encoders": [
            (shortened(name), style, index)
            for index, (name, style) in enumerate(curve_encoders(curves))
        ],
    }


def _variance(run: Run) -> dict[str, Any]:
    rows = run.of("variance")
    sentences: dict[str, list[str]] = {}
    for (_, encoder), measures in variance_groups(rows).items():
        sentences.setdefault(encoder, []).append(variance_sentence(measures))
    return {
        "variance_panels": variance_panels(rows),
        "variance_table": variance_table(rows),
        "variance_sentences": sentences,
    }


def _neighbours(run: Run) -> dict[str, Any]:
    return {
        "neighbour_panels": neighbour_panels(run.neighbours),
        "neighbour_table": neighbour_table(run.neighbours),
    }


def _photos(run: Run) -> dict[str, Any]:
    if run.photos is None:
        return {"quality": None, "troubled": None, "limit": LIMIT}
    quality = jpeg_quality(run.photos)
    return {
        "quality": quality,
        "quality_panel": quality_panel(quality),
        "quality_table": quality_table(quality),
        "troubled": troubled(run.photos),
        "limit": LIMIT,
    }


def _title(run: Run) -> str:
    processed = [*run.probes, *run.paired, *run.neighbours]
    about = "the processing of " if processed and not run.labels else ""
    return f"What the encoder knows about {about}{_dataset(run)}"


def _dataset(run: Run) -> str:
    names = dict.fromkeys(run.table["dataset"].to_list())
    return str(run.settings.get("dataset") or ", ".join(names) or "these photos")


def _facts(settings: dict[str, Any]) -> list[tuple[str, str]]:
    """The settings that are not shown elsewhere, as text."""
    names = {
        "latentprint": "latentprint version",
        "command": "Command",
        "date": "Date",
        "seed": "Seed",
        "dataset": "Photos",
        "device": "Device",
        "seconds": "Seconds",
    }
    facts = [(name, _text(settings[key])) for key, name in names.items() if key in settings]
    for group in ("photos", "extraction", "versions"):
        facts += [
            (f"{group}: {key}".replace("_", " "), _text(value))
            for key, value in settings.get(group, {}).items()
        ]
    return facts


def _flat(encoder: dict[str, Any]) -> list[tuple[str, str]]:
    """The record of an encoder, nested parts as dotted names."""
    facts: list[tuple[str, str]] = []
    for key, value in encoder.items():
        if isinstance(value, dict):
            facts += [(f"{key}.{inner}", text) for inner, text in _flat(value)]
        else:
            facts.append((key, _text(value)))
    return facts


def _text(value: Any) -> str:
    if value is None or value == "":
        return "not recorded"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _file(name: str) -> Markup:
    return Markup((_HERE / name).read_text(encoding="utf-8"))  # noqa: S704 - our own file


def _plotly() -> Markup:
    from plotly.offline import get_plotlyjs

    # The script may not hold the text that would end the element it stands in.
    return Markup(get_plotlyjs().replace("</script", "<\\/script"))  # noqa: S704 - from Plotly
