"""``latentprint erase``, as a user calls it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image

from latentprint.embeddings import Extraction, open_collection
from latentprint.erasure.artefact import load_eraser
from latentprint.experiments.probes.options import ProbeOptions
from latentprint.jobs.audit import audit
from latentprint.jobs.loading import Loading
from tests.cli.conftest import Command
from tests.erasure.made_up import readable, versions

WIDE = "python:tests.erasure.wide:WideEncoder"


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(0)
    root = tmp_path_factory.mktemp("erase") / "photos"
    for number in range(24):
        path = root / "ab"[number % 2] / f"{number:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        small = Image.fromarray(rng.integers(0, 256, (12, 14, 3), np.uint8))
        small.resize((70, 60)).save(path)
    return root


@pytest.fixture
def store(photos: Path, latentprint: Command) -> Path:
    """Embedded once; every test calls it, and finished embeddings are used again."""
    out = photos.parent / "store"
    done = latentprint(
        "embed", photos, "--out", out, "-e", WIDE, "-a", "jpeg", "-a", "resizing",
        "--processing", "none", "--workers", 0,
    )  # fmt: skip
    assert done.code == 0, done.err
    return out


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """The same photos under four classes, one file each."""
    made = versions()
    for name in np.unique(made.nuisance):
        np.save(tmp_path / f"{name[-1]}.npy", made.rows[made.nuisance == name])
    return sorted(tmp_path.glob("*.npy"))


def table_of(file: Path, **columns: object) -> Path:
    pl.DataFrame({name: np.asarray(each) for name, each in columns.items()}).write_csv(file)
    return file


def test_an_eraser_of_a_store_erases_it(store: Path, tmp_path: Path, latentprint: Command) -> None:
    out = tmp_path / "eraser"
    done = latentprint("erase", "fit", "--no-test", store, "-a", "jpeg", "--out", out)
    assert done.code == 0, done.err
    assert "6 of 64 directions erased" in done.out
    assert "12 photos and 7 classes; 12 photos held out." in done.out
    about = load_eraser(out).about
    assert about["design"] == "pairs"
    assert about["encoder"]["identity"]["library"] == "toy"
    sides = pl.read_parquet(out / "sides.parquet")
    assert dict(sides["side"].value_counts().rows()) == {"fit": 12, "held out": 12}

    erased = tmp_path / "erased"
    done = latentprint("erase", "apply", out, store, "--out", erased, "--json")
    assert json.loads(done.out)["rows"] == 24 * 9
    (before,), (after,) = open_collection(store), open_collection(erased)
    assert after.encoder == "wide, erased"
    identity = after.store.manifest["encoder"]["identity"]
    assert identity["eraser"] == json.loads(done.out)["eraser"] == load_eraser(out).digest
    assert after.photos.equals(before.photos)
    fit = sides.filter(pl.col("side") == "fit")["id"].to_list()
    rows = before.photos["id"].is_in(fit).arg_true().to_numpy()
    names = list(about["classes"])
    labels = np.repeat(names, len(rows))
    stacked = np.concatenate([after.vectors(name)[rows] for name in names])
    raw = np.concatenate([before.vectors(name)[rows] for name in names])
    raw /= np.linalg.norm(raw, axis=1, keepdims=True)
    assert readable(stacked, labels) < 1e-5 * readable(raw, labels)

    again = latentprint("erase", "apply", out, erased, "--out", tmp_path / "twice")
    assert again.code == 1
    assert "fitted on 'wide', and this is 'wide, erased' with another identity" in again.err
    measured = latentprint("similarity", erased, "--json")
    assert measured.code == 0, measured.err
    assert {row["encoder"] for row in json.loads(measured.out)["results"]} == {"wide, erased"}


def test_embed_and_audit_erase_what_they_keep(
    photos: Path, store: Path, tmp_path: Path, latentprint: Command
) -> None:
    eraser, out = tmp_path / "eraser", tmp_path / "erased"
    latentprint("erase", "fit", "--no-test", store, "--out", eraser)
    embed = ("embed", photos, "-e", WIDE, "-a", "jpeg", "--workers", 0, "--eraser", eraser)
    assert latentprint(*embed, "--out", out).code == 0
    latentprint("erase", "apply", eraser, store, "--out", tmp_path / "applied")
    (direct,), (applied,) = open_collection(out), open_collection(tmp_path / "applied")
    assert direct.store.manifest["encoder"] == applied.store.manifest["encoder"]
    for name in direct.store.classes:
        np.testing.assert_allclose(direct.vectors(name)[:], applied.vectors(name)[:], atol=1e-6)
    for wrong, said in (
        (("-e", WIDE, "-e", "default"), "exactly one encoder"),
        (("-e", "python:tests.embeddings.toy:ToyEncoder"), "another dimension"),
    ):
        done = latentprint(
            "embed", photos, *wrong, "--eraser", eraser, "--out", tmp_path / "x", "--workers", 0
        )
        assert done.code in (1, 2)
        assert said in done.err
    run = audit(
        photos,
        tmp_path / "run",
        encoders=[WIDE],
        questions=["jpeg"],
        loading=Loading(control=False, eraser=load_eraser(eraser)),
        extraction=Extraction(workers=0),
        options=ProbeOptions(
            fits=1, bootstrap=20, curve=False, paired=False, controls=False, discriminant=False
        ),
    )
    assert set(run.table["encoder"]) == {"wide, erased"}


def test_photos_are_embedded_first(photos: Path, tmp_path: Path, latentprint: Command) -> None:
    out = tmp_path / "eraser"
    done = latentprint(
        "erase",
        "fit",
        "--no-test",
        photos,
        "-e",
        WIDE,
        "-a",
        "resizing",
        "--workers",
        0,
        "--out",
        out,
        "--json",
    )
    assert done.code == 0, done.err
    about = json.loads(done.out)
    assert about["classes"] == ["JPEG95_444", "RESIZE_DOUBLE", "RESIZE_HALF", "none"]
    assert (out / "embeddings").is_dir()


def test_versions_in_files_of_ones_own(
    files: list[Path], tmp_path: Path, latentprint: Command
) -> None:
    out = tmp_path / "eraser"
    done = latentprint(
        "erase",
        "fit",
        "--no-test",
        *files,
        "--pairs",
        "--extra",
        2,
        "--float64",
        "--out",
        out,
        "--photos",
        20,
    )
    assert done.code == 0, done.err
    eraser = load_eraser(out)
    assert (eraser.rank, eraser.read.dtype) == (5, np.float64)
    assert eraser.about["photos"] == 20
    sides = dict(pl.read_parquet(out / "sides.parquet")["side"].value_counts().rows())
    assert sides == {"fit": 20, "held out": 30, "unused": 10}
    done = latentprint("erase", "apply", out, files[0], "--out", tmp_path / "e.npy")
    assert done.code == 0, done.err
    np.testing.assert_allclose(
        np.load(tmp_path / "e.npy"), eraser.transform(np.load(files[0])), atol=1e-12
    )
    done = latentprint("erase", "apply", out, files[0], "--out", files[0])
    assert done.code == 2
    assert "another place" in done.err


def test_vectors_of_a_table_are_named_where_it_holds_several(
    files: list[Path], tmp_path: Path, latentprint: Command
) -> None:
    tables = []
    for each in files:
        tables.append(each.with_suffix(".parquet"))
        columns = {"old": np.load(each)[:, :7].tolist(), "new": np.load(each).tolist()}
        pl.DataFrame(columns).write_parquet(tables[-1])
    fit = ("erase", "fit", "--no-test", *tables, "--pairs", "--out", tmp_path / "e")
    done = latentprint(*fit)
    assert (done.code, "with --vector-columns" in done.err) == (2, True), done.err
    new = ("--vector-columns", "new")
    assert latentprint(*fit, *new).code == 0
    out = tmp_path / "erased.parquet"
    done = latentprint("erase", "apply", tmp_path / "e", tables[0], "--out", out, *new)
    assert done.code == 0, done.err
    erased = pl.read_parquet(out)
    assert erased["old"].to_list() == np.load(files[0])[:, :7].tolist()
    expected = load_eraser(tmp_path / "e").transform(np.load(files[0]))
    np.testing.assert_allclose(np.array(erased["new"].to_list()), expected, atol=1e-6)


def test_all_photos_may_be_fitted_on_in_the_end(
    files: list[Path], tmp_path: Path, latentprint: Command
) -> None:
    latentprint(
        "erase", "fit", "--no-test", *files, "--pairs", "--refit-all", "--out", tmp_path / "all"
    )
    eraser = load_eraser(tmp_path / "all")
    assert eraser.about["refit_all"]
    assert eraser.about["photos"] == 60
    made = versions()
    assert readable(eraser.transform(made.rows), made.nuisance) < 1e-5


def test_json_has_the_reasons_for_what_the_proof_left_out(
    files: list[Path], tmp_path: Path, latentprint: Command
) -> None:
    shown = latentprint("erase", "fit", *files, "--pairs", "--out", tmp_path / "a")
    told = json.loads(
        latentprint("erase", "fit", *files, "--pairs", "--out", tmp_path / "b", "--json").out
    )
    reasons = [each["reason"] for each in told["left_out"]]
    assert reasons
    assert all(each in " ".join(shown.out.split()) for each in reasons)


def test_the_order_of_photos_changes_nothing(
    files: list[Path], tmp_path: Path, latentprint: Command
) -> None:
    order = np.random.default_rng(0).permutation(60)
    ids = np.array([f"photo {each}" for each in range(60)])
    table_of(tmp_path / "a.csv", id=ids)
    table_of(tmp_path / "b.csv", id=ids[order])
    turned = tmp_path / "turned"
    turned.mkdir()
    for each in files:
        np.save(turned / each.name, np.load(each)[order])
    erasers = []
    for name, those in (("a", files), ("b", sorted(turned.glob("*.npy")))):
        done = latentprint(
            "erase", "fit", "--no-test", *those, "--pairs", "--metadata", tmp_path / f"{name}.csv",
            "--float64",
            "--out", tmp_path / name,
        )  # fmt: skip
        assert done.code == 0, done.err
        erasers.append(load_eraser(tmp_path / name))
    rows = versions().rows
    np.testing.assert_allclose(erasers[0].transform(rows), erasers[1].transform(rows), atol=1e-10)
    sides = [pl.read_parquet(tmp_path / name / "sides.parquet").sort("id") for name in "ab"]
    assert sides[0].equals(sides[1])


def labelled(tmp_path: Path, *, strength: float, photos: int = 240) -> tuple[Path, Path]:
    rng = np.random.default_rng(1)
    make = np.arange(photos) % 3
    planted = strength * rng.normal(size=(3, 24))
    np.save(tmp_path / "v.npy", 3 + planted[make] + rng.normal(size=(photos, 24)))
    columns = {
        "id": [f"p{each}" for each in range(photos)],
        "make": np.array(["Canon", "Nikon", "Sony"])[make],
        "kind": np.array(["cat", "dog"])[(make + rng.integers(0, 2, photos) == 2).astype(int)],
        "owner": [f"o{each // 6}" for each in range(photos)],
    }
    return tmp_path / "v.npy", table_of(tmp_path / "t.csv", **columns)


def test_labels_with_a_signal_are_erased_and_correlation_is_said(
    tmp_path: Path, latentprint: Command
) -> None:
    vectors, table = labelled(tmp_path, strength=1.0)
    asked = (vectors, "--metadata", table, "--nuisance", "make", "--keep", "kind")
    done = latentprint(
        "erase", "fit", "--no-test", *asked, "--group", "owner", "--out", tmp_path / "e"
    )
    assert done.code == 0, done.err
    assert "2 of 24 directions" in done.out
    assert "'make' goes with 'kind' (Cramér's V " in done.out
    assert "the same photos in every class would do better" in done.out
    sides = pl.read_parquet(tmp_path / "e" / "sides.parquet").join(pl.read_csv(table), on="id")
    assert sides.group_by("owner").agg(pl.col("side").n_unique())["side"].max() == 1
    assert load_eraser(tmp_path / "e").about["signal"]["p"] <= 0.01
    proven = latentprint("erase", "fit", *asked, "--out", tmp_path / "proven").out
    # Each once; vectors of one's own have no other processing to be proven on.
    assert proven.count("the same photos in every class would do better") == 1
    assert proven.count("(Cramér's V ") == 1
    assert "Left out" not in proven


def test_labels_without_a_signal_are_refused_with_numbers(
    tmp_path: Path, latentprint: Command
) -> None:
    vectors, table = labelled(tmp_path, strength=0.0)
    done = latentprint(
        "erase",
        "fit",
        "--no-test",
        vectors,
        "--metadata",
        table,
        "--nuisance",
        "make",
        "--out",
        tmp_path / "e",
    )
    assert done.code == 1
    assert "Nothing to erase is shown: 120 photos of 3 classes of 'make'" in done.err
    assert "share of signal" in done.err
    alone = table_of(tmp_path / "one.csv", id=[f"p{at}" for at in range(240)], make=["Canon"] * 240)
    one = latentprint(
        "erase", "fit", "--no-test", vectors, "--metadata", alone, "--nuisance", "make",
        "--out", tmp_path / "one",
    )  # fmt: skip
    assert "Photos to fit on: 120, all of which have 'Canon' as 'make'." in one.err
    assert "--pairs" in done.err
    assert not (tmp_path / "e" / "eraser.json").exists()


def test_exported_files_are_named(files: list[Path], tmp_path: Path, latentprint: Command) -> None:
    latentprint("erase", "fit", "--no-test", *files, "--pairs", "--out", tmp_path / "e")
    onnx, dense = tmp_path / "e.onnx", tmp_path / "e.npz"
    done = latentprint("erase", "export", tmp_path / "e", "--onnx", onnx, "--dense", dense)
    assert done.out == f"{onnx}\n{dense}\n"
    assert onnx.is_file()
    with np.load(dense) as found:
        assert found["A"].shape == (24, 24)


def test_every_mistake_is_one_sentence(
    files: list[Path], store: Path, tmp_path: Path, latentprint: Command
) -> None:
    vectors, table = labelled(tmp_path, strength=1.0)
    short, narrow = tmp_path / "short.npy", tmp_path / "narrow.npy"
    np.save(short, np.load(files[0])[:5])
    rows = np.random.default_rng(0).normal(size=(240, 8))
    np.save(narrow, rows)
    apart = []
    for name, ids in (("one", "abcd"), ("two", "abdc")):
        apart.append(tmp_path / f"{name}.parquet")
        frame = pl.DataFrame({"v": np.load(files[0])[:4].tolist(), "id": list(ids)})
        frame.write_parquet(apart[-1])
    single = tmp_path / "one" / files[0].name
    single.parent.mkdir()
    np.save(single, np.load(files[0]))
    many = table_of(tmp_path / "many.csv", id=np.arange(240).astype(str), kind=np.arange(240) % 4)
    planted = rows + 5 * np.eye(8)[np.arange(240) % 4]
    np.save(tmp_path / "planted.npy", planted)
    cases: list[tuple[tuple[str | Path, ...], int, str]] = [
        ((*files,), 2, "add --pairs"),
        ((files[0], "--pairs"), 2, "two files of vectors or more"),
        ((files[0], single, "--pairs"), 2, "the same name"),
        ((files[0], short, "--pairs"), 1, "has 60 x 24 numbers and"),
        ((*apart, "--pairs"), 1, "are not aligned: 2 ids differ, first c, d"),
        ((files[0],), 2, "Say what to erase"),
        ((*files, "--pairs", "--nuisance", "make"), 2, "exclude each other"),
        ((*files, "--pairs", "-a", "jpeg"), 2, "-a goes with a store"),
        ((*files, "--pairs", "--holdout", "1.5"), 2, "--holdout lies between 0 and 1"),
        ((*files, "--pairs", "--group", "who"), 2, "There is no column 'who'"),
        ((vectors, "--metadata", table, "--nuisance", "maker"), 2, "Did you mean 'make'?"),
        (
            (vectors, "--metadata", table, "--nuisance", "make", "--extra", "1"),
            2,
            "several versions",
        ),
        ((tmp_path / "planted.npy", "--metadata", many, "--nuisance", "kind"), 1, "nothing useful"),
        ((store, "-a", "sharpening"), 1, "lacks the classes SHARPEN_2, SHARPEN_4"),
        ((store, "-e", "default"), 2, "There is no encoder 'default'"),
        ((tmp_path / "nothing",), 2, "There is no folder or file"),
        ((tmp_path, "--vector-columns", "v"), 2, "are for files of vectors"),
    ]
    for arguments, code, said in cases:
        done = latentprint("erase", "fit", "--no-test", *arguments, "--out", tmp_path / "out")
        assert (done.code, said in done.err) == (code, True), (arguments, done.err)
        assert done.err.splitlines()[-1].startswith("Error: ")
    latentprint("erase", "fit", "--no-test", *files, "--pairs", "--out", tmp_path / "e")
    eraser = tmp_path / "e"
    for arguments, code, said in [
        ((tmp_path / "none", vectors, "--out", tmp_path / "o.npy"), 1, "holds no eraser"),
        ((eraser, narrow, "--out", tmp_path / "o.npy"), 1, "24 dimensions, and these have 8"),
        ((eraser, vectors, "--out", tmp_path / "o.parquet"), 2, "file of the same kind"),
        ((eraser, store, "--out", tmp_path / "o"), 2, "is for such files"),
        (
            (eraser, vectors, "--out", tmp_path / "o.npy", "--vector-columns", "v"),
            2,
            "--vector-columns is for a .parquet file",
        ),
    ]:
        done = latentprint("erase", "apply", *arguments)
        assert (done.code, said in done.err) == (code, True), (arguments, done.err)
    assert "Say what to write" in latentprint("erase", "export", eraser).err


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty photos, half of which prove an eraser."""
    rng = np.random.default_rng(1)
    root = tmp_path_factory.mktemp("prove") / "photos"
    for number in range(60):
        path = root / "ab"[number % 2] / f"{number:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        small = Image.fromarray(rng.integers(0, 256, (9, 9, 3), np.uint8))
        small.resize((48, 40)).save(path)
    return root


