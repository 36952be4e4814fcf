"""How values of more than 8 bits, or of another kind, become the 256 tones of an RGB picture.

One scale holds for all pictures of a set that store their values alike, so that two photos of one
scanner are scaled alike. A scale is a window: what is at or below its low end is black, at or above
its high end white, and in between tones are in proportion.

It is imported by worker processes: it must import neither torch nor timm.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from latentprint.errors import UsageError
from latentprint.photos.samples import FLOAT, SIGNED, UNSIGNED, Depth, Samples

_Array = np.ndarray[Any, Any]

_DEPTHS = (8, 10, 12, 14, 16)
# Highest values that floating-point pictures are usually scaled to.
_FLOAT_HIGHS = (1.0, 255.0, 4095.0, 65535.0)
_SHARE = 0.001
# Where nothing was measured, maps have -3.4e38, the lowest number of 32 bits, and fields of weather
# 1e20 or 9.97e36.
_LEAST_MARK = 1e19
# A picture of four bits less than the others of its set comes out darker than a sixteenth.
_DARK = 15
_MOST_VALUES = 65_536


@dataclass(frozen=True)
class Scale:
    """The window of one kind of pictures.

    Attributes:
        kind: The kind, such as "16-bit", "signed 16-bit" or "CT (signed 16-bit)".
        low: Value that becomes 0.
        high: Value that becomes 255.
        words: What was done, such as "12-bit data scaled by 16".
        plain: Whether the window is no more than the range of the declared type.
        looked_at: Number of pictures that were looked at to decide it; 0 where none had to be.
    """

    kind: str
    low: float
    high: float
    words: str
    plain: bool = False
    looked_at: int = 0

    def tones(self, values: _Array) -> _Array:
        """Values of any type as uint8 of the same shape; what is not a number is black."""
        if values.dtype == np.uint16:
            found: _Array = self._of(np.arange(65_536, dtype=np.float64))[values]
            return found
        tones = np.empty(values.shape, np.uint8)
        rows = max(1, _MOST_VALUES // max(1, values[:1].size))
        for start in range(0, len(values), rows):
            tones[start : start + rows] = self._of(values[start : start + rows])
        return tones

    def _of(self, values: _Array) -> _Array:
        numbers = np.nan_to_num(values.astype(np.float64), nan=self.low)
        scaled = ((numbers - self.low) * 255.0 / (self.high - self.low)).clip(0, 255)
        tones: _Array = np.floor(scaled + 0.5).astype(np.uint8)
        return tones

    @property
    def whole(self) -> bool:
        """Whether it is the range of a number of bits, which leaves nothing out."""
        return self.low == 0 and float(np.log2(self.high + 1)).is_integer()

    def as_dict(self) -> dict[str, Any]:
        """What a manifest records."""
        return {
            "kind": self.kind,
            "low": self.low,
            "high": self.high,
            "words": self.words,
            "looked_at": self.looked_at,
        }


def parse_window(text: str | None) -> tuple[float, float] | None:
    """The values that become black and white, as the command line has them: ``LOW:HIGH``.

    Raises:
        UsageError: It is not of this form.
    """
    if text is None:
        return None
    low, _, high = text.partition(":")
    try:
        return float(low), float(high)
    except ValueError:
        raise UsageError(
            f"--window {text!r} is not of the form LOW:HIGH, as in --window -160:240."
        ) from None


@dataclass(frozen=True)
class Tones:
    """How deep pictures are scaled: what the user asked for, and what was decided for the set.

    Attributes:
        window: The values that become black and white, for every deep picture; None chooses.
        bits: Bits that whole positive numbers use of the 16 or 32 that hold them; None finds out.
            Signed numbers and medical pictures, whose values have units, are not concerned.
        scales: The scales of the set, one for each kind, as ``decide_tones`` found them.

    Raises:
        UsageError: The window is empty, or the bits are not from 1 to 32.
    """

    window: tuple[float, float] | None = None
    bits: int | None = None
    scales: tuple[Scale, ...] = ()

    def __post_init__(self) -> None:
        if self.window is not None and not all(map(math.isfinite, self.window)):
            raise UsageError("The ends of a window have to be numbers.")
        if self.window is not None and not self.window[0] < self.window[1]:
            raise UsageError(
                f"The window {self.window[0]:g}:{self.window[1]:g} is empty: its low end has to be "
                "below its high end."
            )
        if self.bits is not None and not 1 <= self.bits <= 32:
            raise UsageError(f"{self.bits} bits: a number from 1 to 32 is needed.")

    def of_set(self, depth: Depth) -> Scale | None:
        """The scale that was asked for or decided for the set; None where there is none."""
        found = (each for each in self.scales if each.kind == depth.kind)
        return next(found, None) or self.stated(depth)

    def stated(self, depth: Depth) -> Scale | None:
        """The scale that the options or the file's declared depth leave no choice about."""
        if self.window is not None:
            low, high = self.window
            return Scale(depth.kind, low, high, f"{depth.kind} values: window {low:g} to {high:g}")
        if self.bits is not None and depth.number == UNSIGNED and not depth.modality:
            return _of_bits(depth, self.bits, 0)
        if depth.number == UNSIGNED and depth.bits < 16 and not depth.modality:
            return _of_bits(depth, depth.bits, 0)
        return None

    def as_list(self) -> list[dict[str, Any]]:
        """The scales of the set, for a manifest."""
        return [each.as_dict() for each in self.scales]

    @classmethod
    def recorded(cls, records: Sequence[Mapping[str, Any]]) -> Tones:
        """The scales of a set, as a manifest records them (``as_list``)."""
        names = ("kind", "low", "high", "words")
        return cls(scales=tuple(Scale(**{name: each[name] for name in names}) for each in records))

    def notes(self) -> tuple[str, ...]:
        """One sentence for each kind of the set that is not scaled by its declared range."""
        return tuple(f"{each.words}." for each in self.scales if not each.plain)


