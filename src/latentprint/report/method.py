"""How it was measured: encoders, photos, settings and versions, as tables of text."""

from __future__ import annotations

import json
from typing import Any

from latentprint.report.figures.table import Table
from latentprint.report.inputs import Run
from latentprint.report.wording import shortened
from latentprint.words import CONTROL

_FACTS = {
    "latentprint": "latentprint version",
    "command": "Command",
    "date": "Date",
    "seed": "Seed",
    "dataset": "Photos",
    "device": "Device",
    "seconds": "Seconds",
}
_GROUPS = {
    "photos": "Counts of photos",
    "extraction": "Extraction",
    "versions": "Versions",
}
_DIGITS = 8
_UNKNOWN = "not recorded"


def encoder_table(run: Run) -> Table:
    """The encoders with their preprocessing and weights, without their blocks; controls last."""
    known = {
        each["name"]: each
        for part in run.parts
        for each in part.settings.get("encoders", [])
        if each.get("name") and not each.get("identity", {}).get("block")
    }
    families = dict(run.table.select("network", "family").rows())
    names = [*families, *(name for name in known if name not in families)]
    names.sort(key=lambda name: families.get(name, known.get(name, {}).get("family")) == CONTROL)
    return Table(
        "Encoders and controls",
        ("Encoder", "Family", "Specification", "Dimensions", "Preprocessing", "Weights"),
        [
            (
                name,
                str(families.get(name) or known.get(name, {}).get("family") or _UNKNOWN),
                _text(known.get(name, {}).get("spec")),
                _text(known.get(name, {}).get("dimension")),
                _preprocessing(known.get(name, {}).get("preprocess") or {}),
                _weights(known.get(name, {}).get("identity") or {}),
            )
            for name in names
        ],
        names=3,
        remarks=2,
    )


def run_facts(run: Run) -> list[tuple[str, list[tuple[str, str]]]]:
    """The settings and versions of each run, by its name."""
    return [(part.name, _facts(part.settings)) for part in run.parts if part.settings]


def _facts(settings: dict[str, Any]) -> list[tuple[str, str]]:
    facts = [(name, _text(settings[key])) for key, name in _FACTS.items() if key in settings]
    if tones := (settings.get("extraction") or {}).get("tones"):
        facts.append(("Deep pictures", "; ".join(each["words"] for each in tones)))
    for group, name in _GROUPS.items():
        told = [
            f"{key.replace('_', ' ')} {_text(value)}"
            for key, value in (settings.get(group) or {}).items()
            if key != "tones"
        ]
        facts += [(name, ", ".join(told))] if told else []
    notes = settings.get("notes")
    return [*facts, ("How embeddings were read", " ".join(notes))] if notes else facts


def _preprocessing(record: dict[str, Any]) -> str:
    if not record:
        return _UNKNOWN
    parts = [f"{key} {_short(value)}" for key, value in record.items() if value is not None]
    return shortened(", ".join(parts), 200)


def _short(value: Any) -> str:
    if isinstance(value, list):
        return "/".join(_short(each) for each in value)
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _weights(identity: dict[str, Any]) -> str:
    if not identity:
        return _UNKNOWN
    digest = str(identity["weights"])[:_DIGITS] if identity.get("weights") else "none"
    precision = f", {identity['precision']}" if identity.get("precision") else ""
    return f"{digest}{precision}"


def _text(value: Any) -> str:
    if value is None or value == "":
        return _UNKNOWN
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
