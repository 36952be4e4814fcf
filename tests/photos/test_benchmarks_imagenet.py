import io
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image

from latentprint.errors import LatentprintError, UsageError
from latentprint.photos import Photos, decode, open_photos

TRAIN = {
    "n01440764": ("n01440764_18", "n01440764_36", "n01440764_7"),
    "n01443537": ("n01443537_2", "n01443537_16"),
}
VAL = {
    "ILSVRC2012_val_00000001": "n01443537",
    "ILSVRC2012_val_00000002": "n01440764",
    "ILSVRC2012_val_00000003": "n01443537",
}
KAGGLE = "ILSVRC/Data/CLS-LOC"


def picture(name: str) -> bytes:
    seed = np.frombuffer(name.encode(), np.uint8).astype(np.uint32)
    pixels = np.random.default_rng(seed).integers(0, 256, (12, 16, 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG")
    return buffer.getvalue()


def write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def tar(files: dict[str, bytes], mode: str = "w") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:  # type: ignore[call-overload]
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def folders(root: Path, *, flat: bool = False) -> Path:
    for wnid, names in TRAIN.items():
        for name in names:
            write(root / "train" / wnid / f"{name}.JPEG", picture(name))
    for name, wnid in VAL.items():
        write(root / "val" / ("" if flat else wnid) / f"{name}.JPEG", picture(name))
    return root


def kaggle(root: Path) -> Path:
    folders(root / KAGGLE, flat=True)
    write(root / KAGGLE / "test" / "ILSVRC2012_test_00000001.JPEG", b"")
    rows = "".join(f"{name},{wnid} 1 2 30 40 {wnid} 5 6 7 8 \n" for name, wnid in VAL.items())
    (root / "LOC_val_solution.csv").write_text(f"ImageId,PredictionString\n{rows}")
    return root


def meta() -> bytes:
    from scipy.io import savemat

    kinds = [("ILSVRC2012_ID", "O"), ("WNID", "O"), ("words", "O"), ("num_children", "O")]
    synsets = np.array([[(1, "n01440764", "tench", 0)], [(2, "n01443537", "goldfish", 0)]], kinds)
    buffer = io.BytesIO()
    savemat(buffer, {"synsets": synsets})
    return buffer.getvalue()


def devkit(root: Path, truth: str = "2\n1\n2\n", mat: bytes | None = None) -> None:
    files = {
        "data/ILSVRC2012_validation_ground_truth.txt": truth.encode(),
        "data/meta.mat": meta() if mat is None else mat,
    }
    packed = tar({f"ILSVRC2012_devkit_t12/{name}": data for name, data in files.items()}, "w:gz")
    write(root / "ILSVRC2012_devkit_t12.tar.gz", packed)


def official(root: Path) -> Path:
    classes = {
        f"{wnid}.tar": tar({f"{name}.JPEG": picture(name) for name in names})
        for wnid, names in TRAIN.items()
    }
    write(root / "ILSVRC2012_img_train.tar", tar(classes))
    photos = {f"{name}.JPEG": picture(name) for name in reversed(VAL)}
    write(root / "ILSVRC2012_img_val.tar", tar(photos))
    devkit(root)
    return root


def rows(photos: Photos) -> list[tuple[str, str | None, str | None]]:
    return photos.table.select("id", "split", "label").rows()


EXPECTED = sorted(
    [(name, "train", wnid) for wnid, names in TRAIN.items() for name in names],
    key=lambda row: row[0],
) + [(name, "val", wnid) for name, wnid in VAL.items()]


@pytest.mark.parametrize(
    ("make", "layout"),
    [
        *((make, "imagenet") for make in (folders, kaggle, official)),
        *((make, "auto") for make in (kaggle, official)),
    ],
)
def test_every_shape_lists_the_same_photos(
    tmp_path: Path, make: Callable[[Path], Path], layout: str
) -> None:
    photos = open_photos(make(tmp_path), layout=layout)
    assert rows(photos) == EXPECTED
    assert photos.name == "ImageNet"
    for name, path in photos.table.select("id", "path").rows():
        expected = Image.open(io.BytesIO(picture(name))).convert("RGB")
        assert decode(photos.file(path)).image.tobytes() == expected.tobytes()


def test_other_forms_of_the_same(tmp_path: Path) -> None:
    flat = folders(tmp_path / "flat", flat=True)
    devkit(flat)
    assert rows(open_photos(flat, layout="imagenet")) == EXPECTED
    below = kaggle(tmp_path / "kaggle") / KAGGLE
    assert rows(open_photos(below, layout="imagenet")) == EXPECTED
    mixed = official(tmp_path / "mixed")
    (mixed / "ILSVRC2012_img_val.tar").unlink()
    shutil.copytree(flat / "val", mixed / "val")
    with tarfile.open(mixed / "ILSVRC2012_devkit_t12.tar.gz") as packed:
        packed.extractall(mixed, filter="data")
    (mixed / "ILSVRC2012_devkit_t12.tar.gz").unlink()
    assert rows(open_photos(mixed)) == EXPECTED


def test_ids_and_pixels_in_archives_give_the_embeddings_of_the_unpacked_photos(
    tmp_path: Path,
) -> None:
    from latentprint.embeddings import Extraction, extract
    from latentprint.processing import published_classes
    from tests.embeddings.toy import ToyEncoder

    classes = [published_classes()[name] for name in ("JPEG75_420", "INTERPOLATION_BOX")]
    stores = []
    for make, workers in ((folders, 0), (official, 1)):
        photos = open_photos(make(tmp_path / make.__name__), layout="imagenet")
        how = Extraction(batch_size=4, shard_size=3, workers=workers)
        out = tmp_path / "out" / make.__name__
        stores += extract(photos, [ToyEncoder()], classes, out, extraction=how)
        extract(photos, [ToyEncoder()], classes, out, extraction=how)  # nothing has changed
    for each in classes:
        plain, packed = (np.asarray(store.vectors(each.name)[:]) for store in stores)
        assert plain.shape == (8, 8)
        assert np.array_equal(plain, packed)


@pytest.mark.parametrize("gone", ["train", "val"])
def test_one_side_alone_is_listed_without_a_split(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, gone: str
) -> None:
    official(tmp_path)
    (tmp_path / f"ILSVRC2012_img_{gone}.tar").unlink()
    photos = open_photos(tmp_path)
    expected = [(name, None, wnid) for name, split, wnid in EXPECTED if split != gone]
    assert rows(photos) == expected
    assert "split anew" in caplog.text


def test_files_in_no_class_are_left_out_and_named(tmp_path: Path) -> None:
    folders(tmp_path)
    write(tmp_path / "train" / "extra.JPEG", b"")
    write(tmp_path / "train" / "n01440764" / "notes.txt", b"")
    photos = open_photos(tmp_path, layout="imagenet")
    assert rows(photos) == EXPECTED
    assert dict(photos.ignored.rows()) == {
        "train/extra.JPEG": "in no class folder such as n01440764",
        "train/n01440764/notes.txt": "not a photo suffix: .txt",
    }


def without_devkit(root: Path) -> None:
    (root / "ILSVRC2012_devkit_t12.tar.gz").unlink()


def cut(root: Path) -> None:
    archive = root / "ILSVRC2012_img_train.tar"
    archive.write_bytes(archive.read_bytes()[:9000])


def no_meta(root: Path) -> None:
    truth = "ILSVRC2012_devkit_t12/data/ILSVRC2012_validation_ground_truth.txt"
    write(root / "ILSVRC2012_devkit_t12.tar.gz", tar({truth: b"1\n"}, "w:gz"))


def same_photo_twice(root: Path) -> None:
    again = {"n01443537.tar": tar({"n01443537_2.JPEG": picture("n01443537_2")})}
    write(
        root / "ILSVRC2012_img_train.tar", tar({**again, "n01440764.tar": again["n01443537.tar"]})
    )


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (without_devkit, r"ILSVRC2012_devkit_t12\.tar\.gz or LOC_val_solution\.csv.*must be"),
        (
            lambda root: devkit(root, "2\n1\n"),
            "no class for the val photos ILSVRC2012_val_00000003",
        ),
        (lambda root: devkit(root, "2\n1\n2\n1\n"), "holds 3 val photos, but .* names 4"),
        (lambda root: devkit(root, "2\n1\n7\n"), r"names the class 7, which data/meta\.mat lacks"),
        (lambda root: devkit(root, "2\n1\nx\n"), "ground_truth.txt .* names the class .*'x'"),
        (lambda root: devkit(root, mat=b"no MATLAB file"), r"meta\.mat of the devkit cannot be"),
        (no_meta, r"lacks ILSVRC2012_devkit_t12/data/meta\.mat"),
        (lambda root: (root / "ILSVRC2012_devkit_t12.tar.gz").write_bytes(b"x"), "cannot be read"),
        (cut, r"ILSVRC2012_img_train\.tar cannot be read.*Is the download complete"),
        (same_photo_twice, "have the same id: .*n01440764.tar/n01443537_2.JPEG"),
    ],
)
def test_what_is_wrong_with_the_official_files(
    tmp_path: Path, spoil: Callable[[Path], object], message: str
) -> None:
    official(tmp_path)
    spoil(tmp_path)
    with pytest.raises(LatentprintError, match=message):
        open_photos(tmp_path)


