"""Every example of ``--help`` and of the pages is run, on small made-up files."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from latentprint.encoders import catalogue
from latentprint.experiments.probes.options import ProbeOptions
from latentprint.jobs import audit as audit_job
from latentprint.jobs import encoder_groups
from latentprint.jobs.audit import audit
from tests.cli.conftest import Command, latentprint
from tests.docs.examples_folder import stand_in, write_files
from tests.docs.pages import PAGES, README
from tests.docs.test_commands import command_lines, generator

__all__ = ["latentprint"]

FOLLOWED = ("shop", "scanners", "checkpoint")
"""Pages that are followed from top to bottom by tests of their own."""

NOT_RUN = {
    "flickr --": "needs a key and the network",
    "audit flickr ": "photos from there",
    "demo --out": "takes minutes",
    "s3://": "needs the network",
    "https://": "needs the network",
    "--engine ray": "needs Ray",
    "--device cuda": "needs a GPU",
    "urls.csv": "needs the network",
    "ILSVRC2012_val_00000293": "a photo of ImageNet",
    "SPEC": "a word to fill in",
    "-e published": "47 encoders; dinov2-* stands for them",
    "embed imagenet ": "a data set of the study",
    "embed inaturalist ": "a data set of the study",
    "embed flickrexif ": "a data set of the study",
    "embed paircams ": "a data set of the study",
}
"""Beginnings and parts of command lines that are parsed alone, and why."""

MADE = """
embed manifest.csv --out store -a jpeg -a sharpening -a resizing -a interpolation --processing none
embed manifest.csv --out small -a none --processing JPEG75_420 --processing JPEG95_444
embed manifest.csv --out masked -a none --mask 0.9
embed manifest.csv --out others -a upload.toml --processing none
audit manifest.csv --out run -a jpeg -e base=timm:resnet18 -e tuned=timm:resnet50
erase fit store -a jpeg -a resizing --out eraser
canary make photos --out canary
report run --markdown draft
"""
"""What makes the folders that examples name."""

SAME = {
    "store": ("latentprint-store", "store-a", "store-b", "store-imagenet", "store-inaturalist"),
    "masked": ("store-masked", "store-pairs"),
    "run": ("run-a", "run-b", "processing-imagenet", "neighbours-imagenet", "pairs"),
    "photos": ("imagenet-photos", "imagenette", "laion-subset"),
}
"""Other names of theirs."""

INSTEAD = {"erase test eraser store": "small", "probe store -a upload.toml": "others"}
"""What is the store of an example, where it is not that of all."""

CHEAP = {
    "embed": "--workers 0",
    "audit": "--workers 0 --no-control",
    "probe": "--no-curve --no-controls --no-paired --no-discriminant --fits 1",
    "erase fit": "--no-test --workers 0",
    "encoders bench": "--seconds 0.1 --photos photos",
}
"""Options that are added, to take less time."""

QUICK: dict[str, Any] = {
    "fits": 1, "bootstrap": 20, "C_grid": (1.0,), "curve": False, "paired": False,
    "controls": False, "discriminant": False,
}  # fmt: skip
"""The same for an audit, of which they are no options."""

CODES = {"erase test": (0, 3), "canary check": (0, 3)}
"""Exit codes that a command documents beside 0."""


def words(line: str) -> list[str]:
    """The words after ``latentprint``; none where it is not called, or only named."""
    found = shlex.split(line.replace("$label", "Make"), comments=True)
    names = [Path(each).name for each in found]
    if "latentprint" not in names:
        return []
    after = found[names.index("latentprint") + 1 :]
    return after[: after.index(">")] if ">" in after else after


def of_help() -> Iterator[str]:
    for _, command in generator.commands():
        for line in getattr(command, "examples", ()):
            yield shlex.join(words(line))


def of_pages() -> Iterator[str]:
    for page in (*PAGES, README):
        if page != generator.PAGE and page.stem not in FOLLOWED:
            for line in command_lines(page):
                if any(each for each in words(line)[1:] if each not in PARTS):
                    yield shlex.join(words(line))


PARTS = ("show", "bench", "list", "upgrade", "check", "make")
"""Words of commands that are only named."""


def reason(line: str) -> str | None:
    return next((why for part, why in NOT_RUN.items() if part in line), None)


def test_what_is_not_run_is_there() -> None:
    lines = [*of_help(), *of_pages()]
    assert [part for part in NOT_RUN if not any(part in line for line in lines)] == []


def shape(line: str) -> tuple[str, ...]:
    """A line without names of encoders and of what it writes.

    Of lines that differ in nothing else one is run, as encoders have stand-ins; that the names of
    all are valid is the subject of ``test_commands``.
    """
    given = shlex.split(line)
    if given[0] not in ("audit", "embed", "erase", "canary"):
        return tuple(given)
    names = {"-e", "--encoder", "--family", "--weights", "--out"}
    before = ("", *given)
    return tuple(
        each
        for each, last in zip(given, before, strict=False)
        if each not in names and last not in names
    )


def cheaper(line: str) -> list[str]:
    more = next((more for name, more in CHEAP.items() if line.startswith(name)), "").split()
    given = shlex.split(line)
    if given[0] == "probe" and "--protocol" in given:
        more = []
    if given[0] == "audit" and not {"-a", "--attribute"} & {*given}:
        more += ["-a", "jpeg:JPEG75_420,JPEG95_444", "--sample-photos", "24"]
    if given[:2] == ["probe", "store"] and "-a" not in given:
        more += ["-a", "sharpening"]
    if given[0] == "embed" and "-a" not in given:
        more += ["-a", "none"]
    return [*given, *more]


def quick_audit(*given: Any, options: ProbeOptions, **how: Any) -> Any:
    """An audit without what the command line cannot leave out."""
    return audit(*given, options=replace(options, **QUICK), **how)


def some(specs: Sequence[str], family: str | None) -> list[str]:
    """Two encoders of those that a pattern or a family names."""
    return catalogue.expand_specs(specs, family)[:2]


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, latentprint: Command) -> Path:
    """A folder with everything that examples name."""
    stand_in(monkeypatch)
    monkeypatch.setattr(audit_job, "audit", quick_audit)
    monkeypatch.setattr(encoder_groups, "expand_specs", some)
    folder = tmp_path / "made"
    folder.mkdir()
    monkeypatch.chdir(folder)
    write_files(folder)
    for line in MADE.strip().splitlines():
        said = latentprint(*cheaper(line))
        assert said.code == 0, said.err
    for name, others in SAME.items():
        for other in others:
            (folder / other).symlink_to(folder / name)
    return folder


def links(made: Path, here: Path, given: list[str]) -> None:
    """Give an example all that it names, but for what it writes."""
    here.mkdir()
    written = {after.split("/")[0] for flag, after in pairwise(given) if flag == "--out"}
    for each in made.iterdir():
        if each.is_dir() and each.name not in written:
            (here / each.name).symlink_to(each)
        elif each.is_file():
            shutil.copy(each, here)
    for name, source in INSTEAD.items():
        if shlex.join(given).startswith(name):
            (here / "store").unlink()
            (here / "store").symlink_to(made / source)
    if "--vector-columns" in given:
        (here / "several.parquet").rename(here / "vectors.parquet")


@pytest.mark.slow
def test_examples_run(made: Path, monkeypatch: pytest.MonkeyPatch, latentprint: Command) -> None:
    failed = []

    lines = {shape(line): line for line in (*of_pages(), *of_help()) if not reason(line)}
    for number, line in enumerate(lines.values()):
        given = cheaper(line)
        here = made.parent / str(number)
        links(made, here, given)
        monkeypatch.chdir(here)
        said = latentprint(*given)
        allowed = next((codes for name, codes in CODES.items() if line.startswith(name)), (0,))
        if said.code not in allowed:
            failed.append(f"latentprint {line}: exit {said.code}\n{said.err[-600:]}")
    assert not failed, "\n".join(failed)
