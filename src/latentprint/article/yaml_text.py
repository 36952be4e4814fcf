"""YAML that may come from strangers: values as they are written, no more of them than there are."""

from __future__ import annotations

from typing import Any

import yaml

MOST = 1_000_000
"""Characters and values that aliases may make of a short text."""


def load_with_nodes(text: str, kind: type[yaml.SafeLoader]) -> tuple[yaml.Node | None, Any]:
    """The nodes and the value of a text, no more of them when every alias is written out.

    A few lines of aliases of aliases stand for billions of values ("billion laughs"), and an alias
    within its own value for endlessly many.

    Args:
        text: The text.
        kind: What makes values of nodes.

    Raises:
        yaml.YAMLError: It is no YAML, or its aliases make too much of it.
        ValueError: A value is not what it looks like.
        RecursionError: It is too deep.
    """
    loader = kind(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None, None
        _weigh(node, max(MOST, 2 * len(text) + 1), {})
        return node, loader.construct_document(node)
    finally:
        loader.dispose()


def load(text: str) -> Any:
    """The value of a text; see ``load_with_nodes``."""
    return load_with_nodes(text, yaml.SafeLoader)[1]


def _weigh(node: yaml.Node, most: int, known: dict[int, int | None]) -> int:
    """The characters and values of a node with every alias written out."""
    if isinstance(node, yaml.ScalarNode):
        return 1 + len(node.value)
    if id(node) in known:
        weight = known[id(node)]
        if weight is None:
            raise yaml.YAMLError(f"the alias in line {node.start_mark.line + 2} contains itself")
        return weight
    known[id(node)] = None
    parts = node.value if isinstance(node, yaml.SequenceNode) else sum(node.value, ())
    weight = 1 + sum(_weigh(part, most, known) for part in parts)
    if weight > most:
        raise yaml.YAMLError(f"its aliases stand for more than {most:,} characters")
    known[id(node)] = weight
    return weight
