"""Medical pictures, read by pydicom; the extra ``dicom``.

Of a file only the fields listed here are read: how the picture is stored, and what the scanner is.
No field of a patient, of a person, of a date or of an institution is among them.

It is imported by worker processes: it must import neither torch nor timm.
"""

from __future__ import annotations

import io
import json
import math
from collections.abc import Callable
from functools import partial
from typing import IO, Any

import numpy as np
import pydicom
from PIL import Image
from pydicom.pixels import apply_color_lut, apply_modality_lut, pixel_array

from latentprint.photos import exif_values as values
from latentprint.photos.exif import Exif
from latentprint.photos.exif_makers import normalise_make
from latentprint.photos.exif_values import BadValue
from latentprint.photos.file_bytes import BrokenPhoto
from latentprint.photos.header import Header
from latentprint.photos.pixels import rgb_of
from latentprint.photos.samples import SIGNED, UNSIGNED, Depth, Samples

_Rgb = Callable[[int | None], tuple[Image.Image, int]]

_SCANNER = (
    "Manufacturer", "ManufacturerModelName", "StationName", "ProtocolName", "SoftwareVersions",
    "KVP", "MagneticFieldStrength",
)  # fmt: skip
_STORED = (
    "Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation",
    "SamplesPerPixel", "PhotometricInterpretation", "PlanarConfiguration", "NumberOfFrames",
    "RescaleSlope", "RescaleIntercept", "RescaleType", "ModalityLUTSequence", "PixelPaddingValue",
    "PixelPaddingRangeLimit", "WindowCenter", "WindowWidth", "VOILUTFunction", "Modality",
    "RedPaletteColorLookupTableDescriptor", "GreenPaletteColorLookupTableDescriptor",
    "BluePaletteColorLookupTableDescriptor", "RedPaletteColorLookupTableData",
    "GreenPaletteColorLookupTableData", "BluePaletteColorLookupTableData",
    "SegmentedRedPaletteColorLookupTableData", "SegmentedGreenPaletteColorLookupTableData",
    "SegmentedBluePaletteColorLookupTableData", "ICCProfile",
)  # fmt: skip
_PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData", "ExtendedOffsetTable")
_GREY = ("MONOCHROME1", "MONOCHROME2")


def open_dicom(file: IO[bytes]) -> tuple[Header, _Rgb, Callable[[], Samples] | None]:
    """Open a DICOM file.

    Grey pictures become values in the units of the scanner by the modality transformation (PS3.3,
    C.11.1), such as Hounsfield units; MONOCHROME1 is inverted. Palettes are resolved, YBR becomes
    RGB. Of several frames the first is used. Overlays are not drawn.

    Args:
        file: To read from; it has to stay open until the pixels are decoded.

    Returns:
        The header, and what decodes the pixels and the values; see ``Picture``.

    Raises:
        BrokenPhoto: It holds no picture, or one of an unknown kind.
    """
    file.seek(0)
    data = pydicom.dcmread(file, stop_before_pixels=True, specific_tags=[*_SCANNER, *_STORED])
    meaning = str(data.get("PhotometricInterpretation", ""))
    if not data.get("Rows") or not data.get("Columns"):
        raise BrokenPhoto("a DICOM file without a picture")
    if meaning not in (*_GREY, "PALETTE COLOR", "RGB") and not meaning.startswith("YBR"):
        raise BrokenPhoto(f"a DICOM file of photometric interpretation {meaning or 'unknown'}")
    if int(data.get("HighBit", 0)) >= int(data.get("BitsStored") or 8):
        raise BrokenPhoto("a DICOM file whose values do not begin with the lowest bit")
    depth = _depth(data, meaning)
    frames = int(data.get("NumberOfFrames") or 1)
    note = f"{frames} frames: the first one used" if frames > 1 else ""
    header = Header(
        "DICOM", int(data.Columns), int(data.Rows), note, None, None, None, _labels(data), depth
    )

    def rgb(_: int | None) -> tuple[Image.Image, int]:
        stored, pixels = _pixels(file)
        bits = int(stored.get("BitsStored") or 8)
        if meaning == "PALETTE COLOR":
            pixels = apply_color_lut(pixels, stored)
            if pixels.max() < 256:  # some programs write colours of bytes as those of 16 bits
                pixels = pixels.astype(np.uint8)
            bits = 8 * pixels.dtype.itemsize
        if bits != 8:
            tones = (pixels.astype(np.float64) * (255 / (2**bits - 1))).round()
            pixels = tones.clip(0, 255).astype(np.uint8)
        if meaning == "MONOCHROME1":
            pixels = 255 - pixels
        return rgb_of(pixels), 1

    def samples(depth: Depth) -> Samples:
        stored, pixels = _pixels(file)
        padding = _padding(stored, pixels)
        scaled = np.asarray(apply_modality_lut(pixels, stored), dtype=np.float64)
        if padding is not None:
            scaled[padding] = np.nan
        return Samples(scaled, depth, meaning == "MONOCHROME1", window=_window(stored))

    return header, rgb, None if depth is None else partial(samples, depth)


