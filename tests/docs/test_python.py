"""Everything that the package exports is documented, and named as the command line names it."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest
import typer

import latentprint as lp
from latentprint.cli.main import app
from latentprint.experiments import STORED
from tests.docs.pages import DOCS, module

FUNCTIONS = [name for name in lp.__all__ if inspect.isfunction(getattr(lp, name))]
CLASSES = [name for name in lp.__all__ if inspect.isclass(getattr(lp, name))]
ARRAYS = ("ndarray", "Tensor", "VectorArray")


def section(text: str, name: str) -> str:
    """The lines under a heading of a docstring in Google's style."""
    found = re.search(rf"^{name}:\n((?:[ \t]+.*\n?|\n)+)", text, re.MULTILINE)
    return found[1] if found else ""


def described(text: str, name: str) -> set[str]:
    return set(re.findall(r"^ {4}\*{0,2}(\w+): \S", section(text, name), re.MULTILINE))


def test_every_name_is_a_function_a_class_or_told_of() -> None:
    assert sorted(lp.__all__) == sorted({*FUNCTIONS, *CLASSES, "ATTRIBUTES", "__version__"})
    assert re.fullmatch(r"\d+\.\d+\.\d+.*", lp.__version__)
    assert set(lp.__all__) == set(dir(lp))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_parameter_of_a_function_and_its_errors_are_described(name: str) -> None:
    function = getattr(lp, name)
    text = inspect.getdoc(function) or ""
    assert len(text.partition("\n")[0]) > 15
    assert described(text, "Args") >= set(inspect.signature(function).parameters)
    if name not in NO_ERRORS:
        assert "Error" in section(text, "Raises"), name


NO_ERRORS = ("list_encoders", "find_published", "read_exif")
"""Functions that no call can make fail, or that tell of it in what they return."""


@pytest.mark.parametrize("name", [each for each in CLASSES if is_dataclass(getattr(lp, each))])
def test_every_attribute_of_a_class_is_described(name: str) -> None:
    found = getattr(lp, name)
    text = inspect.getdoc(found) or ""
    shown = {each.name for each in fields(found) if not each.name.startswith("_")}
    assert described(text, "Attributes") >= shown


@pytest.mark.parametrize("name", CLASSES)
def test_every_class_and_its_methods_are_described(name: str) -> None:
    found = getattr(lp, name)
    assert len(inspect.getdoc(found) or "") > 15
    for method, value in vars(found).items():
        if not method.startswith("_") and inspect.isfunction(value):
            assert (value.__doc__ or "").strip(), f"{name}.{method}"


@pytest.mark.parametrize("name", [*FUNCTIONS, *CLASSES])
def test_arrays_have_their_shapes(name: str) -> None:
    found = getattr(lp, name)
    holds = [found] if name in FUNCTIONS else [found, *vars(found).values()]
    for each in holds:
        raw = getattr(each, "__annotations__", {})
        if any(array in str(kind) for kind in raw.values() for array in ARRAYS):
            text = (inspect.getdoc(each) or "") + (inspect.getdoc(found) or "")
            assert re.search(r"\[\w", text), f"{name}: {each}"


# The same options as on the command line --------------------------------------------------------

CALLS: dict[str, tuple[str, ...]] = {
    **{each.name: (each.name,) for each in STORED},
    "audit": ("audit",),
    "embed": ("embed",),
    "correlation": ("correlation",),
    "erase_fit": ("erase", "fit"),
    "erase_test": ("erase", "test"),
    "erase_apply": ("erase", "apply"),
    "erase_export": ("erase", "export"),
    "compare": ("compare",),
}
ONLY_THERE = {"help", "json", "quiet", "dry_run"}
"""What the command line prints, and how."""


def command(words: tuple[str, ...]) -> Any:
    found: Any = typer.main.get_command(app)
    for word in words:
        _, found, _ = found.resolve_command(None, [word])
    return found


def plain(value: Any) -> Any:
    """A default without the differences between the command line and Python."""
    return None if value in ((), {}, [], None) else str(value)


@pytest.mark.parametrize("name", CALLS)
def test_functions_have_the_options_and_defaults_of_their_commands(name: str) -> None:
    parameters = inspect.signature(getattr(lp, name)).parameters
    written = {}
    for each in command(CALLS[name]).params:
        if each.param_type_name == "argument" or each.hidden:
            continue
        flag = each.opts[0].lstrip("-").replace("-", "_")
        if flag not in ONLY_THERE:
            written[flag] = each
    missing = sorted(set(written) - set(parameters))
    assert not missing
    for flag, each in written.items():
        default = parameters[flag].default
        # What is written once for every value has its default in the dataclass alone.
        if not each.multiple and default is not inspect.Parameter.empty:
            assert plain(default) == plain(each.default), flag


def test_type_checkers_see_the_signatures_of_today() -> None:
    generator = module(DOCS / "generate_types.py")
    assert generator.STUB.read_text("utf-8") == generator.render(), "docs/generate_types.py"


def test_the_package_is_light_to_import() -> None:
    code = (
        "import sys, latentprint; heavy = {'numpy', 'polars', 'torch', 'scipy', 'sklearn', "
        "'pandas'}; print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
    assert Path(lp.__file__ or "").name == "__init__.py"
