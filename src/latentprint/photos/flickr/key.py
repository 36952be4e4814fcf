"""The key to Flickr's API, which comes from the environment and goes nowhere else."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from latentprint.errors import UsageError

KEY_VARIABLE = "FLICKR_API_KEY"


def read_key(environment: Mapping[str, str] = os.environ) -> str:
    """The key to the API, from the environment variable FLICKR_API_KEY.

    Raises:
        UsageError: It is missing or cannot be a key; the message does not repeat it.
    """
    key = environment.get(KEY_VARIABLE, "").strip()
    if not key:
        raise UsageError(
            f"Flickr needs a key: get one at https://www.flickr.com/services/apps/create/ and put "
            f"it into the environment variable {KEY_VARIABLE}."
        )
    if not re.fullmatch(r"[0-9A-Za-z]{16,64}", key):
        raise UsageError(
            f"The value of {KEY_VARIABLE} is no key: a key is 32 letters and digits, without "
            "quotation marks or spaces."
        )
    return key
