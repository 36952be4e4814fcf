"""What the reader of an article found wrong with it, with the line where it stands."""

from __future__ import annotations

from collections.abc import Iterable
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


def grouped(warnings: Iterable[ArticleWarning], most: int = 3) -> list[str]:
    """Warnings as lines of text, of which those of a kind that is frequent are told together.

    Args:
        warnings: The warnings, in order of lines.
        most: How many of a kind are told one by one.

    Returns:
        Each as "LINE: MESSAGE"; after the first ones of a kind, how many more there are and where.
    """
    kinds: dict[str, list[ArticleWarning]] = {}
    for each in warnings:
        kinds.setdefault(each.kind or each.message, []).append(each)
    told = []
    for kind, group in kinds.items():
        told += [
            f"{'' if each.line is None else f'{each.line}: '}{each.message}"
            for each in group[:most]
        ]
        rest = group[most:]
        if rest:
            lines = list(dict.fromkeys(str(each.line) for each in rest if each.line is not None))
            where = f", in lines {', '.join(lines[:5])}{', …' if len(lines) > 5 else ''}"
            told.append(f"{len(rest)} more of the kind “{kind}”{where if lines else ''}.")
    return told
