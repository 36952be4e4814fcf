"""The folder of an article that people edit."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from latentprint.errors import LatentprintError
from latentprint.report.source_folder import RECORD, write_source

FILES = {"article.md": "Text\n", "figures/a.html": "<figure>A</figure>", "references.bib": ""}


def test_what_nobody_edited_is_written_again_and_what_is_not_needed_goes(tmp_path: Path) -> None:
    write_source(FILES, tmp_path)
    write_source({"article.md": "New\n", "references.bib": ""}, tmp_path)
    assert (tmp_path / "article.md").read_text() == "New\n"
    assert not (tmp_path / "figures" / "a.html").exists()


@pytest.mark.parametrize("name", ["article.md", "references.bib", "figures/a.html"])
def test_an_edited_file_is_kept_unless_forced(tmp_path: Path, name: str) -> None:
    write_source(FILES, tmp_path)
    (tmp_path / name).write_text("Mine\n")
    with pytest.raises(LatentprintError, match=rf"{name} was edited.*--force"):
        write_source({**FILES, "article.md": "New\n"}, tmp_path)
    assert (tmp_path / "article.md").read_text() != "New\n"
    write_source({**FILES, "article.md": "New\n"}, tmp_path, force=True)
    assert (tmp_path / "article.md").read_text() == "New\n"


def test_a_file_of_somebody_else_is_kept(tmp_path: Path) -> None:
    (tmp_path / "article.md").write_text("Not ours\n")
    with pytest.raises(LatentprintError, match="is not of this command"):
        write_source(FILES, tmp_path)
    assert (tmp_path / "article.md").read_text() == "Not ours\n"


def test_files_beside_the_article_stay(tmp_path: Path) -> None:
    write_source(FILES, tmp_path)
    (tmp_path / "figures" / "mine.html").write_text("mine")
    write_source({"article.md": "New\n"}, tmp_path)
    assert (tmp_path / "figures" / "mine.html").read_text() == "mine"


def test_a_record_that_was_tampered_with_removes_nothing_elsewhere(tmp_path: Path) -> None:
    other = tmp_path / "other.txt"
    other.write_text("keep")
    folder = tmp_path / "article"
    write_source(FILES, folder)
    (folder / RECORD).write_text(json.dumps({"../other.txt": "0"}))
    write_source(FILES, folder, force=True)
    assert other.read_text() == "keep"


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LatentprintError, match="Cannot write to"):
        write_source(FILES, tmp_path / "file")
