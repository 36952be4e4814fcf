"""Text inside of HTML elements whose content is no HTML."""

from __future__ import annotations

import re


def inside(text: str, element: str) -> str:
    """Text of a style or script element without what would end the element it stands in.

    Args:
        text: A style sheet or a script.
        element: ``style`` or ``script``.
    """
    return re.sub(rf"</(?={element})", r"<\\/", text, flags=re.IGNORECASE)
