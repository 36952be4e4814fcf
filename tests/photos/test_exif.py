"""Reading EXIF: real files against two other readings, every format, every kind of trouble."""

import io
import json
import re
import warnings
from fractions import Fraction
from pathlib import Path
from typing import Any

import exifread
import polars as pl
import pytest
from PIL import ExifTags, Image
from PIL.PngImagePlugin import PngInfo
from PIL.TiffImagePlugin import IFDRational

from latentprint.photos import open_photos
from latentprint.photos.exif import MAX_BLOCK, Exif, read_exif
from latentprint.photos.exif_files import exif_table
from latentprint.photos.exif_labels import EXIF_SCHEMA

TAGS = {name: int(tag) for name, tag in ExifTags.Base.__members__.items()}


def block(order: str = "II", **given: Any) -> Image.Exif:
    """EXIF with these fields: make, model and the like in the main directory, others below it."""
    exif = Image.Exif()
    exif.endian = {"II": "<", "MM": ">"}[order]
    for name, value in given.items():
        main = name in ("Make", "Model", "Software", "Orientation")
        (exif if main else exif.get_ifd(ExifTags.IFD.Exif))[TAGS[name]] = value
    return exif


def saved(exif: Image.Exif | bytes, kind: str = "JPEG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (40, 24), "teal").save(buffer, kind, exif=exif, **options)
    return buffer.getvalue()


def read(data: bytes) -> Exif:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow looks for the resolution when it opens a file
        image = Image.open(io.BytesIO(data))
    with image:
        return read_exif(image)


def exif_of(**given: Any) -> Exif:
    return read(saved(block(**given)))


FULL: dict[str, Any] = {
    "Make": "NIKON CORPORATION\0",
    "Model": "NIKON  D90 ",
    "Software": "Ver.1.00 ",
    "Orientation": 6,
    "ExposureTime": IFDRational(1, 60),
    "FNumber": IFDRational(28, 10),
    "ISOSpeedRatings": 400,
    "FocalLength": IFDRational(350, 10),
    "FocalLengthIn35mmFilm": 52,
    "Flash": 0x19,
    "DateTimeOriginal": "2007:08:31 12:00:01",
    "ExifImageWidth": 4288,
    "ExifImageHeight": 2848,
}
EXPECTED = {
    "make": "Nikon",
    "model": "NIKON D90",
    "smartphone_model": None,
    "smartphone": False,
    "device_type": "camera",
    "exposure_time": 1 / 60,
    "aperture": 2.8,
    "iso": 400,
    "focal_length": 35.0,
    "focal_length_35mm": 52.0,
    "flash": True,
    "year": 2007,
    "taken_month": "2007-08",
    "software": "Ver.1.00",
    "orientation": 6,
    "exif_width": 4288,
    "exif_height": 2848,
    "station": None,
    "protocol": None,
    "tube_voltage": None,
    "field_strength": None,
    "has_exif": True,
    "exif_problems": "",
}


def labels(exif: Exif) -> dict[str, Any]:
    return {name: value for name, value in exif.columns().items() if name != "exif_raw"}


@pytest.mark.parametrize("order", ["II", "MM"])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_every_label_in_every_format(kind: str, order: str) -> None:
    assert labels(read(saved(block(order, **FULL).tobytes(), kind))) == EXPECTED


def test_words_for_nothing_name_no_maker() -> None:
    found = exif_of(Make="null", Model="Unknown")
    assert (found.make, found.model, found.device_type) == (None, None, None)
    assert found.exif_problems == (
        "Make is 'null', which names nothing; Model is 'Unknown', which names nothing"
    )


def test_heif(tmp_path: Path) -> None:
    heif = pytest.importorskip("pillow_heif")
    try:
        image = heif.from_pillow(Image.new("RGB", (64, 48)))
        image.info["exif"] = block(**FULL | {"Orientation": 1}).tobytes()
        image.save(tmp_path / "a.heic")
    except Exception as error:
        pytest.skip(f"this pillow_heif has no HEIC encoder: {error}")
    heif.register_heif_opener()
    with Image.open(tmp_path / "a.heic") as opened:
        assert labels(read_exif(opened)) == EXPECTED | {"orientation": 1}
        opened.info["original_orientation"] = 6  # what the plugin notes when it turns the pixels
        assert read_exif(opened).orientation == 6


def test_several_pictures_in_one_jpeg() -> None:
    exif = block(**FULL)
    data = saved(exif, "MPO", save_all=True, append_images=[Image.new("RGB", (40, 24))])
    with Image.open(io.BytesIO(data)) as image:
        assert image.format == "MPO"
        assert labels(read_exif(image)) == EXPECTED


def test_a_png_block_after_the_pixels_is_found_without_decoding() -> None:
    data = saved(block(**FULL), "PNG")
    at = data.index(b"eXIf") - 4
    end = at + 12 + int.from_bytes(data[at : at + 4])
    tail = data.index(b"IEND") - 4
    moved = data[:at] + data[end:tail] + data[at:end] + data[tail:]
    assert moved.index(b"IDAT") < moved.index(b"eXIf")
    with Image.open(io.BytesIO(moved)) as image:
        assert labels(read_exif(image)) == EXPECTED
        assert image._im is None  # type: ignore[attr-defined]
        assert image.getpixel((3, 3)) == (0, 128, 128)
        assert labels(read_exif(image)) == EXPECTED
    without = data[:at] + data[end:]
    assert read(without) == Exif()


@pytest.mark.parametrize("keyword", ["Raw profile type exif", "Raw profile type APP1"])
@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("international", [False, True])
@pytest.mark.parametrize("spare", ["", "0000", "\n00 ff\n", "\nend"])
@pytest.mark.parametrize("last", [False, True])
def test_a_png_block_written_out_as_text(
    keyword: str, compressed: bool, international: bool, spare: str, last: bool
) -> None:
    exif = block(**FULL).tobytes()
    digits = "\n".join(re.findall(".{1,72}", exif.hex()))
    written = PngInfo()
    add = written.add_itxt if international else written.add_text
    add(keyword, f"\nexif\n{len(exif):8}\n{digits}{spare}\n", zip=compressed)
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8)).save(buffer, "PNG", pnginfo=written)
    data = buffer.getvalue()
    if last:
        kind = b"iTXt" if international else b"zTXt" if compressed else b"tEXt"
        at = data.index(kind) - 4
        end, tail = at + 12 + int.from_bytes(data[at : at + 4]), data.index(b"IEND") - 4
        data = data[:at] + data[end:tail] + data[at:end] + data[tail:]
    assert labels(read(data)) == EXPECTED


