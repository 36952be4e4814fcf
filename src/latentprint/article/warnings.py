"""What the reader of an article found wrong with it, with the line where it stands."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ArticleWarning:
    """Something in an article that was left out or is not as it should be.

    Attributes:
        line: Line of the article's file, counted from 1; None where no line is to blame.
        message: One sentence.
        kind: What it has in common with others of which there may be many; empty: nothing.
    """

    line: int | None
    message: str
    kind: str = ""
