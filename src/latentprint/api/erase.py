"""Taking traces out of embeddings, as functions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from latentprint.api.keywords import declared, options_of
from latentprint.experiments.erase.steps import ProofOptions
from latentprint.files import as_path
from latentprint.jobs import erase as fitting
from latentprint.jobs import erase_test as proving
from latentprint.jobs.erase import Embedding, Erased
from latentprint.jobs.erase_fit import EraseOptions
from latentprint.jobs.erase_rows import EraseSources
from latentprint.jobs.erase_test import Proof, prove_fitted
from latentprint.jobs.measure import OnStep
from latentprint.jobs.source_options import Sources
from latentprint.options import option

_STEPS = "Called with a short description of each step."


@dataclass(frozen=True)
class _Limits:
    """What the proof of a new eraser may take.

    Attributes:
        memory_mb: Memory for vectors and what is measured of them; the result does not depend on
            it.
    """

    memory_mb: int = option(4096, least=1)


@declared(
    "Fit an eraser on half of the photos; the other half is kept to test it on.\n\n"
    "LEACE (Belrose et al., NeurIPS 2023). Writes eraser.safetensors, eraser.json and\n"
    "sides.parquet (which photos it saw) into ``out``, with ``test`` also results and report.\n\n"
    "As ``latentprint erase fit``.",
    "The eraser, where it was written, and with ``test`` its proof.",
    EraseSources,
    EraseOptions,
    Embedding,
    _Limits,
    paths="What ``latentprint embed`` or ``audit`` wrote; photos, which are embedded first; "
    "vectors [N, D], a path, an array or a tensor; or with ``pairs`` several of these, one for "
    "every version of the photos: a list, or a dictionary by the names of the versions.",
    out="Folder for the eraser.",
    test="Prove the eraser on the photos held out.",
    on_step=_STEPS,
)
def erase_fit(
    paths: Any,
    *,
    out: Path | str = "latentprint-eraser",
    test: bool = True,
    on_step: OnStep = lambda _: None,
    **options: Any,
) -> Erased:
    """Fit an eraser on half of the photos; the other half is kept to test it on."""
    asked, how, embedding, limits = options_of(
        "erase_fit", {"paths": paths, **options}, EraseSources, EraseOptions, Embedding, _Limits
    )
    done = fitting.erase_fit(asked, how, as_path(out), embedding=embedding)
    if not test:
        return done
    proof_options = ProofOptions(seed=how.seed, memory_mb=limits.memory_mb)
    proof = prove_fitted(done.fitted, proof_options, out=done.folder, on_step=on_step)
    return replace(done, proof=proof)


@declared(
    "Prove an eraser on photos that it never saw: harm, probes, classes and neighbours.\n\n"
    "As ``latentprint erase test``.",
    "The rows, judged together; ``exit_code`` is 0 where help is shown and no harm, else 3.",
    ProofOptions,
    Sources,
    eraser="Folder that ``erase_fit`` wrote.",
    store="What ``latentprint embed`` or ``audit`` wrote, or vectors [N, D]: a path, an array, a "
    "tensor. Photos that the eraser was fitted on are left out.",
    label="Column with the classes that have to stay apart.",
    out="Folder for results and report.",
    on_step=_STEPS,
)
def erase_test(
    eraser: Path | str,
    store: Any,
    *,
    label: str | None = None,
    out: Path | str | None = None,
    on_step: OnStep = lambda _: None,
    **options: Any,
) -> Proof:
    """Prove an eraser on photos that it never saw."""
    sources, asked = options_of("erase_test", {"store": store, **options}, Sources, ProofOptions)
    place = None if out is None else as_path(out)
    return proving.erase_test(
        as_path(eraser), sources, asked, label=label, out=place, on_step=on_step
    )
