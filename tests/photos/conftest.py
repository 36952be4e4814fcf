import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared_cases() -> Path:
    """The folder of small inputs that were once read wrongly, beside the checkout."""
    folder = Path(__file__).resolve().parents[3] / "shared" / "cases"
    if not folder.is_dir():
        if os.environ.get("CI"):
            pytest.fail(f"the cases are not there: {folder}")
        pytest.skip(f"the cases are not there: {folder}")
    return folder
