"""Who made a device: one name for all spellings of a maker in EXIF."""

from __future__ import annotations

import re

MAKERS = {
    "agfa": "Agfa", "agfaphoto": "Agfa", "apple": "Apple", "asahi": "Pentax", "asus": "Asus",
    "at t": "AT&T", "t mobile": "T-Mobile", "ntt docomo": "Docomo", "fuji xerox": "Xerox",
    "phaseone": "Phase One", "alcatel": "Alcatel", "tct": "Alcatel", "gedsc": "GE",
    "jvckenwood": "JVC", "mamiya": "Mamiya", "matsushita": "Panasonic", "verizon": "Verizon",
    "victor hasselblad": "Hasselblad", "sz dji": "DJI", "general electric": "GE",
    "hewlettpackard": "HP", "lgelectronics": "LG", "general mobile": "General Mobile",
    "asustek": "Asus", "benq siemens": "BenQ-Siemens", "benq": "BenQ", "blackberry": "BlackBerry",
    "rim": "BlackBerry", "research in": "BlackBerry", "bq": "BQ", "canon": "Canon",
    "casio": "Casio", "concord": "Concord", "dji": "DJI", "eastman kodak": "Kodak",
    "kodak": "Kodak", "epson": "Epson", "seiko epson": "Epson", "fairphone": "Fairphone",
    "fuji": "Fujifilm", "fujifilm": "Fujifilm", "fujitsu": "Fujitsu", "ge": "GE",
    "general imaging": "GE", "google": "Google", "gopro": "GoPro", "hasselblad": "Hasselblad",
    "hewlett packard": "HP", "hp": "HP", "hmd": "HMD Global", "honor": "Honor", "htc": "HTC",
    "huawei": "Huawei", "infinix": "Infinix", "jk imaging": "JK", "jolla": "Jolla", "jvc": "JVC",
    "victor company": "JVC", "konica minolta": "Minolta", "konica": "Konica",
    "kyocera": "Kyocera", "leica": "Leica", "lenovo": "Lenovo", "lg": "LG", "lge": "LG",
    "minolta": "Minolta", "motorola": "Motorola", "nikon": "Nikon", "nokia": "Nokia",
    "olympus": "Olympus", "om digital": "OM System", "oneplus": "OnePlus", "oppo": "OPPO",
    "panasonic": "Panasonic", "pentax": "Pentax", "phase one": "Phase One",
    "polaroid": "Polaroid", "realme": "realme", "ricoh": "Ricoh", "samsung": "Samsung",
    "sanyo": "Sanyo", "sharp": "Sharp", "siemens": "Siemens", "sigma": "Sigma",
    "sony ericsson": "Sony Ericsson", "sonyericsson": "Sony Ericsson", "sony": "Sony",
    "tecno": "Tecno", "toshiba": "Toshiba", "vivitar": "Vivitar", "vivo": "vivo",
    "xiaomi": "Xiaomi", "yi": "YI", "xiaoyi": "YI", "zte": "ZTE",
}  # fmt: skip
"""Display names by the words that a make begins with; the first entry that fits counts."""

# What stands between a maker's name and a model's.
_SEPARATOR = re.compile(r"[\s_/-]+(?=\S)")

# Words at the end of an unknown make that say only what kind of company it is.
_CORPORATE = {
    "ab", "ag", "camera", "cameras", "co", "communication", "communications", "company",
    "computer", "corp", "corporation", "digital",
    "electric", "electronic", "electronics", "gmbh", "group", "imaging", "inc", "incorporated",
    "industries", "international", "kk", "limited", "llc", "ltd", "mobile", "optical", "oy",
    "photo", "plc", "products", "sa", "sas", "systems", "tech", "technologies", "technology",
}  # fmt: skip


def normalise_make(make: str) -> str:
    """One name for all spellings of a maker: "NIKON CORPORATION", "NIKON" and "Nikon" are Nikon.

    Known makers are found by the words a make begins with. Of others, words at the end that only
    say what kind of company it is are dropped, and the rest is written with capital initials.
    Konica Minolta counts as Minolta, Ricoh Imaging as Ricoh, Asahi Optical as Pentax, and JK
    Imaging, who use the name Kodak, as JK.
    """
    words = re.findall(r"[^\W_]+", make.casefold())
    for length in (2, 1):
        name = MAKERS.get(" ".join(words[:length]))
        if name is not None:
            return name
    while len(words) > 1 and words[-1] in _CORPORATE:
        words.pop()
    return " ".join(word.capitalize() for word in words) or make


def known_maker(name: str) -> str | None:
    """The maker whose name a model begins with, such as Samsung of "SAMSUNG-SM-G900A"."""
    spelling = _leading(name)
    return None if spelling is None else MAKERS[spelling]


def without_maker(name: str) -> str:
    """A model's name, in lower case, without the makers' names in front of it.

    "samsung-sm-g900a" is "sm-g900a", and "nokia 7 plus" is "7 plus"; a name that is no more than
    a maker's is kept.
    """
    while (spelling := _leading(name)) is not None:
        name = _SEPARATOR.sub("", name[len(spelling) :], count=1)
    return name


def _leading(name: str) -> str | None:
    """The spelling of a maker that a name begins with, if more follows it."""
    lower = name.casefold()
    fits = [
        spelling
        for spelling in MAKERS
        if lower.startswith(spelling) and _SEPARATOR.match(lower[len(spelling) :])
    ]
    return max(fits, key=len, default=None)
