"""Make vectors.npy and photos.csv: 900 product photos of 60 sellers, each with one phone."""

import numpy as np
import polars as pl

rng = np.random.default_rng(0)
seller = np.repeat(np.arange(60), 15)
phone = seller % 3
category = rng.integers(10, size=900)
shown = rng.normal(size=(10, 128))[category] + rng.normal(size=(900, 128))
traces = 0.35 * rng.normal(size=(3, 128))[phone] + 0.25 * rng.normal(size=(60, 128))[seller]
np.save("vectors.npy", (shown + traces).astype(np.float32))
pl.DataFrame(
    {
        "photo": [f"{number:03}.jpg" for number in range(900)],
        "category": [f"category {each}" for each in category],
        "phone": np.array(["Aster", "Birch", "Clover"])[phone],
        "seller": [f"seller {each}" for each in seller],
    }
).write_csv("photos.csv")
