"""Every command refuses a mistake before the first photo is opened or the first vector is read."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import NoReturn

import numpy as np
import polars as pl
import pytest
from PIL import Image
from torch.nn import Module

from latentprint.cli.app import ORDER
from latentprint.embeddings import ShardedArray, extract
from latentprint.embeddings.collection import write_photos
from latentprint.experiments import STORED
from latentprint.experiments.neighbors.robustness_options import (
    RobustnessOptions,
    RobustnessQuestions,
)
from latentprint.jobs.stored import measure_stored
from latentprint.photos import open_photos
from latentprint.photos.flickr import FlickrClient
from latentprint.processing import classes_of, find_attributes
from tests.embeddings.toy import ToyEncoder

from .conftest import Command

NO_PLACE = "{here}/taken/below"
"""A place below a file."""

STORES = [each.name for each in STORED]

# What is wrong, the arguments after the command's own, and a part of the answer.
PHOTOS = {
    "no such folder": (("{here}/fotos",), "Did you mean"),
    "no list of photos": (("{here}/taken",), "neither a folder nor"),
    "no photos": (("{here}/empty",), "no photos"),
    "a list without paths": (("{here}/pathless.csv",), "no column for the paths"),
    "a list with an id twice": (("{here}/twice.csv",), "more than once"),
    "a list with an unknown split": (("{here}/sides.csv",), "split 'tset'"),
}
TO_A_FOLDER = {
    "a place below a file": (("--out", NO_PLACE), "Cannot write to"),
    "a file in place of a folder": (("--out", "{here}/taken"), "Cannot write to"),
}
TO_A_FILE = {
    "a place below a file": (("--out", NO_PLACE + ".csv"), "Cannot write to"),
    "a folder in place of a file": (("--out", "{here}/folder.csv"), "is a folder"),
    "a file of no known kind": (("--out", "{here}/table.txt"), "names no kind of table"),
}
LAYOUT = {"an unknown layout": (("--layout", "clases"), "Did you mean 'classes'")}
ENCODERS = {
    "an unknown form of encoder": (("-e", "tim:resnet50"), "Did you mean 'timm'"),
    "an unknown encoder": (("-e", "dinov2-vit-g-15-reg"), "Nearest: dinov2-vit-g-14-reg"),
    "an unknown model": (("-e", "timm:resnet5O.a1_in1k"), "resnet5O"),
    "an unknown encoder among several": (("-e", "default", "-e", "tim:x"), "'timm'"),
    "an unknown family": (("--family", "CLV"), "Did you mean 'CVL'"),
    "blocks that are no numbers": (("--layers", "3,x"), "--layers"),
    "weights for several": (("-e", "default", "-e", "published", "--weights", "w"), "--weights"),
    "weights that are not there": (
        ("-e", "timm:resnet18.a1_in1k", "--weights", "{here}/w.pt"),
        "w.pt",
    ),
}
READING = {
    "a window of one number": (("--window", "5"), "LOW:HIGH"),
    "an empty window": (("--window", "9:1"), "empty"),
    "a window without an end": (("--window", "0:inf"), "have to be numbers"),
    "too many bits": (("--bits", "40"), "--bits"),
    "a mask beyond the crop": (("--mask", "2"), "--mask"),
    "no batch": (("--batch-size", "0"), "--batch-size"),
    "actors without a cluster": (("--actors", "2"), "for --engine ray"),
    "GPUs without a cluster": (("--gpus-per-actor", "1"), "for --engine ray"),
}
DEVICES = {
    "an unknown device": (("--device", "gpu"), "Known: auto, cpu, cuda, mps"),
    "a device without a driver": (("--device", "cuda"), "not available here"),
    "a device that is not there": (("--device", "cuda:7"), "not available here"),
}
ATTRIBUTES = {
    "a misspelt attribute": (("-a", "sharpning"), "Did you mean 'sharpening'"),
    "an unknown class": (("-a", "jpeg:JPEG77_420"), "JPEG75_420"),
    "an attribute that is not there": (("-a", "{here}/none.toml"), "cannot be read"),
    "an attribute of no operation": (("-a", "{here}/wrong.toml"), "Did you mean 'resize'"),
    "a misspelt attribute after a good one": (("-a", "sharpening", "-a", "jpg"), "'jpeg'"),
}
LABELS = {
    "an unknown column": (("-a", "column:scaner"), "Did you mean 'scanner'"),
    "an unknown group": (("-a", "scanner", "--group", "photografer"), "photographer"),
    "bins of no rule": (("-a", "scanner", "--bins", "scanner"), "LABEL=RULE"),
    "bins by an unknown rule": (("-a", "scanner", "--bins", "scanner=quantils:3"), "rule"),
    "bins of too few classes": (("-a", "scanner", "--bins", "scanner=quantiles:1"), "from 2"),
    "bins of what is not asked": (("-a", "scanner", "--bins", "aperture=stops"), "'aperture'"),
    "bins of names": (("-a", "sharpening", "-a", "scanner", "--bins", "scanner=stops"), "numbers"),
    "published bins of one's own": (("-a", "scanner", "--bins", "scanner=published"), "study"),
}
SOURCES = {
    "no such store": (("{here}/stoer",), "stoer"),
    "a list of photos": (("{here}/manifest.csv",), "latentprint embed"),
    "a folder without embeddings": (("{here}/empty",), "no embeddings"),
    "two kinds of embeddings": (("{store}", "--study-embeddings", "{here}"), "either a store"),
    "a model of a store": (("{store}", "--model", "CLIP"), "--model"),
    "no such table": (("{store}", "--metadata", "{here}/none.csv"), "none.csv"),
    "a table of another kind": (("{store}", "--metadata", "{here}/taken"), "no table"),
    "a table without ids": (("{store}", "--metadata", "{here}/idless.csv"), "no column 'id'"),
    "a table of other photos": (("{store}", "--metadata", "{here}/other.csv"), "none of the"),
    "a condition of no column": (("{store}", "--where", "scaner = 'a'"), "scaner"),
    "a condition that is none": (("{store}", "--where", "scanner ="), "cannot be applied"),
    "a condition of no photo": (("{store}", "--where", "scanner = 'z'"), "No photo fulfils"),
}
OF_A_STORE = {
    "probe": {
        **DEVICES,
        **ATTRIBUTES,
        **LABELS,
        "an unknown class of processing": (("-a", "scanner", "--processing", "JPG"), "JPG"),
        "no such split file": (("--split-file", "{here}/none.json"), "none.json"),
        "a preset and its contrary": (("--protocol", "study", "--fits", "3"), "leave out --fits"),
    },
    "influence": {**DEVICES, **ATTRIBUTES, "no neighbours": (("-k", "0"), "-k")},
    "robustness": {
        **{what: (("--nuisance", "scanner", *how), said) for what, (how, said) in DEVICES.items()},
        "no nuisance": ((), "--nuisance"),
        "an unknown nuisance": (("--nuisance", "scanner", "--nuisance", "maek"), "'make'"),
        "an unknown label": (("--nuisance", "scanner", "--label", "specie"), "species"),
        "the label as nuisance": (("--nuisance", "label"), "name two columns"),
        "an unknown group": (("--nuisance", "scanner", "--group", "grup"), "group"),
        "an unknown column apart": (("--nuisance", "scanner", "--exclude", "grup"), "group"),
        "an unknown class": (("--nuisance", "scanner", "--processing", "non"), "'none'"),
        "bins of what is not asked": (("--nuisance", "scanner", "--bins", "iso=stops"), "'iso'"),
        "bins of names": (
            ("--nuisance", "make", "--nuisance", "scanner", "--bins", "scanner=stops"), "numbers",
        ),
    },
    "pairs": {
        "no subjects": ((), "subject"),
        "an unknown subject": (("--subject", "spceies"), "species"),
        "an unknown type of device": (
            ("--subject", "species", "--device-type", "scaner"), "'scanner'",
        ),
        "an unknown class": (("--subject", "species", "--processing", "non"), "'none'"),
        "no neighbours": (("-k", "0"), "-k"),
    },
    "similarity": {
        **ATTRIBUTES,
        "an unknown column": (("--by", "scanner", "--by", "scaner"), "'scanner'"),
        "an unknown label": (("-a", "sharpening", "--label", "specie"), "species"),
        "an unknown query": (("-a", "sharpening", "--query", "x/99.png"), "x/"),
        "an unknown class": (("-a", "sharpening", "--processing", "SHARPEN_3"), "SHARPEN_2"),
        "an unknown reference": (("-a", "sharpening", "--reference", "non"), "'none'"),
        "a threshold that is no cosine": (("-a", "sharpening", "--threshold", "95"), "between -1"),
        "bins of what is not asked": (("--by", "scanner", "--bins", "iso=stops"), "'iso'"),
        "bins of names": (("--by", "scanner", "--bins", "scanner=stops"), "numbers"),
    },
}  # fmt: skip
CORRELATION = {
    "an unknown label": (("--label", "specie"), "Did you mean 'species'"),
    "an unknown column": (("--nuisance", "aperature"), "Did you mean 'aperture'"),
    "an unknown group": (("--group", "photografer"), "photographer"),
    "bins of an unknown column": (("--bins", "aperature=stops"), "'aperture'"),
    "bins by an unknown rule": (("--bins", "aperture=stop"), "'stops'"),
    "bins of names": (("--bins", "scanner=stops"), "numbers"),
    "one class": (("--label", "one"), "two are needed"),
    "no permutation": (("--permutations", "0"), "--permutations"),
}


REPORT = {
    "no run": ((), "Missing argument"),
    "no such run": (("{here}/rnu",), "There is no folder"),
    "a folder without results": (("{here}/empty",), "holds no results.parquet"),
    "several runs and no place": (("{run}", "{run}"), "--out FILE"),
    "a place below a file": (("{run}", "--out", NO_PLACE), "Cannot write to"),
    "a folder in place of a file": (("{run}", "--out", "{here}/empty"), "is a folder"),
    "sources below a file": (("{run}", "--markdown", NO_PLACE), "Cannot write to"),
    "a page and its sources": (("{run}", "--out", "x.html", "--markdown", "x"), "either"),
    "force for a page": (("{run}", "--force"), "--force is for --markdown"),
}
ARTICLE = {
    "no such article": (("{here}/post.md",), "There is no file"),
    "a folder in place of an article": (("{here}/empty",), "is a folder"),
    "a place below a file": (("{here}/article.md", "--out", NO_PLACE), "Cannot write to"),
    "a folder in place of a file": (("{here}/article.md", "--out", "{here}/empty"), "is a folder"),
    "the article itself": (("{here}/article.md", "--out", "{here}/article.md"), "own source"),
}
SPAN = ("--from", "2006", "--to", "2007")
FLICKR = {
    "no dates": ((), "--from 2006"),
    "a date that is none": (("--from", "2006", "--to", "20x7"), "'20x7' is no date"),
    "the last day first": (("--from", "2008", "--to", "2006"), "lies after"),
    "an unknown licence": ((*SPAN, "--licence", "cc-bi"), "Did you mean 'cc-by'"),
    "an unknown size": ((*SPAN, "--size", "1025"), "'1024'"),
    "removing without checking": ((*SPAN, "--remove"), "--refresh"),
    "no set to check": (("--refresh", "--out", "{here}/empty"), "holds no journal"),
    "a place below a file": ((*SPAN, "--out", NO_PLACE), "Cannot write to"),
}
OF_ENCODERS = {
    "an unknown command": (("lst",), "Did you mean 'list'"),
    "nothing to list": (("list", "dinov3-*"), "no published encoder"),
    "an unknown family": (("list", "--family", "CLV"), "Did you mean 'CVL'"),
    "an unknown encoder to show": (("show", "dinov2-vit-g-15-reg"), "dinov2-vit-g-14-reg"),
    "an unknown form to show": (("show", "tim:resnet50"), "Did you mean 'timm'"),
    "an unknown encoder to time": (("bench", "tim:resnet50"), "Did you mean 'timm'"),
    "no network to time": (("bench", "pixels:dct"), "no network"),
    "no photos to time with": (("bench", "default", "--photos", "{here}/fotos"), "Did you mean"),
    "a misspelt attribute": (("bench", "default", "-a", "jpg"), "Did you mean 'jpeg'"),
    "an unknown device": (("bench", "default", "--device", "gpu"), "Known: auto, cpu"),
    "a device that is not there": (("bench", "default", "--device", "cuda:7"), "not available"),
    "numbers that are not computed": (("bench", "default", "--precision", "float16"), "float16"),
    "no time": (("bench", "default", "--seconds", "0"), "--seconds"),
}
FIGURES = {
    "no run": ((), "Name at least one run"),
    "no such run": (("{here}/rnu",), "There is no folder"),
    "an unknown figure": (("{run}", "--figure", "robustnes"), "Did you mean 'robustness'"),
    "a name that is none": (("{run}", "--name", "jpeg"), "KEY=NAME"),
    "a place below a file": (("{run}", "--out", NO_PLACE), "Cannot write to"),
    "a file in place of a folder": (("{run}", "--out", "{here}/taken"), "Cannot write to"),
}
CANARY = {
    "no such folder": (("make", "{here}/fotos"), "Did you mean"),
    "too few photos to keep": (("make", "{here}/manifest.csv", "--count", "3"), "32 to 256"),
    "an unknown encoder": (("make", "{here}/manifest.csv", "-e", "tim:x"), "'timm'"),
    "an unknown device": (("make", "{here}/manifest.csv", "--device", "gpu"), "Known: auto"),
    "a place below a file": (("make", "{here}/manifest.csv", "--out", NO_PLACE), "Cannot write"),
    "no such canary": (("check", "{here}/none"), "none"),
    "a folder that is none": (("check", "{here}/empty"), "empty"),
}
COMPARE = {
    "nothing to compare with": (("{run}",), "Missing argument"),
    "no such run": (("{run}", "{here}/rnu"), "rnu"),
    "a run and a store": (("{run}", "{store}"), "store"),
    "an unknown encoder": (("{run}", "{run}", "--encoders", "toy", "tyo"), "'toy'"),
    "processing of runs": (("{run}", "{run}", "--processing", "none"), "for embeddings"),
}
TABLE = {
    "no form": (("{run}",), "either --latex or --markdown"),
    "no such run": (("{here}/rnu", "--latex"), "There is no folder"),
}
ERASE = {
    "no eraser": (("apply", "{here}/none", "{here}/v.npy", "--out", "{here}/w.npy"), "none"),
}
OF_AN_INSPECTED_STORE = {
    "an unknown encoder": (("-e", "tyo"), "toy"),
    "no eraser": (("--eraser", "{here}/empty"), "holds no eraser"),
    **TO_A_FOLDER,
}
INSPECT = {
    "no store named": (("{here}/photos/x/00.png",), "Missing option"),
    "no such store": (("{photo}", "--store", "{here}/stoer"), "holds no embeddings"),
    "a list in place of a store": (("{photo}", "--store", "{here}/manifest.csv"), "is no store"),
    "no such photo": (("{here}/fotos.png", "--store", "{store}"), "There is no photo"),
    "no such other photo": (("{photo}", "other.png", "--store", "{store}"), "There is no photo"),
    "an unknown attribute": (("{photo}", "--store", "{store}", "-a", "maek"), "'make'"),
    "a class that is not there": (("{photo}", "--store", "{store}", "-a", "jpeg"), "lacks the"),
    "an unknown group": (("{photo}", "--store", "{store}", "--group", "photografer"), "'photogr"),
    **{
        what: (("{photo}", "--store", "{store}", *how), said)
        for what, (how, said) in OF_AN_INSPECTED_STORE.items()
    },
}
AFFECTED = {
    "no such store": (("{here}/stoer",), "holds no embeddings"),
    "a list in place of a store": (("{here}/manifest.csv",), "is no store"),
    "no photos to show": (("{store}", "--top", "0"), "--top"),
    **{what: (("{store}", *how), said) for what, (how, said) in OF_AN_INSPECTED_STORE.items()},
}
PUBLISHED = {
    "a misspelt encoder": (("-e", "clip-vit-b16"), "Nearest: clip-vit-b-16-wit"),
    "two forms": (("--latex", "--json"), "one form at most"),
}
DEMO = {"a place below a file": (("--out", NO_PLACE), "Cannot write to")}


def of_photos(*own: dict[str, tuple[tuple[str, ...], str]]) -> Iterator[tuple[str, ...]]:
    """Mistakes about photos by themselves, and others with the list of photos."""
    for what, (arguments, said) in PHOTOS.items():
        yield what, arguments, said
    for part in own:
        for what, (arguments, said) in part.items():
            yield what, ("{here}/manifest.csv", *arguments), said


def mistakes() -> Iterator[tuple[str, str, tuple[str, ...], str]]:
    label = {"an unknown label": (("--label", "specie"), "Did you mean 'species'")}
    commands = {
        "audit": of_photos(
            LAYOUT_OF_FOLDER, TO_A_FOLDER, ENCODERS, READING, DEVICES, ATTRIBUTES, LABELS, label
        ),
        "embed": of_photos(
            LAYOUT_OF_FOLDER, TO_A_FOLDER, ENCODERS, READING, DEVICES, ATTRIBUTES, label
        ),
        "exif": of_photos(LAYOUT_OF_FOLDER, TO_A_FILE),
        "correlation": of_photos(LAYOUT_OF_FOLDER, TO_A_FILE, CORRELATION),
    }
    for command, found in commands.items():
        for what, arguments, said in found:
            # Columns of a table without paths are asked as they are.
            if (command, what) != ("correlation", "a list without paths"):
                yield command, what, arguments, said
    others = {
        "report": REPORT, "article": ARTICLE, "flickr": FLICKR, "encoders": OF_ENCODERS,
        "demo": DEMO, "erase": ERASE, "figures": FIGURES, "canary": CANARY, "compare": COMPARE,
        "table": TABLE, "store": STORE, "inspect": INSPECT, "affected": AFFECTED,
        "published": PUBLISHED,
    }  # fmt: skip
    for command, own in others.items():
        for what, (arguments, said) in own.items():
            yield command, what, arguments, said
    for command in STORES:
        for what, (arguments, said) in SOURCES.items():
            yield command, what, arguments, said
        for what, (arguments, said) in {**OF_A_STORE[command], **TO_A_FOLDER}.items():
            needed = NEEDED.get(command, ()) if what in TO_A_FOLDER else ()
            yield command, what, ("{store}", *needed, *arguments), said


STORE = {
    "an unknown command": (("verifi", "{store}"), "Did you mean 'verify'"),
    "a folder without stores": (("verify", "{here}/empty"), "holds no embeddings"),
    "no folder": (("repair", "{here}/absent"), "holds no embeddings"),
    "a file": (("upgrade", "{here}/taken"), "holds no embeddings"),
}
LAYOUT_OF_FOLDER = {
    "a layout of a list": (("--layout", "classes"), "for folders"),
    **LAYOUT,
}
NEEDED = {"robustness": ("--nuisance", "scanner"), "pairs": ("--subject", "species")}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photos, a list of them, their embeddings, and files that are of no use."""
    here = tmp_path_factory.mktemp("mistakes")
    rng = np.random.default_rng(0)
    rows = []
    for at in range(16):
        file = here / "photos" / "xy"[at % 2] / f"{at:02}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (20, 24, 3), np.uint8)).save(file)
        rows.append(
            {
                "path": file.relative_to(here).as_posix(),
                "label": "xy"[at % 2],
                "scanner": "ab"[at // 2 % 2],
                "make": "mn"[at // 4 % 2],
                "photographer": "pq"[at // 8],
                "species": f"s{at // 4}",
                "one": "1",
            }
        )
    listed = pl.DataFrame(rows)
    listed.write_csv(here / "manifest.csv")
    listed.rename({"path": "where"}).write_csv(here / "pathless.csv")
    pl.concat([listed, listed]).write_csv(here / "twice.csv")
    listed.with_columns(split=pl.lit("tset")).write_csv(here / "sides.csv")
    listed.drop("path").write_csv(here / "idless.csv")
    pl.DataFrame({"id": ["other"], "x": ["1"]}).write_csv(here / "other.csv")
    (here / "taken").write_text("")
    (here / "empty").mkdir()
    (here / "folder.csv").mkdir()
    (here / "wrong.toml").write_text('[classes]\nA = []\nB = [{ operation = "resiz" }]\n')
    photos = open_photos(here / "manifest.csv")
    classes = classes_of(find_attributes(["sharpening"]), extra=["none"])
    extract(photos, [ToyEncoder()], classes, here / "store")
    write_photos(here / "store", photos)
    (here / "article.md").write_text("---\ntitle: Post\n---\n\nText.\n")
    judging = RobustnessOptions(ks=(2,), permutations=99)
    asked = RobustnessQuestions(("scanner",), judging=judging)
    measure_stored("robustness", here / "store", asked, out=here / "run")
    return here


@pytest.fixture
def nothing_is_read(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on, whoever opens a photo, reads a vector or loads weights fails the test."""

    def refuse(*_: object, **__: object) -> NoReturn:
        pytest.fail("something was read before the mistake was told")

    decode = import_module("latentprint.photos.decode")
    for owner, reader in (
        (decode, "read_bytes"),
        (decode, "open_beginning"),
        (ShardedArray, "__getitem__"),
        (import_module("latentprint.embeddings.extract"), "begin"),
        (import_module("latentprint.cli.progress"), "step"),
        (Module, "load_state_dict"),
        (FlickrClient, "call"),
    ):
        monkeypatch.setattr(owner, reader, refuse)


@pytest.mark.parametrize(
    ("command", "arguments", "message"),
    [
        pytest.param(command, arguments, said, id=f"{command}: {what}")
        for command, what, arguments, said in mistakes()
    ],
)
@pytest.mark.usefixtures("nothing_is_read")
def test_a_mistake_is_told_before_anything_is_read(
    place: Path,
    latentprint: Command,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    arguments: tuple[str, ...],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FLICKR_API_KEY", "0" * 32)
    places = {
        "here": place,
        "store": place / "store",
        "run": place / "run",
        "photo": place / "photos" / "x" / "00.png",
    }
    given = [each.format(**places) for each in arguments]
    said = latentprint(command, *given)
    assert said.code in (1, 2), said
    assert said.out == ""
    assert "Traceback" not in said.err
    flat = " ".join(said.err.replace("│", " ").split())
    assert message in flat
    if "Usage:" not in said.err:
        assert said.err.splitlines()[-1].startswith("Error: ")


def test_every_command_is_among_them() -> None:
    assert {command for command, *_ in mistakes()} == set(ORDER)
