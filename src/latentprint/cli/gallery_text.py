"""Neighbour galleries as text for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def gallery_lines(gallery: dict[str, Any]) -> Iterator[str]:
    """One gallery in lines of text."""
    query = gallery["query"]
    yield ""
    yield (
        f"Neighbours of {query['id']} ({query['label']}) under {query['processing']}, the other "
        f"class being {gallery['other_processing']}, {gallery['encoder']}"
    )
    yield f"({gallery['chosen']})"
    for setup in gallery["setups"]:
        neighbours = setup["neighbours"]
        yield f"  {setup['setup']}: {setup['right']} of {len(neighbours)} right"
        for each in neighbours:
            mark = "right" if each["right"] else "wrong"
            yield (
                f"    {each['rank']:>2}  {each['similarity']:.3f}  {mark}  {each['label']}  "
                f"{each['processing']}  {each['id']}"
            )
