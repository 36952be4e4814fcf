"""Write the report of a run: gather its parts and fill in the page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from latentprint.report.cautions import cautions
from latentprint.report.figures import FAMILIES, neighbour_panels, probe_panels, quality_panel
from latentprint.report.inputs import Run, read_run
from latentprint.report.photos_section import LIMIT, jpeg_quality, troubled
from latentprint.report.prose import summarise
from latentprint.report.tables import (
    complete_table,
    context_table,
    neighbour_table,
    probe_table,
    quality_table,
)

_HERE = Path(__file__).parent


def write_report(run: Path, *, title: str | None = None) -> Path:
    """Write report.html into a run folder.

    The page is one file that needs no network: styles, figures and Plotly are inside.

    Args:
        run: The run folder, with results.parquet and, where there are, photos.csv and
            settings.json.
        title: Title of the page; names the set of photos by default.

    Raises:
        LatentprintError: The folder holds no result table.
    """
    page = run / "report.html"
    partial = run / ".report.html.partial"
    partial.write_text(render(read_run(run), title=title), encoding="utf-8")
    partial.replace(page)
    return page


def render(run: Run, *, title: str | None = None) -> str:
    """Make the page.

    Args:
        run: What the page tells.
        title: Title of the page; names the set of photos by default.
    """
    environment = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("template.html.j2").render(
        title=title or f"What the encoder knows about the processing of {_dataset(run)}",
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
        **_probes(run),
        **_neighbours(run),
        **_photos(run),
    )


def _probes(run: Run) -> dict[str, Any]:
    attributes = list(dict.fromkeys(row["attribute"] for row in run.probes))
    return {
        "probe_panels": probe_panels(run.probes),
        "probe_table": probe_table(run.probes),
        "context_table": context_table(attributes),
        "families": list(FAMILIES),
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
    facts = [(name, _text(settings.get(key))) for key, name in names.items()]
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
