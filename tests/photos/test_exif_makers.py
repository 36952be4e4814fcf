import pytest

from latentprint.photos.devices import device_type, is_smartphone
from latentprint.photos.exif_makers import normalise_make


@pytest.mark.parametrize(
    ("spellings", "name"),
    [
        (["NIKON CORPORATION", "NIKON", "Nikon", "nikon corp.", "NIKON_CORPORATION"], "Nikon"),
        (["Canon", "CANON INC.", "Canon Inc"], "Canon"),
        (["OLYMPUS OPTICAL CO.,LTD", "OLYMPUS IMAGING CORP.", "OLYMPUS CORPORATION"], "Olympus"),
        (["SONY", "Sony", "Sony Mobile Communications Inc."], "Sony"),
        (["Sony Ericsson", "SonyEricsson"], "Sony Ericsson"),
        (["EASTMAN KODAK COMPANY", "Kodak", "KODAK"], "Kodak"),
        (["Hewlett-Packard Company", "Hewlett-Packard", "HP"], "HP"),
        (["SEIKO EPSON CORP.", "EPSON"], "Epson"),
        (["CASIO COMPUTER CO.,LTD.", "CASIO COMPUTER CO.,LTD "], "Casio"),
        (["samsung", "SAMSUNG", "Samsung Techwin", "SAMSUNG ELECTRONICS"], "Samsung"),
        (["FUJI PHOTO FILM CO., LTD.", "FUJIFILM", "FUJIFILM Corporation"], "Fujifilm"),
        (["LG Electronics", "LGE", "lge"], "LG"),
        (["MINOLTA CO.,LTD", "Konica Minolta", "Minolta Co., Ltd."], "Minolta"),
        (["Research In Motion", "RIM", "BlackBerry"], "BlackBerry"),
        (["PENTAX Corporation", "Asahi Optical Co.,Ltd."], "Pentax"),
        (["OM Digital Solutions"], "OM System"),
        (["T-Mobile", "T-MOBILE USA"], "T-Mobile"),
        (["AT&T", "AT&T Mobility"], "AT&T"),
        (["Phase One A/S", "PhaseOne"], "Phase One"),
        (["Victor Hasselblad AB", "Hasselblad"], "Hasselblad"),
        (["Nokia 2", "Nokia"], "Nokia"),
        (["RECONYX", "Reconyx, Inc."], "Reconyx"),
        (["FLIR", "FLIR Systems AB", "FLIR Systems, Inc."], "Flir"),
        (["BLU", "BLU Products"], "Blu"),
        (["GEDSC DIGITAL CAMERA", "General Imaging Co."], "GE"),
        (["Weird Thing GmbH", "WEIRD THING"], "Weird Thing"),
        (["Digital"], "Digital"),
        (["???"], "???"),
    ],
)
def test_every_spelling_of_a_maker_has_one_name(spellings: list[str], name: str) -> None:
    assert {normalise_make(each) for each in spellings} == {name}


TELEPHONES = """
    Apple/iPhone 13 Pro  ?/iPhone 4  Google/Pixel 6  Google/Nexus 5X  Samsung/SM-G960F
    Samsung/GT-I9300  Samsung/GT-N7100  Samsung/SGH-T999  Samsung/Galaxy S23  HTC/HTC One
    Nokia/N9  Nokia/6680  Nokia/Lumia 1020  Microsoft/Lumia 950  Motorola/XT1068  Sony/E6653
    Motorola/Moto Z3 Play  Sony/C6603  Sony/XQ-AT51  Sony/SO-01B  Sony/Xperia Z  LG/LG-H870
    LG/Nexus 5  Xiaomi/Redmi Note 9  Xiaomi/M2007J20CG  ?/MI 9  OnePlus/ONEPLUS A5000
    Huawei/ELE-L29  OPPO/R7plusf  Jolla/Jolla  BlackBerry/BlackBerry Z10  Sony Ericsson/K800i
    Panasonic/DMC-CM1  Kodak/EKTRA  Leica/Leitz Phone 1  Sharp/SH-04H  Asus/ASUS_Z01KD
    HMD Global/Nokia 7 plus
"""
CAMERAS = """
    Canon/Canon EOS 5D  Nikon/NIKON D750  Nikon/COOLPIX S800c  Sony/DSC-H2  Sony/ILCE-7SM2
    Sony/SLT-A57  Sony/NEX-5  Sony/CYBERSHOT  Sony/FDMAVICA  Sony/DCR-TRV70  Samsung/NX300
    Samsung/WB850F  Samsung/Digimax A7  Samsung/EK-GC100  Samsung/Galaxy Camera 2  Panasonic/DMC-FZ3
    Panasonic/DC-GH5  Panasonic/NV-GX7  Kodak/KODAK EASYSHARE Z712  Kodak/DC210 Zoom (V03.20)
    Casio/EX-Z750  HP/hp photosmart 735  HP/HP PhotoSmart 618  Kyocera/FC-S3  Toshiba/PDR-3330
    Leica/LEICA M9  Apple/QuickTake 200  Digital/Digital Cam  GoPro/HERO9 Black  Ricoh/PENTAX K-1
    Canon/?  Polaroid/i531
"""
NEITHER = """
    Apple/iPad Air  Apple/iPod touch  Samsung/SM-T530  Samsung/SM-X700  Samsung/GT-P5100
    Samsung/GT-N8000  Asus/Nexus 7  Google/Pixel C  Lenovo/Lenovo TAB 2  Sony/SGP311
    Sony/?  Sony/something new  ?/?  ?/X100  Unheard Of/Model 1  HP/HP Slate
"""


@pytest.mark.parametrize(
    ("cameras", "expected"), [(TELEPHONES, True), (CAMERAS, False), (NEITHER, None)]
)
def test_telephones(cameras: str, expected: bool | None) -> None:
    for camera in filter(None, cameras.replace("\n", "  ").split("  ")):
        make, model = (None if each == "?" else each for each in camera.strip().split("/"))
        assert is_smartphone(device_type(make, model)) is expected, camera