def test_an_eraser_is_proven_where_it_is_fitted_and_on_photos_it_never_saw(
    many: Path, tmp_path: Path, latentprint: Command
) -> None:
    store, out = tmp_path / "store", tmp_path / "eraser"
    classes = ("-a", "sharpening", "-a", "resizing", "--processing", "none")
    embedded = latentprint("embed", many, "-o", store, "-e", WIDE, *classes, "--workers", 0)
    assert embedded.code == 0, embedded.err
    done = latentprint("erase", "fit", store, "-a", "sharpening", "--out", out)
    assert done.code in (0, 3), done.err
    assert "30 photos held out." in done.out
    assert "kNN influence" in done.out
    page = (out / "report.html").read_text("utf-8")
    assert re.search("[Tt]races of sharpening are|[Oo]f sharpening there was nothing", page)

    run = tmp_path / "run"
    done = latentprint("erase", "test", out, store, "--out", run, "-k", 5, "--threshold", 0.9)
    assert done.code in (0, 3), done.err
    rows = pl.read_parquet(run / "results.parquet")
    assert set(rows["experiment"]) == {"erasure"}
    assert set(rows.filter(pl.col("stage") == "change")["n_test"]) == {30}
    found = rows.filter(setup="kNN influence", stage="change", eraser="LEACE on pairs")
    assert dict(found.select("attribute", "condition").rows()) == {
        "sharpening": "seen", "resizing": "partly seen", "other classes": "unseen",
    }  # fmt: skip
    helped = set(found["verdict"]) & {"erased", "reduced"}
    assert done.code == (0 if helped and "harmful" not in set(found["verdict"]) else 3)
    again = latentprint("erase", "test", out, store, "-k", 5, "-a", "sharpening", "--json")
    told = json.loads(again.out)
    assert {row["attribute"] for row in told["results"]} >= {"sharpening"}
    assert "30 photos that the eraser was fitted on are left out." in str(told["details"])


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("-a", "jpg"), 2, "jpg"),
        (("--label", "species"), 2, "species"),
        (("--threshold", "1.5"), 2, "between -1 and 1"),
    ],
)
def test_what_cannot_be_proven_is_said(
    store: Path,
    tmp_path: Path,
    latentprint: Command,
    arguments: tuple[str, ...],
    code: int,
    said: str,
) -> None:
    latentprint("erase", "fit", "--no-test", store, "-a", "jpeg", "--out", tmp_path / "e")
    done = latentprint("erase", "test", tmp_path / "e", store, *arguments)
    assert done.code == code
    assert said in done.err


def test_a_damaged_record_of_sides_is_one_sentence(
    store: Path, tmp_path: Path, latentprint: Command
) -> None:
    latentprint("erase", "fit", "--no-test", store, "-a", "jpeg", "--out", tmp_path / "e")
    for damage in (b"PAR1", None):
        path = tmp_path / "e" / "sides.parquet"
        if damage is None:
            pl.DataFrame({"name": ["a"]}).write_parquet(path)
        else:
            path.write_bytes(damage)
        done = latentprint("erase", "test", tmp_path / "e", store)
        assert done.code == 1
        assert "sides.parquet cannot be read as a table" in done.err
