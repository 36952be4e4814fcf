from __future__ import annotations

import json
import re
from dataclasses import asdict, replace
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from latentprint.report import comparison_prose, write_report
from latentprint.report.comparison_prose import (
    pairs_sentence,
    robustness_sentence,
    similarity_sentence,
    stability_sentence,
)
from latentprint.report.comparison_tables import overtaken_table, pairs_table
from latentprint.report.correlation_figure import DRAWN, WRITTEN, correlation_panel
from latentprint.report.failures import EACH, chosen_failures
from latentprint.report.galleries import SHOWN, chosen_galleries
from latentprint.report.pairs_figure import pairs_panels
from latentprint.report.similarity_figure import similarity_panels
from latentprint.results import Result, results_table, write_results
from tests.report.comparison_rows import (
    CURVES,
    ENCODER,
    HOSTILE,
    comparison_details,
    comparison_rows,
    correlation_json,
    gallery_detail,
    pairs_json,
    pairs_rows,
    robustness_rows,
    similarity_rows,
    stability_rows,
)
from tests.report.conftest import Maker


def by_setup(rows: list[Result]) -> dict[str, dict[str, Any]]:
    return {each.setup: asdict(each) for each in rows}


def recall(**changes: Any) -> dict[str, dict[str, Any]]:
    return by_setup([replace(each, **changes) for each in pairs_rows()[:3]])


def page_of(folder: Path, *, pictures: bool = True) -> str:
    return write_report(folder, pictures=pictures).read_text(encoding="utf-8")


def test_setups_are_named_as_the_experiments_name_them() -> None:
    # The package has functions of the same names as these modules.
    similarity, stability, pairs, robustness = (
        import_module(f"latentprint.experiments.{name}")
        for name in (
            "similarity.similarity",
            "similarity.stability",
            "pairs.pairs",
            "neighbors.robustness",
        )
    )
    assert similarity.CURVES == CURVES
    for name in ("AGAINST", "WITH"):
        assert getattr(comparison_prose, name) == getattr(similarity, name)
    assert comparison_prose.AUC_DIFFERENCE == similarity.DIFFERENCE
    for name in ("SELF", "FIRST", "OTHER", "FARTHER"):
        assert getattr(comparison_prose, name) == getattr(stability, name)
    for name in ("QUERY_GALLERY", "TARGET_GALLERY", "DIFFERENCE"):
        assert getattr(comparison_prose, name) == getattr(pairs, name)
    for name in ("INDEX", "CLASS_PURITY", "NUISANCE_PURITY"):
        assert getattr(comparison_prose, name) == getattr(robustness, name)


@pytest.mark.parametrize(
    ("changes", "claim"),
    [
        ({}, "Photos with the same JPEG compression are more alike:"),
        ({"low": -0.5}, "JPEG compression is not shown to make photos more alike:"),
        ({"low": -2.0, "high": -1.0}, "Photos with the same JPEG compression are less alike:"),
        ({"n_test": 1}, "JPEG compression, for one query:"),
    ],
)
def test_similarity(changes: dict[str, Any], claim: str) -> None:
    rows = by_setup(similarity_rows("jpeg"))
    rows["AUC difference"] |= changes
    text = similarity_sentence(rows)
    assert text.startswith(claim)
    assert "in 9.4% of comparisons" in text
    assert "+2.1 points" in text


def test_without_aucs_nothing_is_said_of_similarity() -> None:
    assert similarity_sentence(by_setup(similarity_rows("jpeg")[:4])) == ""


def test_stability_tells_of_the_threshold_of_the_user() -> None:
    text = stability_sentence(by_setup(stability_rows("jpeg")))
    assert "keeps a cosine similarity of 0.988 to itself" in text
    assert "nearest other photo is at 0.461" in text
    assert "In 0.31% of cases (95% interval 0.28% to 0.34%)" in text
    assert text.endswith("Below your threshold of 0.95 come 1.21% (1.09% to 1.33%).")


def test_stability_from_a_reference_alone() -> None:
    text = stability_sentence(by_setup(stability_rows("jpeg", ", from none")))
    assert "re-encoded from none to another class" in text
    assert "threshold of 0.95 come" in text


@pytest.mark.parametrize(
    ("verdict", "claim"),
    [
        ("traces distract retrieval", "Traces of the device distract retrieval:"),
        ("traces distract retrieval (reversed)", "Distractors that share the target's device do"),
        ("no distraction shown", "Traces of the device are not shown to distract retrieval"),
        ("", "recall@1 is 88.4%"),
    ],
)
def test_pairs(verdict: str, claim: str) -> None:
    text = pairs_sentence(recall(verdict=verdict))
    assert text.startswith(claim)
    assert "McNemar's p = <0.001" in text


def test_robustness() -> None:
    text = robustness_sentence(by_setup(robustness_rows("make")))
    assert text.startswith("Of the 10 nearest neighbours that share the class or camera make")
    assert "21.0% share camera make (shuffled 11.0%)" in text
    assert text.endswith("Neighbours share camera make more often than by chance.")


def test_curves_differ_in_colour_and_dash_and_keep_their_order() -> None:
    panel = similarity_panels(comparison_details()[:1])[0]
    assert [each["hovertext"][0].split("<br>")[0] for each in panel.data] == list(CURVES)
    assert len({(each["line"]["color"], each["line"]["dash"]) for each in panel.data}) == 4