@pytest.mark.parametrize("keyword", ["Raw profile type app1", "raw profile type EXIF"])
@pytest.mark.parametrize("line_end", ["\r", "\r\n"])
def test_a_png_block_written_out_in_other_letters_and_lines(keyword: str, line_end: str) -> None:
    exif = block(**FULL).tobytes()
    lines = ["", "generic profile", f"\t{len(exif)}", *re.findall(".{1,72}", exif.hex().upper())]
    written = PngInfo()
    written.add_text(keyword, line_end.join(lines))
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8)).save(buffer, "PNG", pnginfo=written)
    assert labels(read(buffer.getvalue())) == EXPECTED


@pytest.mark.parametrize(
    "text", ["\nexif\n  10\nzz", "no lines", "\nexif\n-5\n00", "\nAPP1\n 9\n" + b"http:".hex()]
)
def test_a_png_profile_that_is_none_costs_no_label_of_another(text: str) -> None:
    written = PngInfo()
    written.add_text("Raw profile type APP1", text)
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8)).save(buffer, "PNG", pnginfo=written)
    found = read(buffer.getvalue())
    assert not found.has_exif
    assert found.exif_problems.startswith("the block is damaged") or b"http:".hex() in text


def test_a_photo_without_exif() -> None:
    assert read(saved(b"")) == Exif()
    assert read_exif(Image.new("RGB", (4, 4))) == Exif()
    buffer = io.BytesIO()
    Image.new("RGB", (4, 4)).save(buffer, "BMP")
    assert not read(buffer.getvalue()).has_exif


