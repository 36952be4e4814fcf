"""What pages say of the package, and where their links lead."""

import ast
import inspect
import json
import re
from dataclasses import fields
from pathlib import Path

import pytest
import torch

import latentprint
from latentprint.article.document import read_article
from latentprint.encoders.preprocess import Preprocess
from latentprint.experiments.probes.labels import RULES
from latentprint.photos.benchmarks import BENCHMARKS
from latentprint.photos.open import LAYOUTS
from latentprint.processing import read_attribute
from latentprint.published import SPLIT_KEYS, published
from latentprint.results import SCHEMA, Result
from latentprint.words import (
    Comparison,
    Direction,
    InfluenceSetup,
    Learned,
    RobustnessMeasure,
    Verdict,
)
from tests.docs.pages import DOCS, PAGES, README, blocks, module, prose

EXAMPLES = DOCS / "examples"
tables = module(DOCS / "_extensions" / "tables_from_code.py")


def page(name: str) -> str:
    return (DOCS / f"{name}.md").read_text("utf-8")


def slugs(text: str) -> set[str]:
    """The anchors of a page's headings, as MyST and GitHub make them."""
    headings = re.findall(r"^#{1,6} (.+)$", prose(text), re.MULTILINE)
    plain = [re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings]
    return {heading.strip().replace(" ", "-") for heading in plain}


@pytest.mark.parametrize("path", [*PAGES, README], ids=lambda path: path.stem)
def test_links_lead_somewhere(path: Path) -> None:
    text = path.read_text("utf-8")
    for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`]*`", "", prose(text))):
        if target.startswith("https://"):
            continue
        name, _, anchor = target.partition("#")
        linked = path.parent / name if name else path
        assert linked.is_file(), f"{path.name} links to {target}"
        if anchor:
            assert anchor in slugs(linked.read_text("utf-8")), f"{path.name} links to {target}"


def test_every_page_is_reached_from_the_index() -> None:
    listed = {line for block in blocks(page("index"), "{toctree}") for line in block.split("\n")}
    assert {path.stem for path in PAGES} - {"index"} <= listed


def test_every_result_column_is_described() -> None:
    described = tables.described_attributes(Result)
    assert list(described) == [each.name for each in fields(Result)] == list(SCHEMA)
    assert all(len(meaning) > 10 for meaning in described.values())
    assert "{result-columns}" in page("results")


def test_tables_from_code_have_a_cell_for_every_heading() -> None:
    for make in (
        tables.result_columns,
        tables.published_encoders,
        tables.published_ranges,
        tables.encoder_forms,
        tables.processing_attributes,
        tables.photo_labels,
    ):
        headings, rows = make()
        assert all(len(row) == len(headings) for row in rows)
        assert f"{{{make.__name__.replace('_', '-')}}}" in "".join(p.read_text() for p in PAGES)
    assert len(tables.published_encoders()[1]) == 47


def test_every_public_name_is_in_the_api() -> None:
    documented = re.findall(r"\.\. (?:autofunction|autoclass|data):: (\w+)", page("python"))
    assert sorted(documented) == sorted(latentprint.__all__)


def test_every_published_set_and_label_is_reproduced() -> None:
    text = "".join(blocks(page("reproduce"), "sh"))
    assert set(re.findall(r"--layout (\w+)", text)) == {*BENCHMARKS} - {"imagenet_es"}
    loop = re.search(r"for label in (.*?);", text, re.DOTALL)
    assert loop
    labels = {SPLIT_KEYS[name] for name in re.findall(r'"([^"]+)"', loop[1])}
    rows = published().filter(experiment="acquisition_probe")
    assert labels == {*rows["attribute"]}


def test_every_word_of_a_verdict_is_in_the_glossary() -> None:
    """Words that stand in a column of a result table without a sentence around them."""
    terms = {
        term.strip()
        for row in re.findall(r"^\| (.+?) \|", page("glossary"), re.MULTILINE)
        for term in row.split(",")
    }
    of_probes = [each for each in Verdict if each.name in ("CARRIED", "UNDECIDED", "NOT_SHOWN")]
    of_erasers = [each for each in Verdict if each.name in ("ERASED", "REDUCED", "KEPT", "LOST")]
    assert {*of_probes, *of_erasers, *InfluenceSetup, *Comparison, *Direction} <= terms
    assert {*Learned} - {"undecided"} <= terms
    assert {*RobustnessMeasure} <= terms


def test_every_layout_rule_and_preprocessing_field_is_described() -> None:
    metadata, encoders = page("metadata"), page("encoders")
    for layout in LAYOUTS:
        assert f"`{layout}`" in metadata or f"--layout {layout}" in metadata
    for rule in RULES:
        assert f"| `{rule.replace(',…', '')}` |" in metadata
    section = encoders.partition("## Preprocessing and margin")[2].partition("\n## ")[0]
    for each in fields(Preprocess):
        assert f"`{each.name}`" in section


# What users are told -------------------------------------------------------------------------


def messages() -> list[str]:
    quoted = "".join(blocks(page("troubleshooting"), "text"))
    return [line for line in quoted.split("\n") if line]


def shown(part: ast.expr) -> str:
    """A part of a text that is put together."""
    return str(part.value) if isinstance(part, ast.Constant) else "…"


def texts_of_the_source() -> list[str]:
    """Every text in the package, with … where a value is put in."""
    found = []
    for path in Path(inspect.getfile(latentprint)).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.JoinedStr):
                found.append("".join(map(shown, node.values)))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.append(node.value)
    return found


def is_said(message: str, texts: list[str]) -> bool:
    """Whether one text says the message, whatever stands for its …."""
    pattern = re.compile(".*".join(map(re.escape, message.split("…"))))
    return any(pattern.search(text) for text in texts)


def test_quoted_messages_are_in_the_source() -> None:
    texts = texts_of_the_source()
    assert len(messages()) > 30
    assert [message for message in messages() if not is_said(message, texts)] == []


# Files to copy -------------------------------------------------------------------------------


def test_the_example_article_has_no_warnings() -> None:
    document = read_article(EXAMPLES / "post.md")
    assert document.warnings == ()
    assert len(document.references) == 1
    assert {each.kind for each in document.embedded} == {"image", "plot"}


def test_the_encoder_to_copy_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(EXAMPLES)
    encoder = latentprint.load_encoder("python:own_encoder:make", device="cpu")
    embedded = encoder.embed(torch.zeros(2, 224, 224, 3, dtype=torch.uint8))
    assert embedded.shape == (2, encoder.dimension)


def test_the_attribute_to_copy_can_be_read() -> None:
    assert read_attribute(EXAMPLES / "upload.toml").classes == ("ORIGINAL", "MESSENGER")


def test_the_side_file_to_copy_is_a_preprocessing() -> None:
    written = json.loads((EXAMPLES / "encoder.onnx.preprocess.json").read_text("utf-8"))
    known = {each.name for each in fields(Preprocess)} | {"input", "output"}
    assert set(written) <= known


def test_code_of_the_pages_can_be_compiled() -> None:
    code = [block for path in (*PAGES, README) for block in blocks(path.read_text(), "python")]
    assert len(code) >= 3
    for block in code:
        compile(block, "page", "exec")
        assert set(re.findall(r"\blp\.(\w+)", block)) <= set(latentprint.__all__)
