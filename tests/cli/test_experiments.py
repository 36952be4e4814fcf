"""The commands on stored embeddings are made of the options of their experiments."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner, Result

from latentprint.cli.experiments import command_of
from latentprint.cli.main import app
from latentprint.errors import LatentprintError, UsageError
from latentprint.experiments import STORED
from latentprint.experiments.parameters import made_of, parameters_of
from latentprint.options import option


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(each) for each in arguments])


@dataclass(frozen=True)
class Inner:
    """Inside.

    Attributes:
        least: The least
            of all.
    """

    least: float = option(0.5, least=0)
    hidden: int = 3


@dataclass(frozen=True)
class Outer:
    """Outside.

    Attributes:
        ks: Numbers.
        rules: Rules.
        kind: Which kind.
        inner: More.
    """

    ks: tuple[int, ...] = option((1, 2), "-k")
    rules: dict[str, str] = option(
        {}, parse=lambda written: dict(each.split("=") for each in written)
    )
    kind: Literal["a", "b"] = option("a")
    inner: Inner = field(default_factory=Inner)


def test_options_are_those_of_the_dataclass_and_described_by_its_docstring() -> None:
    found = {each.name: each for each in parameters_of(Outer)}
    assert list(found) == ["ks", "rules", "kind", "least"]
    assert found["least"].help == "The least of all."
    assert found["ks"].flag == "-k"
    assert found["kind"].flag == "--kind"


def test_what_is_written_becomes_the_dataclass() -> None:
    written = {"ks": [5], "rules": ["x=stops"], "kind": "b", "least": 1.5}
    assert made_of(Outer, written) == Outer((5,), {"x": "stops"}, "b", Inner(1.5))
    nothing = {"ks": None, "rules": [], "kind": "a", "least": 0.5}
    assert made_of(Outer, nothing) == Outer()


@pytest.mark.parametrize("name", [each.name for each in STORED])
def test_every_experiment_has_a_command_whose_options_are_described(name: str) -> None:
    (registered,) = (each for each in STORED if each.name == name)
    command = command_of(registered)
    assert all(each.help for each in command.params if each.name != "help")
    names = [flag for each in command.params for flag in each.opts]
    assert len(names) == len(set(names))
    assert {"--metadata", "--where", "--out", "--json", "--seed"} <= set(names)


@pytest.fixture
def vectors(tmp_path: Path) -> Path:
    np.save(tmp_path / "v.npy", np.random.default_rng(0).normal(size=(12, 4)).astype(np.float32))
    pl.DataFrame({"make": ["a", "b"] * 6, "label": ["x"] * 12}).write_csv(tmp_path / "t.csv")
    return tmp_path / "v.npy"


def test_a_run_that_measured_nothing_fails_and_says_why(vectors: Path) -> None:
    done = run("robustness", vectors, "--metadata", vectors.parent / "t.csv", "--nuisance", "make")
    assert isinstance(done.exception, LatentprintError)
    assert not isinstance(done.exception, UsageError)
    assert "fewer than two values of 'label'" in str(done.exception)
    assert done.stdout == ""
    assert "Left out: robustness, make, v" in done.stderr


def test_results_as_json(vectors: Path) -> None:
    pl.DataFrame({"make": ["a", "b"] * 6, "label": list("xxyy") * 3}).write_csv(
        vectors.parent / "t.csv"
    )
    done = run(
        "robustness", vectors, "--metadata", vectors.parent / "t.csv", "--nuisance", "make",
        "-k", "2", "--json",
    )  # fmt: skip
    found = json.loads(done.stdout)
    assert {row["k"] for row in found["results"]} == {2}
    assert found["left_out"] == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--solver", "lbfgs"), "--protocol study sets --solver sgd: leave out --solver lbfgs."),
        (("--fits", "3"), "--protocol study sets --fits 10: leave out --fits 3."),
        (("--curve",), "--protocol study sets --no-curve: leave out --curve."),
    ],
)
def test_the_protocol_of_the_study_refuses_what_contradicts_it(
    vectors: Path, arguments: tuple[str, ...], message: str
) -> None:
    done = run("probe", vectors, "--protocol", "study", *arguments)
    assert isinstance(done.exception, UsageError)
    assert str(done.exception) == message


def test_a_misspelt_command_is_recognised() -> None:
    assert "robustness" in run("robustnes").stderr


@pytest.mark.parametrize(
    ("arguments", "known"),
    [(("neighbours",), "influence"), (("encoders", "published"), "bench")],
)
def test_a_command_like_no_other_is_answered_with_those_that_exist(
    arguments: tuple[str, ...], known: str
) -> None:
    done = run(*arguments)
    assert done.exit_code == 2
    assert "There is no command" in done.stderr
    assert known in done.stderr