def test_columns_are_the_schema() -> None:
    assert list(Exif().columns()) == list(EXIF_SCHEMA)
    frame = pl.DataFrame([exif_of(**FULL).columns()], schema=EXIF_SCHEMA)
    assert frame.row(0, named=True) == exif_of(**FULL).columns()


@pytest.mark.parametrize(
    ("given", "label", "expected"),
    [
        ({"ISOSpeedRatings": (0, 200)}, "iso", 200),
        ({"ISOSpeedRatings": 65535, "RecommendedExposureIndex": 102400}, "iso", 102400),
        ({"ISOSpeedRatings": 65535, "StandardOutputSensitivity": 80000}, "iso", 80000),
        ({"ISOSpeedRatings": 65535}, "iso", None),
        ({"ISOSpeedRatings": 0}, "iso", None),
        ({"ShutterSpeedValue": IFDRational(6, 1)}, "exposure_time", 1 / 64),
        ({"ShutterSpeedValue": IFDRational(-2, 1)}, "exposure_time", 4.0),
        ({"ExposureTime": IFDRational(0, 1), "ShutterSpeedValue": 5.0}, "exposure_time", 1 / 32),
        ({"ExposureTime": IFDRational(30, 1)}, "exposure_time", 30.0),
        ({"ApertureValue": IFDRational(3, 1)}, "aperture", 2.8),
        ({"FNumber": IFDRational(0, 0), "ApertureValue": IFDRational(4, 1)}, "aperture", 4.0),
        ({"FNumber": IFDRational(0, 1)}, "aperture", None),
        ({"FocalLength": IFDRational(0, 10)}, "focal_length", None),
        ({"Flash": 0x10}, "flash", False),
        ({"Flash": 0x07}, "flash", True),
        ({"DateTimeDigitized": "2011:02:03 00:00:00"}, "taken_month", "2011-02"),
        ({"DateTimeOriginal": "    :  :     :  :  "}, "year", None),
        ({"DateTimeOriginal": "2003: 7: 4 12:00:00"}, "taken_month", "2003-07"),
        ({"Orientation": 0}, "orientation", None),
        ({"Software": "Version 1.4400,SN:CN6A8H42BPF"}, "software", "Version 1.4400"),
        ({"Software": "Snapseed 2.0"}, "software", "Snapseed 2.0"),
        ({"Model": "M1 Serial No. 1234"}, "model", "M1"),
        ({"Make": b"\xe5\xb0\x8f\xe7\xb1\xb3"}, "make", "小米"),
        ({"Make": b"Cam\xe9ra Lux"}, "make", "Caméra Lux"),
        ({"Make": "\0\0 \0"}, "make", None),
    ],
)
def test_what_fields_mean(given: dict[str, Any], label: str, expected: object) -> None:
    exif = exif_of(**given)
    assert exif.columns()[label] == (
        pytest.approx(expected, rel=1e-6) if isinstance(expected, float) else expected
    )
    assert exif.exif_problems == ""