def _depth(data: Any, meaning: str) -> Depth | None:
    """How the values are stored; None where 8 bits hold what is to be shown."""
    bits, signed = int(data.get("BitsStored") or 8), bool(data.get("PixelRepresentation"))
    if meaning not in _GREY:
        return None
    asis = "RescaleSlope" not in data and "ModalityLUTSequence" not in data
    if bits == 8 and not signed and asis and "WindowWidth" not in data:
        return None
    # The rescaled values are shown: what counts is whether they can be negative.
    signed |= float(data.get("RescaleIntercept") or 0) < 0
    return Depth(SIGNED if signed else UNSIGNED, bits, str(data.get("Modality") or "DICOM"))


def _pixels(file: IO[bytes]) -> tuple[Any, np.ndarray[Any, Any]]:
    """The stored fields and the first frame, YBR as RGB."""
    file.seek(0)
    data = pydicom.dcmread(
        io.BytesIO(file.read()), specific_tags=[*_STORED, *_PIXELS, "TransferSyntaxUID"]
    )
    try:
        return data, pixel_array(data, index=0)
    except (RuntimeError, NotImplementedError) as error:
        syntax = data.file_meta.TransferSyntaxUID.name
        raise BrokenPhoto(
            f"a DICOM file whose pixels are compressed as {syntax}, which the installed decoders "
            "do not read: reinstall 'latentprint[dicom]', which brings python-gdcm"
        ) from error


def _padding(data: Any, pixels: np.ndarray[Any, Any]) -> np.ndarray[Any, Any] | None:
    """Which pixels lie outside what was scanned."""
    value = data.get("PixelPaddingValue")
    if value is None:
        return None
    limit = data.get("PixelPaddingRangeLimit", value)
    low, high = sorted((int(value), int(limit)))
    found: np.ndarray[Any, Any] = (pixels >= low) & (pixels <= high)
    return found


def _window(data: Any) -> tuple[float, float] | None:
    """The ends of the first window that the file states (PS3.3, C.11.2.1.2 and C.11.2.1.3)."""
    centre, width = _first(data.get("WindowCenter")), _first(data.get("WindowWidth"))
    function = str(data.get("VOILUTFunction") or "LINEAR")
    if centre is None or width is None or function not in ("LINEAR", "LINEAR_EXACT"):
        return None
    if function == "LINEAR":
        centre, width = centre - 0.5, width - 1
    return (centre - width / 2, centre + width / 2) if width > 0 else None


def _first(value: Any) -> float | None:
    if isinstance(value, (list, pydicom.multival.MultiValue)):
        value = value[0] if value else None
    number = math.nan if value in (None, "") else float(value)
    return number if math.isfinite(number) else None


def _labels(data: Any) -> Exif:
    """What the scanner is, as labels; nothing else of a DICOM file becomes one."""
    problems: list[str] = []

    def read(name: str, reader: Callable[[Any], Any]) -> Any:
        value = data.get(name)
        if isinstance(value, pydicom.multival.MultiValue):
            value = value[0] if value else None
        if value in (None, ""):
            return None
        try:
            return reader(value)
        except (BadValue, ValueError) as error:
            problems.append(f"{name} {error}")
            return None

    def text(value: Any) -> str | None:
        return values.text(str(value).encode())

    def number(value: Any) -> float | None:
        return values.number(0.001, 10_000)(float(value))

    maker, model = read("Manufacturer", text), read("ManufacturerModelName", text)
    raw = {name: str(data.get(name)) for name in _SCANNER if data.get(name) not in (None, "")}
    written = {name: values.as_written(value.encode()) for name, value in raw.items()}
    return Exif(
        make=None if maker is None else normalise_make(maker),
        model=model,
        smartphone=False,
        device_type="scanner",
        software=read("SoftwareVersions", text),
        station=read("StationName", text),
        protocol=read("ProtocolName", text),
        tube_voltage=read("KVP", number),
        field_strength=read("MagneticFieldStrength", number),
        has_exif=False,
        exif_problems="; ".join(problems),
        exif_raw=json.dumps(written, ensure_ascii=False) if written else None,
    )
