"""The findings of every section, as sentences.

Of few encoders each finding is told; of many, one sentence counts them for each attribute.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from latentprint.report.comparison_prose import (
    AUC_DIFFERENCE,
    FARTHER,
    Setups,
    first_recalls,
    pairs_sentence,
    robustness_sentence,
    similarity_sentence,
    stability_sentence,
)
from latentprint.report.counts import (
    influences_about,
    influences_sentence,
    probes_about,
    probes_sentence,
    recalls_sentence,
    robustness_counted,
    similarities_sentence,
    stabilities_sentence,
)
from latentprint.report.inputs import Row, Run, grouped, rows_by_setup
from latentprint.report.prose import influence_sentence, probe_sentence, variance_sentence
from latentprint.report.wording import checks

FEW = 2
"""Encoders up to which every finding is told by itself."""


@dataclass(frozen=True)
class Finding:
    """A sentence of the article.

    Attributes:
        about: The encoder or set of photos, where the run has several; else empty.
        sentence: What was measured, with its interval.
        notes: Health checks that failed.
    """

    about: str
    sentence: str
    notes: str = ""


def probe_findings(run: Run, rows: Sequence[Row]) -> list[Finding]:
    """What probes of one kind found."""
    found: list[Finding] = []
    for group in grouped(rows, "dataset", "attribute", "setup"):
        if len(group) > FEW:
            asked = probes_about(group[0])
            found.append(_counted(run, group, asked, probes_sentence(group), _checked(group)))
        else:
            found += [
                Finding(about(run, row), probe_sentence(row), "; ".join(checks(row)))
                for row in group
            ]
    return found


def influence_findings(run: Run) -> list[Finding]:
    """Whether processing changed which neighbours vote."""
    found: list[Finding] = []
    influences = [row for row in run.neighbours if row["setup"] == "influence"]
    for group in grouped(influences, "dataset", "attribute", "k"):
        if len(group) > FEW:
            asked = influences_about(group[0])
            found.append(_counted(run, group, asked, influences_sentence(group)))
        else:
            found += [
                Finding(about(run, row), influence_sentence(row), "; ".join(checks(row)))
                for row in group
            ]
    return found


def recall_findings(run: Run) -> list[Finding]:
    """Whether traces of the device distract retrieval."""
    return _told(run, first_recalls(run.of("near_duplicate")), (), pairs_sentence, recalls_sentence)


def similarity_findings(run: Run) -> list[Finding]:
    """What makes photos alike."""

    def many(found: list[Setups]) -> str:
        changes = [each[AUC_DIFFERENCE] for each in found if AUC_DIFFERENCE in each]
        return similarities_sentence(changes) if changes else ""

    found = _by_encoder(run.of("similarity"))
    return _told(run, found, ("attribute",), similarity_sentence, many)


def stability_findings(run: Run) -> list[Finding]:
    """Whether a photo stays itself when it is encoded again."""

    def many(found: list[Setups]) -> str:
        # Without pairs of classes, the measures are from a reference: their names say which.
        named = [
            next((row for setup, row in each.items() if setup.startswith(FARTHER)), None)
            for each in found
        ]
        shares = [row for row in named if row is not None]
        return stabilities_sentence(shares) if shares else ""

    found = _by_encoder(run.of("stability"))
    return _told(run, found, ("attribute",), stability_sentence, many)


def robustness_findings(run: Run) -> list[Finding]:
    """What nearest neighbours share."""
    found = _by_encoder(run.of("robustness"), "k")
    return _told(run, found, ("attribute", "k"), robustness_sentence, robustness_counted)


def variance_findings(run: Run) -> list[Finding]:
    """How far processing moves embeddings."""
    found = _by_encoder(run.of("variance"))
    return _told(run, found, ("attribute",), variance_sentence, lambda _: "")


def _by_encoder(rows: list[Row], *columns: str) -> list[Setups]:
    return list(rows_by_setup(rows, "dataset", "attribute", "encoder", *columns).values())


def _told(
    run: Run,
    found: Iterable[Setups],
    columns: tuple[str, ...],
    one: Callable[[Setups], str],
    many: Callable[[list[Setups]], str],
) -> list[Finding]:
    """Sentences of what is measured in set-ups: each for few encoders, counted for many."""
    groups: dict[tuple[Any, ...], list[Setups]] = {}
    for setups in found:
        row = _first(setups)
        groups.setdefault(tuple(row[name] for name in ("dataset", *columns)), []).append(setups)
    told: list[Finding] = []
    for group in groups.values():
        if len(group) > FEW:
            told.append(Finding(place(run, _first(group[0])), many(group)))
        else:
            told += [Finding(about(run, _first(each)), one(each)) for each in group]
    return [each for each in told if each.sentence]


def _first(setups: Setups) -> Row:
    return next(iter(setups.values()))


def about(run: Run, row: Row) -> str:
    """The encoder and the set of photos of a row, as far as the run has several."""
    # The blocks of a network count as the network.
    encoders = {each.get("network") or each["encoder"] for each in run.every_row}
    names = [row["encoder"]] if len(encoders) > 1 else []
    return ", ".join([*names, *filter(None, [place(run, row)])])


def place(run: Run, row: Row) -> str:
    """The set of photos of a row, if the run has several."""
    sets = {each["dataset"] for each in run.every_row}
    return str(row["dataset"]) if len(sets) > 1 else ""


def _counted(run: Run, rows: Sequence[Row], asked: str, sentence: str, notes: str = "") -> Finding:
    """A sentence about many encoders, with what they were asked and on which photos before it."""
    where = place(run, rows[0])
    return Finding(", ".join([asked, *([where] if where else [])]), sentence, notes)


def _checked(rows: list[Row]) -> str:
    """How many of the encoders failed which health check."""
    found: dict[str, int] = {}
    for row in rows:
        for check in checks(row):
            found[check.partition(" (")[0]] = found.get(check.partition(" (")[0], 0) + 1
    return "; ".join(f"{check} ({amount} of {len(rows)})" for check, amount in found.items())
