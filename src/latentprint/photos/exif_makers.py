"""Who made a camera, and whether it is a telephone, from what EXIF says of make and model."""

from __future__ import annotations

import re

# Display names by the words that a make begins with; the first entry that fits counts.
_MAKERS = {
    "agfa": "Agfa", "agfaphoto": "Agfa", "apple": "Apple", "asahi": "Pentax", "asus": "Asus",
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

# Words at the end of an unknown make that say only what kind of company it is.
_CORPORATE = {
    "ag", "camera", "cameras", "co", "company", "computer", "corp", "corporation", "digital",
    "electric", "electronic", "electronics", "gmbh", "group", "imaging", "inc", "incorporated",
    "industries", "international", "kk", "limited", "llc", "ltd", "mobile", "optical", "oy",
    "photo", "plc", "sa", "tech", "technologies", "technology",
}  # fmt: skip

_TELEPHONES_ONLY = {
    "Alcatel", "Apple", "BenQ-Siemens", "BlackBerry", "BQ", "Blackview", "Coolpad", "Doogee",
    "Essential", "Fairphone", "Gionee", "Google", "HMD Global", "HTC", "Honor", "Huawei",
    "Infinix", "Itel", "Jolla", "LG", "Lava", "Leeco", "Lemobile", "Meizu", "Micromax",
    "Motorola", "Nextbit", "Nokia", "Nothing", "OPPO", "OnePlus", "Palm", "Siemens",
    "Sony Ericsson", "Tcl", "Tecno", "Ulefone", "Umidigi", "Wiko", "Xiaomi", "ZTE", "realme",
    "vivo",
}  # fmt: skip
_CAMERAS_ONLY = {
    "Agfa", "Canon", "Concord", "DJI", "Epson", "Fujifilm", "GE", "GoPro", "Hasselblad", "JK",
    "JVC", "Konica", "Minolta", "Nikon", "OM System", "Olympus", "Pentax", "Phase One", "Reconyx",
    "Ricoh", "Sanyo", "Sigma", "Traveler", "Vivitar", "YI",
}  # fmt: skip

# Neither a telephone nor a camera: tablets and music players.
_TABLETS = re.compile(
    r"ipad|ipod|sm-[tpx]\d|gt-(p\d|n[58]\d{3})|galaxy tab|nexus (7|9|10)\b|pixel (c|tablet)\b|"
    r"sgp\d|(lenovo )?tab\b|transformer|mediapad|matepad|redmi pad|mi pad|kindle|surface"
)
# Words that no telephone is called by. The Galaxy Camera (EK-) runs Android and is a camera.
_CAMERAS = re.compile(r"\b(digital )?cam(era|corder)?\b|ek-[a-z]{2}\d|quicktake|digimax")
# Names by which a telephone is known whatever is said of its maker.
_TELEPHONES = re.compile(
    r"iphone|pixel\b|nexus|(sm|gt|sgh|sph|sch|shv|shw)-[a-z]?\d|galaxy|nokia|lumia|htc|"
    r"xperia|xq-[a-z]|xt\d{3}|moto\b|droid|redmi|poco\b|mi(x| note| max)? ?\d|oneplus|blackberry|"
    r"lg-|lm-[a-z]\d|zenfone|asus_|leitz phone"
)
# Makers of both: which of their models are telephones, and which are cameras.
_BOTH = {
    "Acer": (r"liquid", r"c[a-z]-\d"),
    "Asus": (r"zenfone|asus_|zs\d|zc\d|ze\d", r"$."),
    "BenQ": (r"$.", r"dc"),
    "Casio": (r"g.?z|ca-\d|c\d{3}|w\d\dca", r"(ex|qv|gv|xv)-"),
    "Fujitsu": (r"f-?\d|arrows|m\d{3}", r"$."),
    "HP": (r"ipaq|veer|pre", r"(hp )?photosmart|hp [a-z]{2}\d"),
    "Kodak": (r"(kodak )?(ektra|im5)", r""),
    "Kyocera": (r"k[cy]|[ce]\d{4}|\d{3}kc", r"fc-|finecam|contax|samurai"),
    "Leica": (r"leitz phone", r""),
    "Lenovo": (r"lenovo|k\d|vibe|zuk|phab", r"$."),
    "Panasonic": (r"dmc-cm\d|eluga|p-\d\d[a-z]|t\d", r"(dmc|dc|nv|pv|hc|hdc|ag|sdr|vdr)-"),
    "Polaroid": (r"$.", r"[ait]\d{3,4}|pdc|is\d|polaroid"),
    "Samsung": (
        r"galaxy|s[cg]h|sc-\d\d[a-z]|scv\d",
        r"<?(samsung|kenox|vluu)\b|(nx|wb|st|es|pl|ex|sl|nv|l|s|hz|tl|dv|mv|sh|pro)[ -]?\d",
    ),
    "Sharp": (r"sh-?\w?\d|\d{3}sh|aquos", r"v[lne]-"),
    "Sony": (
        r"[c-j]\d{4}|(so|sol|sov)-?\d|[lmsw]t\d\d|sk\d\d|\d{3}so|a\d{3}so",
        r"dsc|dslr|slt|il[cm][ae]|nex|zv|dcr|hdr|fdr|mvc|pxw|cyber.?shot|(fd|cd) ?mavica",
    ),
    "Toshiba": (r"tg\d|w\d\dt", r"pdr|camileo"),
}


def normalise_make(make: str) -> str:
    """One name for all spellings of a maker: "NIKON CORPORATION", "NIKON" and "Nikon" are Nikon.

    Known makers are found by the words a make begins with. Of others, words at the end that only
    say what kind of company it is are dropped, and the rest is written with capital initials.
    Konica Minolta counts as Minolta, Ricoh Imaging as Ricoh, Asahi Optical as Pentax, and JK
    Imaging, who use the name Kodak, as JK.
    """
    words = re.findall(r"\w+", make.casefold())
    for length in (2, 1):
        name = _MAKERS.get(" ".join(words[:length]))
        if name is not None:
            return name
    while len(words) > 1 and words[-1] in _CORPORATE:
        words.pop()
    return " ".join(word.capitalize() for word in words) or make


def is_smartphone(make: str | None, model: str | None) -> bool | None:
    """Whether a camera is a telephone; old telephones with a camera count too.

    The rules, the first that fits counts:

    1. Tablets and music players are neither: None.
    2. A model that is called a camera is none, whoever made it.
    3. Names of telephones (iPhone, Pixel, SM-…, GT-…, Galaxy, Nokia, Lumia, HTC, Xperia, XT…,
       Moto, Redmi, Mi …, OnePlus, BlackBerry …) tell, whoever made it, unless the maker is known
       for cameras only.
    4. Makers of telephones only: True. Makers of cameras only: False.
    5. Makers of both (Samsung, Sony, Panasonic, Kodak, Casio …) by the series of the model.
    6. None where nothing of this fits.

    Args:
        make: The maker, as ``normalise_make`` names it.
        model: The model, as its maker spells it.
    """
    name = (model or "").casefold()
    if _TABLETS.match(name):
        return None
    if _CAMERAS.search(name) or make in _CAMERAS_ONLY:
        return False
    if _TELEPHONES.match(name) or make in _TELEPHONES_ONLY:
        return True
    if make not in _BOTH or not name:
        return None
    telephones, cameras = _BOTH[make]
    if re.match(telephones, name):
        return True
    return False if re.match(cameras, name) else None
