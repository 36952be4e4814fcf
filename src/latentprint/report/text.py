"""The text of an article: what the template puts together, as plain text and numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from latentprint.report.cautions import cautions
from latentprint.report.findings import (
    influence_findings,
    probe_findings,
    recall_findings,
    robustness_findings,
    similarity_findings,
    stability_findings,
    variance_findings,
)
from latentprint.report.growth import curve_findings, layer_findings
from latentprint.report.inputs import Run
from latentprint.report.method import encoder_table, run_facts
from latentprint.report.missing import QUESTIONS, missing
from latentprint.report.photos_section import LIMIT, troubled
from latentprint.report.published_prose import pairs_context, probes_context
from latentprint.report.risk import advice, correlation_findings, file_findings
from latentprint.report.summary import harm_findings, scope, trace_findings
from latentprint.report.wording import count, listed
from latentprint.words import CONTROL, UNTRAINED

REFERENCES = Path(__file__).parent / "references.bib"


def text_of(run: Run) -> dict[str, Any]:
    """What the template needs beside the figures. All texts are plain: it escapes them."""
    return {
        "several": len(run.parts) > 1,
        "missing": {name: missing(run, name) for name in QUESTIONS},
        **_summary(run),
        **_traces(run),
        **_harm(run),
        **_risk(run),
        **_method(run),
    }


def _summary(run: Run) -> dict[str, Any]:
    return {
        "scope": scope(run),
        "traces": trace_findings(run),
        "harms": harm_findings(run),
        "cautions": cautions(run),
        "probed": bool(run.every_probe),
        "tested": sum(row["q"] is not None for row in run.every_row),
    }


def _traces(run: Run) -> dict[str, Any]:
    return {
        "processing": probe_findings(run, run.probes),
        "paired": probe_findings(run, run.paired),
        "labels": probe_findings(run, run.labels),
        "ceiling": any(row["ceiling"] is not None for row in run.every_probe),
        "container": any(row["container"] is not None for row in run.labels),
        "layers": layer_findings(run),
        "curves": curve_findings(run),
        "context": {
            "processing": probes_context(run.probes),
            "labels": probes_context(run.labels),
            "pairs": pairs_context(run),
        },
    }


def _harm(run: Run) -> dict[str, Any]:
    return {
        "influences": influence_findings(run),
        "robustness": robustness_findings(run),
        "recalls": recall_findings(run),
        "similarities": similarity_findings(run),
        "variance": variance_findings(run),
    }


def _risk(run: Run) -> dict[str, Any]:
    return {
        "correlation": correlation_findings(run),
        "files": file_findings(run),
        "stability": stability_findings(run),
        "advice": advice(run),
    }


def _method(run: Run) -> dict[str, Any]:
    controls = run.table.filter(run.table["family"] == CONTROL)
    names = controls["network"].unique(maintain_order=True).to_list()
    untrained = [name for name in names if name.endswith(UNTRAINED)]
    others = [name for name in names if not name.endswith(UNTRAINED)]
    told = ([count(len(untrained), "untrained network")] if untrained else []) + others
    unrecorded = [part.name or "?" for part in run.parts if part.photos is None]
    bib = REFERENCES.read_text("utf-8")
    return {
        "controls": listed(told) if told else "",
        "photos": [_photos(part) for part in run.parts],
        "unrecorded": listed(unrecorded) if unrecorded else "",
        "limit": LIMIT,
        "encoders": encoder_table(run),
        "settings": run_facts(run),
        "study": bib[: bib.index("\n}\n") + 2],
    }


def _photos(part: Run) -> dict[str, Any]:
    recorded = part.settings.get("photos") or {}
    told = {"ok": "could be read", "train": "for training", "val": "for the test"}
    counts = [f"{recorded[key]:,} {name}" for key, name in told.items() if recorded.get(key)]
    found = troubled(part.photos) if part.photos is not None else None
    return {
        "name": ", ".join(filter(None, [part.name, *part.datasets])),
        "counts": f"Photos: {', '.join(counts)}." if counts else "",
        "recorded": found is not None,
        "total": found.total if found else 0,
        "rows": [tuple(row.values()) for row in found.rows] if found else [],
    }
