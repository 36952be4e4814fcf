"""Figures as files of their own: which are written, under which names, and what they hold."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from latentprint.errors import UsageError
from latentprint.published import published
from latentprint.report import Drawn, write_figures
from latentprint.report.figures.frame import PLOTLY
from latentprint.report.published_run import published_run
from latentprint.words import Experiment, InfluenceSetup, SimilarityMeasure
from tests.report.made_runs import HOSTILE, everything, influence_run, probe_run, write_made

POST = ("sim_dist", "acc_processing_prediction", "acquisition_plots_ninety", "ndidscatter")


@pytest.fixture(scope="module")
def published_figures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("published")
    write_figures([], out, published=True)
    return out


def names(drawn: Drawn) -> list[str]:
    return [file.stem for file in drawn.files]


def test_the_published_figures_have_the_names_of_the_post(published_figures: Path) -> None:
    written = {file.stem for file in published_figures.glob("*.html")}
    assert written >= {*POST, "neighbours"}
    assert (published_figures / PLOTLY).stat().st_size > 1_000_000


@pytest.mark.parametrize("name", [*POST[1:], "neighbours"])
def test_all_published_encoders_are_in_a_figure(published_figures: Path, name: str) -> None:
    soup = BeautifulSoup((published_figures / f"{name}.html").read_text("utf-8"), "html.parser")
    shown = {row.th.get_text() for row in soup.select("tbody tr")}
    plotted = str([json.loads(each.get_text()) for each in soup.select(".panel script")])
    encoders = published()["encoder"].unique().to_list()
    assert len(encoders) == 47
    # A table has room for 200 rows; the plot holds every encoder.
    assert shown <= set(encoders)
    assert [each for each in encoders if each not in plotted] == []


def test_published_figures_claim_no_intervals(published_figures: Path) -> None:
    for name in POST[1:]:
        text = (published_figures / f"{name}.html").read_text("utf-8")
        assert "95% interval" not in text
        assert "Verdict" not in text


def test_the_published_curves_are_densities_of_area_one() -> None:
    (record,) = published_run().details
    assert [curve["setup"] for curve in record["curves"]] == list(SimilarityMeasure)[:4]
    for curve in record["curves"]:
        edges = curve["bin_edges"]
        area = sum(
            density * (high - low)
            for density, low, high in zip(curve["density"], edges[:-1], edges[1:], strict=True)
        )
        assert area == pytest.approx(1, abs=1e-5)
    means = [curve["mean"] for curve in record["curves"]]
    assert means == sorted(means, reverse=True)


def test_published_influence_is_pos_same_minus_neg_same() -> None:
    rows = published_run().of(Experiment.KNN_INFLUENCE)
    chosen = {
        row["setup"]: row
        for row in rows
        if (row["encoder"], row["dataset"], row["attribute"])
        == ("CLIP (ViT-B/16, WIT)", "ImageNet", "jpeg")
    }
    change = chosen[InfluenceSetup.INFLUENCE]
    expected = chosen["pos-same"]["value"] - chosen["neg-same"]["value"]
    assert change["value"] == pytest.approx(expected)
    assert change["k"] == 10


def test_the_published_figures_take_less_than_five_seconds(tmp_path: Path) -> None:
    began = time.process_time()
    write_figures([], tmp_path, published=True)
    assert time.process_time() - began < 5


def test_a_run_has_every_figure_as_a_file(tmp_path: Path) -> None:
    run = write_made(everything(0.5), tmp_path / "run")
    drawn = write_figures(run, tmp_path / "out")
    assert set(names(drawn)) >= {*POST[:2], POST[3], "neighbours", "confusion", "pairs", "results"}
    assert all(file.is_file() for file in drawn.files)


def test_runs_are_joined(tmp_path: Path) -> None:
    runs = [
        write_made(probe_run(0.5), tmp_path / "probes"),
        write_made(influence_run(0.5), tmp_path / "neighbours"),
    ]
    drawn = write_figures(runs, tmp_path / "out")
    assert {"acc_processing_prediction", "neighbours"} <= set(names(drawn))


def test_what_the_post_embeds_and_nobody_measured_is_said(tmp_path: Path) -> None:
    run = write_made(influence_run(0.5), tmp_path / "run")
    said = write_figures(run, tmp_path / "out").left_out
    assert [each.partition(" ")[0] for each in said] == list(POST)
    assert f"latentprint similarity STORE --out {run}-similarity" in said[0]
    assert write_figures(run, tmp_path / "one", only=["neighbours"]).left_out == ()


def test_names_and_choice(tmp_path: Path) -> None:
    run = write_made(influence_run(0.5), tmp_path / "run")
    drawn = write_figures(run, tmp_path / "out", only=["neighbours"], names={"neighbours": "knn"})
    assert names(drawn) == ["knn"]
    assert sorted(each.name for each in (tmp_path / "out").iterdir()) == ["knn.html", PLOTLY]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"only": ["neighbour"]}, "Did you mean 'neighbours'?"),
        ({"names": {"nearest": "x"}}, "There is no figure 'nearest'"),
        ({"names": {"neighbours": "../x"}}, "cannot name a file"),
        ({"names": {"neighbours": "results"}}, "Two figures would be named results"),
        ({"published": True}, "either runs or --published"),
    ],
)
def test_wrong_calls_are_refused(tmp_path: Path, options: dict[str, object], said: str) -> None:
    run = write_made(influence_run(0.5), tmp_path / "run")
    with pytest.raises(UsageError, match=re.escape(said)):
        write_figures(run, tmp_path / "out", **options)  # type: ignore[arg-type]
    assert not (tmp_path / "out").exists()


def test_neither_a_run_nor_published(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="or --published"):
        write_figures([], tmp_path)
    with pytest.raises(UsageError, match="--photos is for runs"):
        write_figures([], tmp_path, published=True, photos=tmp_path)


def test_inline_pages_hold_plotly_and_need_no_other_file(tmp_path: Path) -> None:
    run = write_made(influence_run(0.5), tmp_path / "run")
    (file,) = write_figures(run, tmp_path / "out", only=["neighbours"], inline=True).files
    assert [each.name for each in (tmp_path / "out").iterdir()] == [file.name]
    assert 'src="' not in file.read_text("utf-8").split("<script>")[0]
    assert file.stat().st_size > 4_000_000


def test_what_comes_from_a_run_is_escaped(tmp_path: Path) -> None:
    run = write_made(influence_run(0.5, HOSTILE, "yours"), tmp_path / "run")
    for file in write_figures(run, tmp_path / "out").files:
        soup = BeautifulSoup(file.read_text("utf-8"), "html.parser")
        scripts = [each.get_text() for each in soup.select("script:not([type])")]
        assert not any("alert(1)" in each for each in scripts)
        assert soup.select("b") == []
