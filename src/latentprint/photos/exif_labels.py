"""The labels of a photo that come from its EXIF and its file: what they are called and mean."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True)
class Label:
    """What a label is.

    Attributes:
        name: Name of its column.
        type: ``str``, ``bool``, ``int`` or ``float``.
        kind: "categorical", "ordinal" (in order, few values) or "continuous".
        unit: Unit of the values, empty where they have none.
        description: One line for readers.
    """

    name: str
    type: type
    kind: str
    unit: str
    description: str


_EXIF_LABELS = (
    Label("make", str, "categorical", "", "Maker of the camera, one name for all its spellings"),
    Label("model", str, "categorical", "", "Model of the camera, as its maker spells it"),
    Label("smartphone_model", str, "categorical", "", "Model, where the camera is a telephone"),
    Label("smartphone", bool, "categorical", "", "Whether the camera is a telephone"),
    Label("device_type", str, "categorical", "", "Phone, camera, tablet, action, scanner or drone"),
    Label("exposure_time", float, "continuous", "s", "How long the shutter was open"),
    Label("aperture", float, "continuous", "f-number", "Focal length divided by the opening"),
    Label("iso", int, "continuous", "ISO", "Sensitivity that was set"),
    Label("focal_length", float, "continuous", "mm", "Focal length of the lens"),
    Label("focal_length_35mm", float, "continuous", "mm", "Focal length of the same view on film"),
    Label("flash", bool, "categorical", "", "Whether the flash fired"),
    Label("year", int, "ordinal", "", "Year in which the photo was taken"),
    Label("taken_month", str, "ordinal", "", "Year and month in which it was taken, 2007-08"),
    Label("software", str, "categorical", "", "Firmware of the camera, or the last editor"),
    Label("orientation", int, "categorical", "", "How to turn the pixels, 1 (not at all) to 8"),
    Label("exif_width", int, "continuous", "px", "Width that the EXIF states"),
    Label("exif_height", int, "continuous", "px", "Height that the EXIF states"),
    Label("station", str, "categorical", "", "Name of the medical scanner (DICOM)"),
    Label("protocol", str, "categorical", "", "Protocol of the medical scanner (DICOM)"),
    Label("tube_voltage", float, "continuous", "kV", "Peak voltage of the X-ray tube (DICOM)"),
    Label("field_strength", float, "continuous", "T", "Magnetic field of the scanner (DICOM)"),
)
_FILE_LABELS = (
    Label("width", int, "continuous", "px", "Width of the file's pixels"),
    Label("height", int, "continuous", "px", "Height of the file's pixels"),
    Label("bytes", int, "continuous", "bytes", "Size of the file"),
    Label("format", str, "categorical", "", "Format found in the file's bytes"),
    Label("jpeg_quality", int, "ordinal", "", "Nearest quality setting of the IJG library"),
    Label("jpeg_ijg", bool, "categorical", "", "Whether its table is exactly the IJG one"),
    Label("jpeg_subsampling", str, "categorical", "", "Chroma subsampling, such as 4:2:0"),
)
_ABOUT = ("has_exif", "exif_problems", "exif_raw")

LABELS: dict[str, Label] = {label.name: label for label in (*_EXIF_LABELS, *_FILE_LABELS)}
"""Every label that a photo's EXIF or its file can give, by the name of its column."""

_DTYPES = {str: pl.String(), bool: pl.Boolean(), int: pl.Int64(), float: pl.Float64()}
EXIF_SCHEMA: dict[str, pl.DataType] = {
    **{label.name: _DTYPES[label.type] for label in _EXIF_LABELS},
    **dict(zip(_ABOUT, (pl.Boolean(), pl.String(), pl.String()), strict=True)),
}
"""The columns that ``Exif.columns`` gives, with their types in tables."""

FILE_SCHEMA: dict[str, pl.DataType] = {label.name: _DTYPES[label.type] for label in _FILE_LABELS}
"""The columns that the file itself gives."""