@pytest.mark.parametrize(
    ("given", "label", "problem"),
    [
        ({"FNumber": IFDRational(28, 0)}, "aperture", "FNumber is not a number"),
        ({"FNumber": "wide"}, "aperture", "FNumber is not a number"),
        ({"FNumber": IFDRational(1, 5)}, "aperture", "FNumber is 0.2, not from 0.5 to 256"),
        ({"ExposureTime": IFDRational(-1, 60)}, "exposure_time", "ExposureTime is -0.0166667, not"),
        ({"ShutterSpeedValue": 99.0}, "exposure_time", "ShutterSpeedValue is 99, not from -17"),
        ({"ISOSpeedRatings": -100}, "iso", "ISOSpeedRatings is -100, not from 1"),
        ({"FocalLength": float("nan")}, "focal_length", "FocalLength is not a number"),
        ({"Flash": 40000}, "flash", "Flash is 40000, not from 0 to 127"),
        ({"DateTimeOriginal": "0000:00:00 00:00:00"}, "year", "is '0000:00:00 00:00:00', which"),
        ({"DateTimeOriginal": "2007:13:01 00:00:00"}, "taken_month", "which is no date"),
        ({"Orientation": 9}, "orientation", "Orientation is 9, not from 1 to 8"),
        ({"Model": "D\x0190"}, "model", "Model holds control characters"),
        ({"Make": 7}, "make", "Make is not text"),
    ],
)
def test_bad_fields_are_null_and_named(given: dict[str, Any], label: str, problem: str) -> None:
    (name,) = given
    image = Image.new("RGB", (4, 4))
    others = {key: value for key, value in FULL.items() if key not in (name, "ExposureTime")}
    image.info["exif"] = block(**others).tobytes()

    class Fields(Image.Exif):
        """A value that Pillow's own writer would not write."""

        def load(self, data: bytes) -> None:
            super().load(data)
            main = name in ("Make", "Model", "Software", "Orientation")
            (self if main else self.get_ifd(ExifTags.IFD.Exif))[TAGS[name]] = given[name]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Image, "Exif", Fields)
        found = read_exif(image)
    assert found.columns()[label] is None
    assert problem in found.exif_problems
    assert (found.focal_length_35mm, found.exif_width) == (52.0, 4288)


def test_a_bad_field_is_not_made_up_for_by_its_sequel() -> None:
    found = exif_of(FNumber=IFDRational(1, 5), ApertureValue=IFDRational(3, 1))
    assert found.aperture is None


def test_what_the_main_directory_says_of_the_picture_counts() -> None:
    exif = block(Orientation=8, Model="D90", ExposureTime=IFDRational(1, 60))
    exif.get_ifd(ExifTags.IFD.Exif).update(
        {TAGS["Orientation"]: 1, TAGS["Model"]: "other", TAGS["Make"]: "Nikon"}
    )
    exif[TAGS["ExposureTime"]] = IFDRational(1, 8)
    found = read(saved(exif))
    assert (found.orientation, found.model, found.make) == (8, "D90", None)
    assert found.exposure_time == 1 / 60


def test_huge_texts_are_cut() -> None:
    found = exif_of(Make="x" * 20_000, Model="y " * 10_000, Software=" " * 20_000 + "late")
    assert len(found.make or "") == 200
    assert len(found.model or "") <= 200
    assert found.software is None
    assert len(found.exif_raw or "") < 1_000


def test_raw_values_stay_as_written() -> None:
    given = FULL | {"FNumber": IFDRational(63, 10), "ApertureValue": IFDRational(0, 0)}
    raw = json.loads(exif_of(**given).exif_raw or "")
    assert raw["Make"] == "NIKON CORPORATION"
    assert raw["Model"] == "NIKON  D90 "
    assert raw["FNumber"] == "63/10"
    assert raw["ApertureValue"] == "0/0"
    assert raw["Flash"] == 25
    assert list(raw)[:3] == ["Make", "Model", "Software"]


@pytest.mark.parametrize(
    "broken",
    [
        b"Exif\0\0MM\0*\0\0\0\x08\0\x09garbage",
        b"Exif\0\0II*\0",
        b"Exif\0\0nothing of the kind",
        b"Exif\0\0MM\0*\xff\xff\xff\xff",
        b"Exif\0\0",
        b"Exif\0\0II*\0\x08\0\0\0\x01\0\x69\x87\x02\0\x04\0\0\0ABC\0\0\0\0\0",  # offset is text
        b"Exif\0\0II*\0\x08\0\0\0\x01\0\x69\x87\x09\0\x01\0\0\0\xff\xff\xff\xff\0\0\0\0",  # -1
    ],
)
def test_unreadable_blocks_are_named(broken: bytes) -> None:
    found = read(saved(broken))
    assert found.columns() | {"exif_problems": ""} == Exif().columns()
    assert "damaged" in found.exif_problems or broken == b"Exif\0\0" or b"ABC" in broken


