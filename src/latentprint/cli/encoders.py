"""``latentprint encoders``: what can be audited."""

from __future__ import annotations

import sys

from latentprint.cli import options
from latentprint.cli.app import app


@app.command()
def encoders(as_json: options.JsonOption = False) -> None:
    """List the encoders that can be audited and how to name them."""
    from latentprint.cli.output import print_json
    from latentprint.encoders import list_encoders

    known = list_encoders()
    if as_json:
        print_json(known)
        return
    for each in known:
        installed = "" if each["installed"] else f" (needs {each['library']})"
        sys.stdout.write(f"{each['spec']:<24}{each['explanation']}{installed}\n")
