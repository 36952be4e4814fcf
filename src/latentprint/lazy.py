"""Names of a package that are loaded when they are first used."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any


def loaded_when_used(package: str, homes: Mapping[str, Sequence[str]]) -> Callable[[str], Any]:
    """Make the ``__getattr__`` of a package that stays light to import.

    Args:
        package: Its name.
        homes: The names that each module of it holds; none is that of a module, which would take
            its place as soon as it is imported.
    """
    home_of = {name: home for home, names in homes.items() for name in names}
    if both := home_of.keys() & {home.partition(".")[0] for home in homes}:
        raise ValueError(f"{package}: these are names of modules too: {', '.join(sorted(both))}")

    def get(name: str) -> Any:
        if name not in home_of:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(f"{package}.{home_of[name]}"), name)

    return get