def test_recall_stands_beside_the_published_encoders() -> None:
    (panel,) = pairs_panels([asdict(each) for each in pairs_rows()])
    points = {each["legendgroup"]: len(each["x"]) for each in panel.data}
    assert points == {"CVL": 24, "SUP": 11, "SSL": 12, "yours": 1}
    assert (panel.data[-1]["x"], panel.data[-1]["y"]) == ([99.3], [88.4])


def test_another_k_has_no_published_context() -> None:
    rows = [asdict(each) for each in pairs_rows() if each.attribute == "recall@5"]
    (panel,) = pairs_panels(rows)
    assert panel.title.startswith("recall@5")
    assert sum(len(each["x"]) for each in panel.data) == 1


def test_galleries_stand_beside_each_other_in_a_line() -> None:
    table = pairs_table([asdict(each) for each in pairs_rows()])
    lines = [dict(zip(table.head, each, strict=True)) for each in table.rows]
    assert len(lines) == 6
    assert lines[0]["Query and target"] == "mean of all directions"
    assert lines[0]["Difference"] == "+10.9 (9.4 to 12.5)"
    assert {each["Query and target"] for each in lines[3:]} == {f"query {HOSTILE}, target phone"}


def test_photos_that_are_overtaken_are_listed() -> None:
    table = overtaken_table([comparison_details()[2]])
    assert table.rows[0][0] == HOSTILE
    assert table.rows[0][-2:] == ("0.710", "0.830")


def test_numbers_stand_in_the_cells_of_a_small_heat_map() -> None:
    cells = correlation_panel(correlation_json(3)).data[0]
    assert cells["text"][0][:3] == ["1", "–", ".25"]
    assert cells["z"][0][1] is None
    assert "text" not in correlation_panel(correlation_json(WRITTEN)).data[0]
    assert len(correlation_panel(correlation_json(DRAWN + 9)).data[0]["z"]) == DRAWN


def test_every_encoder_and_attribute_has_its_first_galleries() -> None:
    many = [gallery_detail("jpeg") for _ in range(SHOWN + 3)] + [gallery_detail("resizing")]
    chosen = chosen_galleries([{**each, "n": at} for at, each in enumerate(many)])
    assert len(chosen) == SHOWN
    assert chosen[-1]["attribute"] == "resizing"


def test_every_encoder_has_room_for_failures() -> None:
    many = [{**pairs_json(name)["failures"][0]} for name in ("a", "b") for _ in range(10)]
    chosen = chosen_failures(many)
    assert [each["encoder"] for each in chosen] == ["a"] * EACH + ["b"] * EACH


def test_pictures_are_embedded_once_and_the_page_stays_small(make_run: Maker) -> None:
    folder = make_run()
    text = page_of(folder)
    assert text.count("data:image/jpeg;base64") == 2
    assert text.count('<use href="#picture-0"/>') == 3 + 1 + 2
    assert text.count("Picture not found</span>") == 2 * 3 + 2
    assert len(text.encode()) < 8_000_000


def test_without_pictures_ids_take_their_place(make_run: Maker) -> None:
    text = page_of(make_run(), pictures=False)
    assert "data:image/jpeg" not in text
    assert "Picture not found" not in text
    assert "broken.jpg" in text
    assert 'class="tile right"' in text


def test_an_unknown_folder_of_photos_leaves_placeholders(make_run: Maker) -> None:
    folder = make_run()
    (folder / "settings.json").unlink()
    text = page_of(folder)
    assert "data:image/jpeg" not in text
    assert "Picture not found</span>" in text


def test_hostile_names_cannot_become_markup_anywhere(make_run: Maker) -> None:
    text = page_of(make_run())
    assert "<script>alert(" not in text
    assert "<b>bold</b>" not in text
    for part in ("similarity", "stability", "galleries", "pairs", "robustness", "correlation"):
        section = re.search(rf'<section aria-labelledby="{part}">.*?</section>', text, re.DOTALL)
        assert section is not None
        assert "alert(4)" in section.group(0), part


def test_what_was_not_measured_has_no_section(tmp_path: Path) -> None:
    write_results(results_table(stability_rows("jpeg")), tmp_path)
    text = page_of(tmp_path)
    assert 'id="stability"' in text
    for part in ("probe", "neighbours", "similarity", "galleries", "pairs", "robustness"):
        assert f'id="{part}"' not in text
    assert 'id="correlation"' not in text


def test_the_summary_tells_of_every_experiment(make_run: Maker) -> None:
    text = page_of(make_run())
    summary = text[text.index('id="summary"') : text.index('id="cautions"')]
    for words in ("are more alike", "keeps a cosine similarity", "distract retrieval", "shuffled"):
        assert words in summary


def test_what_pairs_left_out_is_a_caution(tmp_path: Path) -> None:
    write_results(results_table(comparison_rows()), tmp_path)
    left_out = {f"near-duplicate pairs, {ENCODER}": "A vector is zero."}
    (tmp_path / "pairs.json").write_text(json.dumps({"failures": [], "left_out": left_out}))
    assert "was left out: A vector is zero." in page_of(tmp_path)
