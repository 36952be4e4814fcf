"""What took a photo: a telephone, a camera, a tablet …, from what EXIF says of make and model.

The rules are the table ``data/devices.csv``; makers' names are those of ``normalise_make``.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

from latentprint.photos.exif_makers import known_maker, without_maker

DEVICE_TYPES = ("phone", "camera", "tablet", "action", "scanner", "drone")
"""What a device can be; null where nothing is known of it."""

_CARRIERS = (
    "AT&T", "Docomo", "Kddi", "Orange", "Softbank", "Sprint", "T-Mobile", "Verizon", "Vodafone",
)  # fmt: skip
_SMARTPHONE = {"phone": True, "camera": False, "action": False, "scanner": False, "drone": False}


@dataclass(frozen=True)
class Rule:
    """One row of the table.

    Attributes:
        maker: The maker that it is for; "*" is any.
        pattern: What a model's name begins with, makers' names dropped, in lower case.
        device_type: What such a model is; None if it is known to be none of ``DEVICE_TYPES``.
    """

    maker: str
    pattern: re.Pattern[str]
    device_type: str | None


@cache
def rules() -> tuple[Rule, ...]:
    """The rules in their order."""
    text = files("latentprint.data").joinpath("devices.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    return tuple(
        Rule(row["maker"], re.compile(row["pattern"]), row["device_type"] or None) for row in rows
    )


@cache
def _makers() -> frozenset[str]:
    """The makers that rules are for, but carriers, whose telephones others make."""
    return frozenset(rule.maker for rule in rules()).difference(_CARRIERS)


@lru_cache(4096)
def device_type(make: str | None, model: str | None) -> str | None:
    """What a device is, by the first rule of the table that fits; None where none does.

    A maker's name in front of the model is dropped first, so that SAMSUNG-SM-G900A is known as
    SM-G900A is; where no maker is stated, or one without a rule or a carrier in its place, it tells
    the maker.

    Args:
        make: The maker, as ``normalise_make`` names it.
        model: The model, as its maker spells it.
    """
    name = " ".join((model or "").casefold().split())
    named = known_maker(name)
    maker = make if make in _makers() else named or make
    name = without_maker(name)
    own = re.match(rf"{re.escape((make or '').casefold())}[\s_/-]+(?=\S)", name) if make else None
    name = name[own.end() :] if own else name
    for rule in rules():
        if rule.maker in ("*", maker) and rule.pattern.match(name):
            return rule.device_type
    return None


def is_smartphone(device: str | None) -> bool | None:
    """Whether a device is a telephone; old ones with a camera count too.

    Tablets are neither telephones nor cameras: None.
    """
    return _SMARTPHONE.get(device or "")
