"""Write ``latentprint/__init__.pyi``: what type checkers see of the public functions.

Options are declared once, in dataclasses, of which the command line, docstrings and signatures are
made when they run. Type checkers run nothing, so that signatures are written out for them.

    python docs/generate_types.py
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

import latentprint

STUB = Path(__file__).parents[1] / "src" / "latentprint" / "__init__.pyi"

_HEAD = '''"""What type checkers see of the package; written by ``docs/generate_types.py``."""

# ruff: noqa: A002, I001
'''
_IMPORTS = {
    "Any": "typing",
    "Callable": "collections.abc",
    "Iterable": "collections.abc",
    "Literal": "typing",
    "Mapping": "collections.abc",
    "Path": "pathlib",
    "Progress": "latentprint.embeddings",
    "OnStep": "latentprint.jobs.measure",
}
"""Where the names in signatures come from that the package does not hold."""


def render() -> str:
    """The whole file."""
    homes = {name: home for home, names in latentprint._HOMES.items() for name in names}
    written = {name: "\n".join(_signature(name)) for name in latentprint.__all__ if _is_made(name)}
    used = set(re.findall(r"\w+", "\n".join(written.values())))
    imports = [(home, name) for name, home in _IMPORTS.items() if name in used]
    imports += [(f"latentprint.{homes[name]}", name) for name in homes if name not in written]
    lines = [f"from {home} import {name}" for home, name in sorted(imports)]
    listed = [f'    "{name}",' for name in latentprint.__all__]
    return "\n".join([_HEAD, *lines, "\n__all__ = [", *listed, "]\n", *written.values(), ""])


def _is_made(name: str) -> bool:
    """Whether the signature of a name is made when it runs."""
    found = getattr(latentprint, name)
    return inspect.isfunction(found) and found.__module__.startswith("latentprint.api.")


def _signature(name: str) -> Iterator[str]:
    signature = inspect.signature(getattr(latentprint, name))
    yield f"def {name}("
    keyword = False
    for each in signature.parameters.values():
        if each.kind is inspect.Parameter.KEYWORD_ONLY and not keyword:
            keyword = True
            yield "    *,"
        default = "" if each.default is inspect.Parameter.empty else " = ..."
        yield f"    {each.name}: {_written(each.annotation)}{default},"
    yield f") -> {signature.return_annotation}: ..."


def _written(kind: Any) -> str:
    """A type as it may be given."""
    if isinstance(kind, str):
        return kind
    return " | ".join(dict.fromkeys(_parts(kind)))


def _parts(kind: Any) -> Iterator[str]:
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        for each in inner:
            yield from _parts(each)
    elif origin is Literal:
        yield f"Literal[{', '.join(map(repr, inner))}]".replace("'", '"')
    elif origin is tuple and inner[-1] is ...:
        # One value stands for a list of one.
        yield _written(inner[0])
        yield f"Iterable[{_written(inner[0])}]"
    elif origin is tuple:
        yield f"tuple[{', '.join(map(_written, inner))}]"
    elif origin is dict:
        yield f"Mapping[{', '.join(map(_written, inner))}]"
        yield "str"
        yield "Iterable[str]"
    elif kind is Path:
        yield "Path"
        yield "str"
    else:
        yield "None" if kind is NoneType else "Any" if kind is Any else kind.__name__


if __name__ == "__main__":
    STUB.write_text(render(), encoding="utf-8")
