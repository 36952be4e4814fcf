"""Figures on the terminal and in the complete table."""

from dataclasses import replace

import pytest

from latentprint.cli.output import print_results
from latentprint.report.complete_table import complete_table
from latentprint.report.inputs import Run
from latentprint.report.paper_tables import tables_of
from latentprint.results import results_table
from latentprint.verdicts import judged
from latentprint.words import InfluenceSetup
from tests.report.made_runs import influence_run


def test_an_effect_that_is_shown_is_not_written_as_none(
    capsys: pytest.CaptureFixture[str],
) -> None:
    rows = influence_run(0.0).rows
    row, *_ = (each for each in rows if each.setup == InfluenceSetup.INFLUENCE)
    shown = judged([replace(row, value=0.04, low=0.02, high=0.06, p=1e-9)])
    print_results(shown, [], as_json=False)
    (line,) = (each for each in capsys.readouterr().out.splitlines() if "(tiny)" in each)
    assert "0.04" in line
    assert "0.02 to 0.06" in line
    run = Run(results_table(shown), None, {}, [])
    (paper,) = tables_of(run)
    assert "+0.04* (+0.02 to +0.06)" in paper.rows[0]
    (cells,) = complete_table(results_table(shown).to_dicts()).rows
    assert {"0.04", "0.02 to 0.06"} <= set(cells)
