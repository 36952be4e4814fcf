"""Pictures are put in as large as they are shown."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from PIL import Image

from latentprint.article.context import Options
from latentprint.article.document import Document, parse_article
from latentprint.article.pictures import DENSITY, QUALITY

WIDE = (5000, 2500)
GRID = "<style>.g { display: grid; grid-template-columns: repeat(2, 100px); }</style>"
PICTURE = '<img src="a.jpg" alt="x">'


def render(folder: Path, markdown: str, styles: str = "", *, scale: bool = True) -> Document:
    front = f"---\ntitle: T\n_styles: >\n  {styles}\n---\n" if styles else ""
    return parse_article(f"{front}{markdown}", folder=folder, options=Options(scale=scale))


def shown(document: Document) -> Image.Image:
    source = str(BeautifulSoup(document.body, "html.parser").select("img")[0]["src"])
    return Image.open(io.BytesIO(base64.b64decode(source.partition(",")[2])))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    Image.radial_gradient("L").resize(WIDE).convert("RGB").save(tmp_path / "a.jpg", quality=95)
    return tmp_path


@pytest.mark.parametrize(
    ("markdown", "styles", "width"),
    [
        ("![x](a.jpg)", "", 704),
        ('<div class="l-page"><img src="a.jpg" alt=""></div>', "", 1144),
        ('<img class="l-screen" src="a.jpg" alt="">', "", 1920),
        ('<img src="a.jpg" alt="" width="120">', "", 120),
        ('<img src="a.jpg" alt="" width="50%">', "", 352),
        ('<p style="max-width: 10rem"><img src="a.jpg" alt=""></p>', "", 160),
        (PICTURE, "img { width: 90px }", 90),
        (PICTURE, "@media (max-width: 9px) { img { width: 90px } }", 704),
        (PICTURE, "img { width: 100% } a:hover img { width: 5px }", 704),
        (PICTURE, "{ ] img:nonsense(2 { width: 90px }", 704),
        (f'<div class="g">{PICTURE}</div>', ".g { grid-template-columns: 1fr 1fr }", 704),
    ],
)
def test_pictures_have_twice_the_pixels_that_are_shown(
    folder: Path, markdown: str, styles: str, width: int
) -> None:
    expected = min(DENSITY * width, WIDE[0])
    assert shown(render(folder, markdown, styles)).size[0] == expected


def test_a_cell_of_a_grid_is_filled_by_the_shorter_side(folder: Path) -> None:
    document = render(folder, f'{GRID}\n<div class="g">{PICTURE}</div>')
    assert shown(document).size == (400, 200)


def test_what_was_done_is_told(folder: Path) -> None:
    (each,) = render(folder, "![x](a.jpg)").embedded
    assert each.scaled_from == (folder / "a.jpg").stat().st_size
    assert each.size < each.scaled_from


def test_pictures_stay_as_they_are_where_that_is_wished(folder: Path) -> None:
    document = render(folder, "![x](a.jpg)", scale=False)
    assert shown(document).size == WIDE
    assert document.embedded[0].scaled_from == 0


def test_a_photo_is_turned_as_its_exif_says_and_keeps_its_profile(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.linear_gradient("L").resize(WIDE).convert("RGB").save(
        tmp_path / "a.jpg", exif=exif, icc_profile=b"profile", quality=95
    )
    made = shown(render(tmp_path, "![x](a.jpg)"))
    assert made.size == (1408, 2816)
    assert made.getexif().get(0x0112) is None
    assert made.info["icc_profile"] == b"profile"
    # The dark upper edge of the stored picture is now at the right.
    assert made.getpixel((5, 1000))[0] > made.getpixel((1400, 1000))[0]


def test_a_transparent_palette_stays_transparent(tmp_path: Path) -> None:
    picture = Image.linear_gradient("L").resize((3000, 3000)).convert("P")
    picture.save(tmp_path / "a.png", transparency=0)
    made = shown(render(tmp_path, "![x](a.png)"))
    assert made.size == (1408, 1408)
    assert made.mode == "RGBA"


def test_animations_and_deep_pictures_stay_as_they_are(tmp_path: Path) -> None:
    frames = [Image.new("L", (3000, 30), each) for each in (0, 255)]
    frames[0].save(tmp_path / "a.png", save_all=True, append_images=frames[1:])
    Image.new("I;16", (3000, 30)).save(tmp_path / "b.png")
    for name in ("a.png", "b.png"):
        assert shown(render(tmp_path, f"![x]({name})")).size == (3000, 30)


def test_a_broken_picture_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"\xff\xd8\xff broken")
    assert render(tmp_path, "![x](a.jpg)").embedded[0].size == 10


def test_the_pixels_are_those_of_a_plain_resize(folder: Path) -> None:
    import numpy as np

    with Image.open(folder / "a.jpg") as picture:
        expected = picture.resize((1408, 704), Image.Resampling.BOX)
    made = shown(render(folder, "![x](a.jpg)"))
    apart = np.abs(np.asarray(made, float) - np.asarray(expected, float))
    assert apart.mean() < 1.5
    assert QUALITY == 85
