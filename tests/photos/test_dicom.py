"""Medical pictures: values in the scanner's units, the scanner as labels, nothing of a patient."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from latentprint.photos import BrokenPhoto, decode, open_photos
from latentprint.photos.decode import read_header
from latentprint.photos.exif_files import exif_table
from latentprint.photos.tone_scan import decide_tones
from latentprint.photos.tones import Tones

pydicom = pytest.importorskip("pydicom")

SECRETS = {
    "PatientName": "Secret^Name",
    "PatientID": "SECRET-ID",
    "PatientBirthDate": "19500102",
    "InstitutionName": "Secret Hospital",
    "ReferringPhysicianName": "Secret^Doctor",
    "StudyDate": "20200102",
    "DeviceSerialNumber": "SECRET-SERIAL",
}


def written(file: Path, pixels: np.ndarray, meaning: str = "MONOCHROME2", **given: Any) -> Path:
    from pydicom.dataset import FileDataset, FileMetaDataset
    from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = CTImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=[file.name])
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data = FileDataset(str(file), {}, file_meta=meta, preamble=bytes(128))
    fields: dict[str, Any] = {
        "Modality": "CT",
        "Manufacturer": "SIEMENS",
        "ManufacturerModelName": "Somatom",
        "StationName": "CT01",
        "ProtocolName": "Thorax",
        "KVP": "120",
        "SoftwareVersions": ["VA10A", "X"],
        "Rows": pixels.shape[-2 if meaning.startswith("MONO") or meaning == "PALETTE COLOR" else 0],
        "Columns": pixels.shape[
            -1 if meaning.startswith("MONO") or meaning == "PALETTE COLOR" else 1
        ],
        "SamplesPerPixel": 3 if meaning == "RGB" else 1,
        "PhotometricInterpretation": meaning,
        "BitsAllocated": 8 * pixels.dtype.itemsize,
        "BitsStored": 8 * pixels.dtype.itemsize,
        "HighBit": 8 * pixels.dtype.itemsize - 1,
        "PixelRepresentation": int(pixels.dtype.kind == "i"),
        **({"PlanarConfiguration": 0} if meaning == "RGB" else {}),
        **SECRETS,
        **given,
    }
    for name, value in fields.items():
        setattr(data, name, value)
    data.PixelData = pixels.tobytes()
    data.save_as(file)
    return file


def grey(file: Path, tones: Tones | None = None) -> list[int]:
    return np.asarray(decode(file, tones=tones).image)[..., 0].ravel().tolist()


UNITS = np.array([[-1000, 0, 40, 240, 3000]], np.int16)
RESCALED: dict[str, Any] = {"RescaleSlope": "1", "RescaleIntercept": "-1024"}


def test_the_modality_transformation_gives_units_for_the_window(tmp_path: Path) -> None:
    stored = (UNITS + 1024).astype(np.uint16)
    file = written(tmp_path / "a.dcm", stored, **RESCALED)
    assert grey(file, Tones(window=(-160, 240))) == [0, 102, 128, 255, 255]
    halves = written(tmp_path / "b.dcm", stored * 2, RescaleSlope="0.5", RescaleIntercept="-1024")
    assert grey(halves, Tones(window=(-160, 240))) == [0, 102, 128, 255, 255]


def test_monochrome1_is_inverted(tmp_path: Path) -> None:
    file = written(tmp_path / "a.dcm", UNITS, "MONOCHROME1")
    assert grey(file, Tones(window=(-160, 240))) == [255, 153, 127, 0, 0]


def test_padding_is_black_and_does_not_count(tmp_path: Path) -> None:
    values = np.arange(1000, dtype=np.int16).reshape(20, 50)
    values[:2] = -2000
    for meaning in ("MONOCHROME2", "MONOCHROME1"):
        file = written(tmp_path / f"{meaning}.dcm", values, meaning, PixelPaddingValue=-2000)
        found = np.asarray(decode(file).image)[..., 0]
        assert (found[:2] == 0).all()
        assert found[2:].min() < 5
        assert found[2:].max() > 250


def test_the_window_that_all_files_state_is_used(tmp_path: Path) -> None:
    for name in "ab":
        written(tmp_path / f"{name}.dcm", UNITS, WindowCenter="40", WindowWidth="401")
    tones = decide_tones(open_photos(tmp_path))
    assert tones.notes() == (
        "CT (signed 16-bit) data shown from -160.5 to 239.5, the window they state.",
    )
    written(tmp_path / "c.dcm", UNITS, WindowCenter="500", WindowWidth="1000")
    assert "percentile" in decide_tones(open_photos(tmp_path)).notes()[0]


def test_colours_and_palettes(tmp_path: Path) -> None:
    colours = np.random.default_rng(0).integers(0, 256, (4, 6, 3)).astype(np.uint8)
    rgb = written(tmp_path / "a.dcm", colours, "RGB")
    assert np.array_equal(decode(rgb).image, colours)
    index = np.array([[0, 1, 255]], np.uint8)
    # Some programs write the colours of bytes as they are where 16 bits are stated.
    for factor in (257, 1):
        table = (np.arange(256, dtype=np.uint16) * factor)[::-1].copy()
        palette = {
            f"{colour}PaletteColorLookupTable{what}": value
            for colour in ("Red", "Green", "Blue")
            for what, value in (("Descriptor", [256, 0, 16]), ("Data", table.tobytes()))
        }
        file = written(tmp_path / "b.dcm", index, "PALETTE COLOR", **palette)
        assert grey(file) == [255, 254, 0]


def test_eight_bits_as_they_are(tmp_path: Path) -> None:
    values = np.array([[0, 7, 255]], np.uint8)
    assert grey(written(tmp_path / "a.dcm", values)) == [0, 7, 255]
    assert grey(written(tmp_path / "b.dcm", values, "MONOCHROME1")) == [255, 248, 0]


def test_the_first_of_several_frames(tmp_path: Path) -> None:
    frames = np.stack([np.full((2, 3), shade, np.uint8) for shade in (10, 20)])
    file = written(tmp_path / "a.dcm", frames, NumberOfFrames="2")
    assert decode(file).note == "2 frames: the first one used"
    assert grey(file) == [10] * 6


def test_the_scanner_is_a_label_and_the_patient_nowhere(tmp_path: Path) -> None:
    written(tmp_path / "a.dcm", UNITS, MagneticFieldStrength="1.5")
    table = exif_table(open_photos(tmp_path), workers=0)
    row = table.row(0, named=True)
    names = (
        "make", "model", "device_type", "smartphone", "station", "protocol", "tube_voltage",
        "field_strength", "software", "format", "status",
    )  # fmt: skip
    labels = {name: row[name] for name in names}
    assert labels == {
        "make": "Siemens", "model": "Somatom", "device_type": "scanner", "smartphone": False,
        "station": "CT01", "protocol": "Thorax", "tube_voltage": 120.0, "field_strength": 1.5,
        "software": "VA10A", "format": "DICOM", "status": "ok",
    }  # fmt: skip
    text = table.write_json().casefold()
    assert "secret" not in text
    assert "19500102" not in text
    assert "20200102" not in text
    assert row["year"] is None


def test_without_the_extra_it_is_refused_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = written(tmp_path / "a.dcm", UNITS)
    monkeypatch.setattr("latentprint.photos.picture.installed", lambda extra: False)
    with pytest.raises(BrokenPhoto, match=r"a DICOM file.*latentprint\[dicom\]"):
        decode(file)


def test_damage_and_what_is_no_picture(tmp_path: Path) -> None:
    file = written(tmp_path / "a.dcm", UNITS)
    whole = file.read_bytes()
    for length in (140, 300, len(whole) - 4):
        file.write_bytes(whole[:length])
        with pytest.raises(BrokenPhoto):
            decode(file)
    report = written(tmp_path / "b.dcm", UNITS, Rows=0)
    with pytest.raises(BrokenPhoto, match="without a picture"):
        read_header(report)
    with pytest.raises(BrokenPhoto, match="photometric interpretation ARGB"):
        decode(written(tmp_path / "c.dcm", UNITS, "MONOCHROME2", PhotometricInterpretation="ARGB"))
    with pytest.raises(BrokenPhoto, match="do not begin with the lowest bit"):
        read_header(written(tmp_path / "d.dcm", UNITS, BitsStored=12))
    with pytest.raises(BrokenPhoto, match="too large: 60000 x 60000"):
        decode(written(tmp_path / "d.dcm", UNITS, Rows=60_000, Columns=60_000))


def test_a_compressed_file_no_decoder_reads_is_refused_by_name(tmp_path: Path) -> None:
    file = written(tmp_path / "a.dcm", UNITS)
    data = pydicom.dcmread(io.BytesIO(file.read_bytes()))
    data.file_meta.TransferSyntaxUID = pydicom.uid.MPEG2MPML
    data.PixelData = pydicom.encaps.encapsulate([b"\0" * 10])
    data["PixelData"].is_undefined_length = True
    data.save_as(file)
    with pytest.raises(BrokenPhoto, match="compressed as MPEG2"):
        decode(file)
