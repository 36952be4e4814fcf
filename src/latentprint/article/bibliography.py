"""BibTeX: the works an article can cite, and how the list of references shows them."""

from __future__ import annotations

import html
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bibtexparser.entrypoint import parse_string
from bibtexparser.library import Library
from bibtexparser.middlewares import (
    LatexDecodingMiddleware,
    NameParts,
    SeparateCoAuthors,
    SplitNameParts,
)
from bibtexparser.model import (
    DuplicateBlockKeyBlock,
    DuplicateFieldKeyBlock,
    Entry,
    ParsingFailedBlock,
)

# Where a work appeared, the first field that it has.
_VENUES = ("journal", "booktitle", "publisher", "school", "institution", "howpublished")
_ARXIV = re.compile(r"\d{4}\.\d{4,5}(?:v\d+)?|[a-z.-]+/\d{7}")


@dataclass(frozen=True)
class Bibliography:
    """The entries of a BibTeX file.

    Attributes:
        entries: By key.
        problems: Line of the file and sentence for each entry that cannot be used.
    """

    entries: Mapping[str, Entry] = field(default_factory=dict)
    problems: tuple[tuple[int, str], ...] = ()


def read_bibliography(text: str) -> Bibliography:
    """Read BibTeX; broken entries are reported, the rest is used.

    Args:
        text: The content of the file.
    """
    # What is broken is told below, with its line; the library would print it too.
    logging.getLogger("bibtexparser").setLevel(logging.CRITICAL)
    library = parse_string(text)
    return Bibliography(
        library.entries_dict,
        tuple(((block.start_line or 0) + 1, _problem(block)) for block in library.failed_blocks),
    )


def reference_html(entry: Entry) -> str:
    """Write an entry as the list of references shows it: title, authors, venue, year and link."""
    decoded = _decoded(entry)
    values = {each.key.lower(): each.value for each in decoded.fields}
    parts = [f'<span class="reference-title">{_text(values.get("title") or entry.key)}</span>']
    people = _people(values.get("author") or values.get("editor"))
    if people:
        parts.append(f'<span class="reference-authors">{people}</span>')
    venue = next((_text(values[name]) for name in _VENUES if values.get(name)), "")
    year = _text(values.get("year") or str(values.get("date", ""))[:4])
    place = ", ".join(each for each in (venue, year) if each)
    if place:
        parts.append(f'<span class="reference-venue">{place}</span>')
    address = _address({each.key.lower(): str(each.value) for each in entry.fields})
    if address:
        shown = html.escape(re.sub(r"^https?://(?:www\.)?", "", address).rstrip("/"))
        parts.append(f'<a href="{html.escape(address)}" rel="noreferrer">{shown}</a>')
    return ". ".join(part.removesuffix(".") for part in parts)


def _problem(block: ParsingFailedBlock) -> str:
    if isinstance(block, DuplicateBlockKeyBlock):
        return f"the key {block.key!r} is there twice; the first entry counts"
    name = re.match(r"\s*(@\w+\s*\{\s*[^,\s}]*)", block.raw or "")
    which = f"the entry {name.group(1)!r}" if name else "an entry"
    if isinstance(block, DuplicateFieldKeyBlock):
        return f"{which} has a field twice and is left out"
    return f"{which} is broken and left out"


def _decoded(entry: Entry) -> Entry:
    """An entry with LaTeX as characters and names in parts; as it is where that fails."""
    library = Library([entry])
    decoding = LatexDecodingMiddleware(allow_inplace_modification=False)
    for step in (decoding, SeparateCoAuthors(), SplitNameParts()):
        result = step.transform(library)
        if result.entries:
            library = result
    return library.entries[0]


def _text(value: Any) -> str:
    """A field as HTML: braces that only guard capitals are dropped, dashes are dashes."""
    if isinstance(value, list):
        value = " and ".join(map(str, value))
    plain = re.sub(r"(?<!\\)[{}]", "", str(value)).replace("---", "—").replace("--", "–")
    return html.escape(" ".join(plain.split()), quote=False)


def _people(value: Any) -> str:
    """The authors' names; of many the first few."""
    if not isinstance(value, list):
        return _text(value) if value else ""
    names = [_name(each) for each in value]
    others = "others" in names
    names = [name for name in names if name and name != "others"]
    if len(names) > 10:
        names, others = names[:8], True
    if others:
        return f"{', '.join(names)}, et al."
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _name(value: Any) -> str:
    if not isinstance(value, NameParts):
        return _text(value)
    return _text(" ".join([*value.first, *value.von, *value.last, *value.jr]))


def _address(values: dict[str, str]) -> str | None:
    """Where the work is: its address, DOI or arXiv number. Only web addresses are links."""
    url = values.get("url", "").strip().strip("{}").replace("\\_", "_").replace("\\%", "%")
    if re.match(r"https?://[^\s\"'<>]+$", url, re.IGNORECASE):
        return url
    doi = re.search(r"10\.\d{4,9}/[^\s\"'<>{}]+", values.get("doi", "").replace("\\_", "_"))
    if doi:
        return f"https://doi.org/{doi.group()}"
    arxiv = _ARXIV.search(values.get("eprint", "") or values.get("journal", ""))
    return f"https://arxiv.org/abs/{arxiv.group()}" if arxiv else None
