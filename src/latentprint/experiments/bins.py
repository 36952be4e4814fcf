"""Rules of binning, as the command line has them.

This module is imported to print help, so it imports no library.
"""

from __future__ import annotations

from collections.abc import Sequence

from latentprint.errors import UsageError


def parse_bins(rules: Sequence[str]) -> dict[str, str]:
    """Read rules of binning as the command line has them, ``LABEL=RULE`` each.

    Raises:
        UsageError: One is not of this form.
    """
    found = {}
    for rule in rules:
        label, equals, how = rule.partition("=")
        if not equals or not label or not how:
            raise UsageError(f"--bins {rule!r} is not of the form LABEL=RULE, as in iso=stops.")
        found[label] = how
    return found