@dataclass(frozen=True)
class Summary:
    """The values of one picture in brief, marks aside.

    Attributes:
        low: The lowest value.
        high: The highest value.
        sample: At most 65,536 of the values, at equal steps.
        window: The window that a medical file states for itself.
    """

    low: float
    high: float
    sample: _Array
    window: tuple[float, float] | None = None


def summary(samples: Samples) -> Summary:
    """Sum up the values of one picture.

    What marks pixels without a value, or saturated ones, is left out and says nothing of the depth:
    infinite values and what is no number, floating-point numbers from 1e19 on either side, and the
    highest value of whole numbers and, where these are signed, the lowest.
    """
    flat = samples.values.reshape(-1)
    if flat.dtype.kind == "f":
        flat = flat[np.abs(flat) < _LEAST_MARK]
    else:
        ends = np.iinfo(flat.dtype)
        unmarked = flat < ends.max if ends.min == 0 else (flat < ends.max) & (flat > ends.min)
        flat = flat[unmarked] if unmarked.any() else flat
    if not flat.size:
        return Summary(0.0, 0.0, np.zeros(1), samples.window)
    step = -(-flat.size // _MOST_VALUES)
    sample = flat[::step].astype(np.float64)
    return Summary(float(flat.min()), float(flat.max()), sample, samples.window)


def scaled(samples: Samples, tones: Tones) -> tuple[_Array, str]:
    """A picture's values as uint8 tones of the same shape, and what a reader should know of it.

    Args:
        samples: The values; what is not a number becomes black.
        tones: The options and the scales of the set. A picture of a kind that they do not know is
            scaled by its own values.
    """
    scale = tones.of_set(samples.depth)
    note = ""
    if scale is None:
        scale = decide(samples.depth, [summary(samples)])
        note = "" if scale.plain else f"{scale.words}, judged by this photo alone"
    elif scale.looked_at and scale.whole:
        highest = summary(samples).high
        if highest > scale.high:
            note = f"values up to {highest:g} are beyond the set's {scale.words} and are white"
        elif highest < scale.high / _DARK:
            note = f"values up to {highest:g} are dark in the set's {scale.words}"
    values = scale.tones(samples.values)
    if samples.inverted:
        values = 255 - values
    if samples.values.dtype.kind == "f":
        values[np.isnan(samples.values)] = 0
    return values, note


def decide(depth: Depth, pictures: Sequence[Summary]) -> Scale:
    """Decide the window of pictures that store their values alike.

    Whole numbers of which none is negative use 8, 10, 12, 14 or 16 bits, the fewest that hold all
    of them, and signed ones no more than the sign leaves. Floating-point numbers are taken to go up
    to 1, 255, 4095 or 65535, whichever the 99.9th percentile of all pictures is near (above a
    sixteenth, a quarter for the larger two, and at most a quarter beyond). Of all else, negative
    values as in CT included, the window goes from the 0.1st to the 99.9th percentile; of medical
    pictures that all state one window, it is that.

    Args:
        depth: How the values are stored.
        pictures: The summaries of the pictures, in any order.
    """
    low, high = min(each.low for each in pictures), max(each.high for each in pictures)
    count = len(pictures)
    if depth.number != FLOAT and low >= 0 and high < 65_536 and not depth.modality:
        fewest = next(each for each in _DEPTHS if high < 2**each)
        # A signed number keeps one of its bits for the sign.
        return _of_bits(depth, min(fewest, depth.bits - (depth.number == SIGNED)), count)
    windows = {each.window for each in pictures}
    if len(windows) == 1 and (window := windows.pop()) is not None:
        words = (
            f"{depth.kind} data shown from {window[0]:g} to {window[1]:g}, the window they state"
        )
        return Scale(depth.kind, *window, words, looked_at=count)
    bottom, top = _percentiles(pictures)
    if depth.number == FLOAT and not depth.modality:
        for limit in _FLOAT_HIGHS:
            least = limit / (16 if limit < 256 else 4)
            if least < top <= 1.25 * limit and bottom >= -0.25 * limit:
                words = f"{depth.kind} data from 0 to {limit:g} scaled to 255"
                return Scale(depth.kind, 0.0, limit, words, looked_at=count)
    if not bottom < top:
        bottom, top = low, high if high > low else low + 1
    words = (
        f"{depth.kind} data shown from {bottom:.6g} to {top:.6g}, the 0.1st and 99.9th percentile"
    )
    return Scale(depth.kind, bottom, top, words, looked_at=count)


def _of_bits(depth: Depth, bits: int, looked_at: int) -> Scale:
    words = f"{bits}-bit data"
    if bits < 16 <= depth.bits:
        # As people say it who know the 16-bit container.
        words += f" scaled by {2 ** (16 - bits)}"
    plain = depth.number == UNSIGNED and bits == depth.bits
    return Scale(depth.kind, 0.0, 2.0**bits - 1, words, plain, looked_at)


def _percentiles(pictures: Sequence[Summary]) -> tuple[float, float]:
    """The 0.1st and the 99.9th percentile of all pictures together, each counting as much.

    At least one value is left out at either end, so that a single odd pixel does not count.
    """
    values = np.concatenate([each.sample for each in pictures])
    weights = np.concatenate(
        [np.full(len(each.sample), 1 / len(each.sample)) for each in pictures]
    ) / len(pictures)
    order = np.argsort(values, kind="stable")
    upto = np.cumsum(weights[order])
    below = int(np.searchsorted(upto - weights[order], _SHARE))
    above = max(int(np.searchsorted(upto, 1 - _SHARE, side="right")) - 1, 0)
    last = len(order) - 1
    return float(values[order[min(below, last)]]), float(values[order[min(above, last)]])
