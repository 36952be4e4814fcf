"""What reads results and writes pages must not wait for libraries that it may never need."""

import subprocess
import sys

import pytest

NETWORKS = {"torch", "timm", "scipy", "httpx2", "huggingface_hub", "plotly", "matplotlib"}
ENGINES = {"quickjs", "liquid"}
"""What only an article with formulas or Liquid needs."""
HEAVY = NETWORKS | ENGINES


@pytest.mark.parametrize(
    "module",
    [
        "latentprint.article",
        "latentprint.embeddings",
        "latentprint.encoders",
        "latentprint.photos.flickr",
        "latentprint.processing",
        "latentprint.report",
        "latentprint.results",
    ],
)
def test_importing_loads_no_heavy_library(module: str) -> None:
    code = f"import sys, {module}; print({{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert module.partition(".")[0] in done.stdout
    assert not [name for name in HEAVY if f"'{name}'" in done.stdout]
