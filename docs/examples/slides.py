"""Make slides/: 240 made-up pictures of 120 patients, each seen by one of three scanners."""

from pathlib import Path

import numpy as np
import polars as pl
from PIL import Image, ImageEnhance, ImageFilter

rng = np.random.default_rng(0)
folder = Path("slides")
folder.mkdir(exist_ok=True)
stain = np.array([[225, 190, 215], [110, 60, 140]])
rows = []
for patient in range(120):
    scanner, diagnosis = "ABC"[patient % 3], ("benign", "malignant")[patient // 3 % 2]
    nuclei = 60 if diagnosis == "benign" else 140
    for number in range(2):
        there = np.zeros((160, 160))
        there[tuple(rng.integers(160, size=(2, nuclei)))] = 255
        tissue = Image.fromarray(there.astype("uint8")).filter(ImageFilter.MaxFilter(7))
        depth = np.asarray(tissue.filter(ImageFilter.GaussianBlur(1.5)))[..., None] / 255
        colours = stain[0] * (1 - depth) + stain[1] * depth + rng.normal(0, 6, (160, 160, 3))
        picture = Image.fromarray(colours.clip(0, 255).astype("uint8"))
        if scanner == "B":
            picture = ImageEnhance.Sharpness(picture).enhance(3)
        if scanner == "C":
            picture = ImageEnhance.Color(picture).enhance(0.8)
        name = f"{patient:03}_{number}.png"
        picture.save(folder / name)
        rows.append((name, diagnosis, f"patient {patient:03}", scanner))
pl.DataFrame(rows, ["path", "label", "group", "scanner"], orient="row").write_csv(
    folder / "slides.csv"
)