def test_the_wrong_byte_order_reads_as_nothing_and_is_named() -> None:
    data = block("II", **FULL).tobytes()
    found = read(saved(data.replace(b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08", 1)))
    assert found.make is None
    assert "damaged" in found.exif_problems


def test_directories_that_point_at_themselves_end() -> None:
    data = bytearray(block("II", **FULL).tobytes())
    at = data.index(b"\x69\x87\x04\0\x01\0\0\0")
    data[at + 8 : at + 12] = (8).to_bytes(4, "little")  # the Exif directory is the main one
    found = read(saved(bytes(data)))
    assert (found.make, found.aperture) == ("Nikon", None)


def test_a_truncated_block_keeps_what_is_there() -> None:
    data = block("II", **FULL).tobytes()
    for length in range(6, len(data)):
        found = read(saved(data[:length]))
        assert found.make in (None, "Nikon")
        assert found.has_exif or found.exif_problems or length < 14


def test_a_huge_block_is_not_read() -> None:
    image = Image.new("RGB", (4, 4))
    image.info["exif"] = block(**FULL).tobytes() + bytes(MAX_BLOCK)
    found = read_exif(image)
    assert not found.has_exif
    assert "larger than" in found.exif_problems


SECRETS = {
    "MakerNote": b"SECRET-NOTE",
    "BodySerialNumber": "SECRET-BODY",
    "LensSerialNumber": "SECRET-LENS",
    "CameraOwnerName": "SECRET-OWNER",
    "UserComment": b"ASCII\0\0\0SECRET-COMMENT",
    "ImageUniqueID": "SECRET-ID",
}


def test_positions_serial_numbers_and_names_are_never_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    exif = block(**FULL, **SECRETS)
    for name in ("Artist", "Copyright", "ImageDescription", "HostComputer"):
        exif[TAGS[name]] = f"SECRET-{name}"
    exif.get_ifd(ExifTags.IFD.GPSInfo).update(
        {1: "N", 2: (48.0, 51.0, 29.6), 29: "2031:12:24", 27: b"SECRET-GPS"}
    )
    data = saved(exif)
    assert b"SECRET-GPS" in data
    opened: list[int] = []
    get_ifd = Image.Exif.get_ifd

    def spy(self: Image.Exif, tag: int) -> dict[int, Any]:
        opened.append(tag)
        return get_ifd(self, tag)

    monkeypatch.setattr(Image.Exif, "get_ifd", spy)
    found = read(data)
    assert opened == [ExifTags.IFD.Exif]
    text = json.dumps(found.columns())
    assert labels(found) == EXPECTED
    assert not any(secret in text for secret in ("SECRET", "GPS", "2031", "29.6"))


@pytest.fixture(scope="module")
def real(shared_data: Path) -> pl.DataFrame:
    """Real photos: what a manifest says of them, and what we read."""
    root = shared_data / "exif"
    told = pl.read_csv(root / "manifest.csv", infer_schema=False).rename({"file": "path"})
    table = exif_table(open_photos(root, layout="folder"), workers=0)
    joined = table.join(told, on="path", how="inner", suffix="_told")
    assert joined.height == told.height > 100
    return joined


def test_real_photos_agree_with_their_manifest(real: pl.DataFrame) -> None:
    assert set(real["status"]) == {"ok"}
    disagreements = {
        "make": real.filter(pl.col("make").str.to_uppercase() != pl.col("make_told")),
        "model": real.filter(pl.col("model") != pl.col("Model")),
        "smartphone": real.filter(
            pl.col("smartphone").cast(pl.Int8).cast(pl.String).ne_missing(pl.col("smartphone_told"))
        ),
        "flash": real.filter(
            pl.col("flash").cast(pl.Int8).cast(pl.String).ne_missing(pl.col("flash_fired"))
        ),
        "jpeg": real.filter(pl.col("jpeg_ijg") != (pl.col("q_kind") == "ijg")),
        "subsampling": real.filter(pl.col("jpeg_subsampling") != pl.col("subsampling")),
        "quality": real.filter(
            pl.col("jpeg_ijg"), pl.col("jpeg_quality") != pl.col("jpeg_q").cast(pl.Int64)
        ),
        **{
            name: real.filter(pl.col(name) != pl.col(f"{name}_told").cast(pl.Int64))
            for name in ("width", "height", "bytes")
        },
    }
    assert {name: rows["path"].to_list() for name, rows in disagreements.items() if len(rows)} == {}


NUMBERS = {
    "aperture": "FNumber",
    "exposure_time": "ExposureTime",
    "iso": "ISO",
    "focal_length": "FocalLength",
    "focal_length_35mm": "FocalLengthIn35mmFilm",
    "orientation": "Orientation",
    "exif_width": "ExifImageWidth",
    "exif_height": "ExifImageHeight",
}
APEX = {"aperture": "ApertureValue", "exposure_time": "ShutterSpeedValue"}
EXPLAINED = {
    # Photoshop 7 wrote nonsense into these: f/0.2 is impossible.
    ("aperture", "0.200195", None): 3,
    ("focal_length_35mm", "4293.97", None): 1,
    # In the main directory, where the manifest's reader did not look.
    ("focal_length_35mm", None, 36.0): 1,
    # Stated in XMP only.
    ("orientation", "1", None): 1,
}


def test_numbers_agree_or_the_difference_is_explained(real: pl.DataFrame) -> None:
    found: dict[tuple[str, str | None, float | None], int] = {}
    for row in real.iter_rows(named=True):
        raw = json.loads(row["exif_raw"])
        for label, name in NUMBERS.items():
            told, ours = row[name], row[label]
            if told in (None, "0") and ours is None:
                continue
            if told is not None and ours == pytest.approx(float(told), rel=1e-5):
                continue
            if told is None and name not in raw and APEX.get(label) in raw:
                continue  # from the APEX value, which the manifest leaves out
            found[label, told, ours] = found.get((label, told, ours), 0) + 1
    assert found == EXPLAINED


def test_texts_agree_with_the_manifest(real: pl.DataFrame) -> None:
    for row in real.iter_rows(named=True):
        software = " ".join((row["Software"] or "").split()).replace(",SN:CN6A8H42BPF", "")
        assert (row["software"] or "") == software
        date = row["DateTimeOriginal"]
        expected = None if date is None or date.startswith("0000") else date[:7].replace(":", "-")
        assert row["taken_month"] == expected
        assert row["year"] == (expected and int(expected[:4]))


COMPARED = (
    *("Make", "Model", "Software", "Orientation", "ExposureTime", "ShutterSpeedValue", "FNumber"),
    *("ApertureValue", "ISOSpeedRatings", "FocalLength", "FocalLengthIn35mmFilm", "Flash"),
    *("DateTimeOriginal", "DateTimeDigitized", "ExifImageWidth", "ExifImageHeight"),
)


def test_real_photos_agree_with_exifread(shared_data: Path, real: pl.DataFrame) -> None:
    """Field by field against another library; it finds no EXIF at all in one of the files."""
    compared = 0
    for row in real.iter_rows(named=True):
        with (shared_data / "exif" / row["path"]).open("rb") as file:
            theirs = exifread.process_file(file, details=False)
        if row["path"].endswith("n09468604_valley.JPEG"):
            assert not theirs
            continue
        ours = json.loads(row["exif_raw"])
        for name in COMPARED:
            called = name.replace("Height", "Length")
            tag = theirs.get(f"EXIF {called}") or theirs.get(f"Image {called}")
            assert (tag is None) == (name not in ours), (row["path"], name)
            if tag is not None:
                assert same(tag.values, ours[name]), (row["path"], name, tag.values, ours[name])
                compared += 1
    assert compared > 10 * real.height


def same(theirs: Any, ours: Any) -> bool:
    if isinstance(theirs, str):
        return theirs.split("\0")[0].replace(",SN:CN6A8H42BPF", "").strip() == ours.strip()
    first, ours = theirs[0], ours[0] if isinstance(ours, list) else ours
    if not isinstance(ours, str):
        return bool(first == ours)
    over, under = map(int, ours.split("/"))
    if under == 0:
        return bool(first.den == 0)
    return Fraction(first.num, first.den) == Fraction(over, under)