def test_what_is_wrong_with_folders(tmp_path: Path) -> None:
    with pytest.raises(LatentprintError, match=r"no ImageNet in .*train/<wnid>.*img_val\.tar"):
        open_photos(tmp_path, layout="imagenet")
    (tmp_path / "train").mkdir()
    with pytest.raises(
        LatentprintError, match=r"no photos in .*train, and there is no .*train\.tar"
    ):
        open_photos(tmp_path, layout="imagenet")
    write(tmp_path / "train" / "cats" / "a.jpg", b"")
    with pytest.raises(LatentprintError, match=r"None of the train photos.*train/cats/a\.jpg"):
        open_photos(tmp_path, layout="imagenet")


def test_what_is_wrong_with_kaggles_table(tmp_path: Path) -> None:
    solution = kaggle(tmp_path) / "LOC_val_solution.csv"
    rest = pl.read_csv(solution).head(2)
    rest.write_csv(solution)
    with pytest.raises(LatentprintError, match=r"solution\.csv names no class .*_00000003"):
        open_photos(tmp_path)
    rest.rename({"ImageId": "Image"}).write_csv(solution)
    with pytest.raises(LatentprintError, match="lacks the column ImageId"):
        open_photos(tmp_path)


@pytest.mark.parametrize("place", ["train", "train/n01440764"])
def test_marks_of_a_data_set_open_no_way_out(tmp_path: Path, place: str) -> None:
    outside = tmp_path / "outside"
    write(outside / ("n01440764/" * (place == "train")) / "n01440764_1.JPEG", picture("a"))
    root = tmp_path / "set"
    link = root / KAGGLE / place
    link.parent.mkdir(parents=True)
    link.symlink_to(outside)
    with pytest.raises(UsageError, match=r"lie elsewhere, where links lead: .*--follow-links"):
        open_photos(root)
    assert len(open_photos(root, follow_links=True)) == 1
    assert len(open_photos(root, layout="imagenet")) == 1


def test_a_link_to_the_processes_lists_nothing(tmp_path: Path) -> None:
    (tmp_path / KAGGLE).mkdir(parents=True)
    (tmp_path / KAGGLE / "train").symlink_to("/proc")
    (tmp_path / "proc").symlink_to("/proc")
    with pytest.raises(UsageError, match="--follow-links"):
        open_photos(tmp_path)
    with pytest.raises(LatentprintError, match="link out of the folder"):
        open_photos(tmp_path, layout="folder")
