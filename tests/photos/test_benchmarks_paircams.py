from pathlib import Path

import pytest

from latentprint.errors import LatentprintError
from latentprint.photos import open_photos

ROWS = (
    "s1,camera,C8080WZ,a.jpg\ns1,phone,iPhone XR,b.jpg\n"
    "s2,camera,xt1032 ,c.jpg\ns2,phone,Pixel 4,d.jpg\n"
)


def manifest(root: Path, rows: str = ROWS, header: str = "subject,device_type,model,file") -> Path:
    file = root / "manifest.csv"
    file.write_text(f"{header}\n{rows}")
    return file


def touch(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def test_the_published_pairs(shared_data: Path, caplog: pytest.LogCaptureFixture) -> None:
    photos = open_photos(shared_data / "paircams_8", layout="paircams")
    table = photos.table
    assert (photos.name, len(photos)) == ("PairCams", 16)
    assert table["subject"].n_unique() == 8
    assert set(table["device_type"]) == {"older_digital_camera", "modern_smartphone"}
    assert table["group"].to_list() == table["subject"].to_list()
    assert table["split"].null_count() == table["label"].null_count() == 16
    assert all(photos.file(path).is_file() for path in table["path"])
    assert caplog.text == ""


@pytest.mark.parametrize("device", ["device_type", "camera_type"])
def test_manifest_and_the_phone_among_the_cameras(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, device: str
) -> None:
    file = manifest(tmp_path, header=f"subject,{device},model,file")
    for path in (tmp_path, file):
        caplog.clear()
        table = open_photos(path, layout="paircams").table
        assert table.columns[:4] == ["id", "path", "split", "label"]
        assert table.columns[4:] == ["subject", "device_type", "model", "group"]
        assert table.select("id", "subject", "device_type").row(3) == ("d.jpg", "s2", "phone")
        (message,) = [each for each in caplog.messages if "white space" not in each]
        assert message.startswith("1 photos were taken with the model XT1032, a phone of 2013")


def test_folders_of_subjects(tmp_path: Path) -> None:
    touch(tmp_path, "camera/s1.jpg", "camera/s2.png", "phone/s1.HEIC", "phone/s2.jpg", "notes.txt")
    photos = open_photos(tmp_path, layout="paircams")
    assert photos.table.select("id", "subject", "device_type", "group").rows() == [
        ("camera/s1.jpg", "s1", "camera", "s1"),
        ("camera/s2.png", "s2", "camera", "s2"),
        ("phone/s1.HEIC", "s1", "phone", "s1"),
        ("phone/s2.jpg", "s2", "phone", "s2"),
    ]
    assert photos.ignored["path"].to_list() == ["notes.txt"]
    assert open_photos(tmp_path).table["label"].unique().sort().to_list() == ["camera", "phone"]


def test_a_subject_without_its_pair_is_kept_and_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    touch(tmp_path, "camera/s1.jpg", "camera/s2.jpg", "phone/s1.jpg", "phone/s3.jpg")
    assert len(open_photos(tmp_path, layout="paircams")) == 4
    assert "1 subjects" in caplog.messages[0]
    assert caplog.messages[0].endswith("no photo by 'camera': s3.")
    assert caplog.messages[1].endswith("no photo by 'phone': s2.")


@pytest.mark.parametrize(
    ("rows", "header", "message"),
    [
        (ROWS, "person,device_type,model,file", "lacks the column subject; it has .*person"),
        (ROWS, "subject,device,model,file", "lacks the column device_type or camera_type"),
        (ROWS, "subject,device_type,model,picture", "no column for the paths"),
        ("s1,,m,a.jpg\n,phone,m,b.jpg\n", "subject,device_type,model,file", "subject .* row 2 "),
        ("s1,,m,a.jpg\n", "subject,device_type,model,file", "device_type .* empty in row 1 "),
        (f"{ROWS}s2,phone,m,e.jpg\n", "subject,device_type,model,file", "of several by one: s2"),
        (
            f"{ROWS}s3,scanner,m,e.jpg\n",
            "subject,device_type,model,file",
            "has 3: camera, phone, s",
        ),
        ("s1,phone,m,a.jpg\n", "subject,device_type,model,file", "has 1: phone"),
    ],
)
def test_what_is_wrong_with_the_manifest(
    tmp_path: Path, rows: str, header: str, message: str
) -> None:
    manifest(tmp_path, rows, header)
    with pytest.raises(LatentprintError, match=message):
        open_photos(tmp_path, layout="paircams")


def test_what_is_wrong_with_the_folders(tmp_path: Path) -> None:
    with pytest.raises(LatentprintError, match=r"no manifest\.csv, and there is no photo"):
        open_photos(tmp_path, layout="paircams")
    touch(tmp_path, "phone/s1.jpg", "camera/s1.jpg", "camera/more/s2.jpg", "s3.jpg")
    with pytest.raises(LatentprintError, match=r"not camera/more/s2\.jpg, s3\.jpg"):
        open_photos(tmp_path, layout="paircams")
