"""The sections of a report, in the order in which it tells them.

A section goes on under the heading before it where it has none of its own.
"""

from importlib import import_module

from latentprint.report.section import Section

_MODULES = (
    "probes",
    "confusion",
    "layers",
    "curves",
    "influence",
    "galleries",
    "robustness",
    "pairs",
    "similarity",
    "variance",
    "correlation",
    "files",
    "stability",
    "erasure",
)

SECTIONS: tuple[Section, ...] = tuple(
    section for name in _MODULES for section in import_module(f"{__name__}.{name}").SECTIONS
)
