"""Whatever a field holds, its reader gives a sensible value, None, or says what is wrong."""

import datetime
import json
import math
import time
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from latentprint.photos import exif_values
from latentprint.photos.exif import read_exif
from latentprint.photos.exif_values import MAX_TEXT, BadValue

integers = st.integers(-(2**63), 2**64)
rationals = st.builds(IFDRational, st.integers(-(2**31), 2**32), st.integers(-(2**31), 2**32))
simple = st.one_of(
    integers, st.floats(), rationals, st.fractions(), st.binary(), st.text(), st.none()
)
anything = st.one_of(simple, st.lists(simple).map(tuple), st.dictionaries(integers, simple))


def outcome(reader: Callable[[Any], Any], value: Any) -> Any:
    """What a reader gives; only BadValue may come out instead."""
    try:
        return reader(value)
    except BadValue as error:
        said = str(error)
    assert 0 < len(said) < 100
    return None


@given(anything)
def test_numbers_are_in_range(value: Any) -> None:
    for reader, low, high in (
        (exif_values.number(0.5, 256), 0.5, 256),
        (exif_values.whole(1, 8), 1, 8),
        (exif_values.iso, 1, 10_000_000),
        (exif_values.exposure_from_apex, 2.0**-24, 2.0**17),
        (exif_values.aperture_from_apex, 0.5, 256),
    ):
        found = outcome(reader, value)
        assert found is None or low <= found <= high
        assert found is None or math.isfinite(found)


@given(anything)
def test_flash_is_yes_no_or_unknown(value: Any) -> None:
    assert outcome(exif_values.flash, value) in (True, False, None)


@given(anything)
def test_texts_are_short_and_printable(value: Any) -> None:
    found = outcome(exif_values.text, value)
    if found is not None:
        assert 0 < len(found) <= MAX_TEXT
        assert found.isprintable()
        assert found == " ".join(found.split())


@given(st.one_of(anything, st.from_regex(r"[0-9]{4}[:/][0-9]{2}[:/][0-9]{2} .*", fullmatch=True)))
def test_dates_are_days_that_there_were(value: Any) -> None:
    found = outcome(exif_values.date, value)
    assert found is None or 1900 <= found.year <= 2099


@given(st.dates(datetime.date(1900, 1, 1), datetime.date(2099, 12, 31)))
def test_every_day_is_read(day: datetime.date) -> None:
    assert exif_values.date(f"{day:%Y:%m:%d} 23:59:59\0") == day


@given(anything)
def test_raw_values_fit_into_json(value: Any) -> None:
    text = json.dumps(exif_values.as_written(value), allow_nan=False)
    assert len(text) < 4 * 6 * (MAX_TEXT + 10)


@given(st.fractions(Fraction(1, 1000), 100))
def test_numbers_are_the_quotient(value: Fraction) -> None:
    rational = IFDRational(value.numerator, value.denominator)
    assert exif_values.number(1e-9, 1e9)(rational) == value.numerator / value.denominator


@pytest.mark.parametrize("text", ["S" * 10**6, " " * 10**6, "SN:" * 10**5, "\0" * 10**6])
def test_huge_texts_take_no_time(text: str) -> None:
    begun = time.process_time()
    outcome(exif_values.text, text)
    assert time.process_time() - begun < 0.5


@given(st.sampled_from([b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08"]), st.binary(max_size=300))
def test_any_bytes_in_place_of_a_block(head: bytes, body: bytes) -> None:
    image = Image.new("RGB", (2, 2))
    image.info["exif"] = b"Exif\0\0" + head + body
    found = read_exif(image)
    assert len(found.exif_problems) <= 300
