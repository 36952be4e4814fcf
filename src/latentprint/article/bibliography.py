"""BibTeX: the works an article can cite, and how the list of references shows them."""

from __future__ import annotations

import html
import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from urllib.parse import quote

from bibtexparser.entrypoint import parse_string
from bibtexparser.middlewares.names import parse_single_name_into_parts
from bibtexparser.model import (
    DuplicateBlockKeyBlock,
    DuplicateFieldKeyBlock,
    Entry,
    Field,
    ParsingFailedBlock,
)
from pylatexenc.latex2text import LatexNodes2Text, MacroTextSpec, get_default_latex_context_db

from latentprint.article.equations import mathml
from latentprint.article.mathjax import FormulaError

# Where a work appeared, the first field that it has, by the names of BibTeX and of biblatex.
_VENUES = (
    "journal", "journaltitle", "booktitle", "publisher", "school", "institution", "organization",
    "howpublished",
)  # fmt: skip
# What a part of a larger work calls the title of the whole, by the kind of the part.
_TITLE_OF_WHOLE = {"article": "journal"}
_NEVER_INHERITED = {"title", "crossref", "shorttitle", "author", "editor", "url", "doi", "eprint"}
_ARXIV = re.compile(r"\d{4}\.\d{4,5}(?:v\d+)?|[a-z.-]+/\d{7}", re.IGNORECASE)
_FORMULA = re.compile(r"(?<!\\)\$(.+?)(?<!\\)\$|\\\((.+?)\\\)", re.DOTALL)
_URL = re.compile(
    r"\\(?:url|path|nolinkurl)\s*\{([^{}]*(?:\{[^{}]*\}[^{}]*)*)\}|\\href\s*\{([^{}]*)\}"
)
_BETWEEN_NAMES = re.compile(r"\\.|[{}]|\s+and(?=\s)", re.IGNORECASE | re.DOTALL)
_OTHERS = re.compile(r"(?:^|[\s,~]+)(?:others\.?|et\.?[\s~]+al\.?|\.{3}|\\l?dots)$", re.IGNORECASE)
# What follows a family name after a comma, where a given name follows after a second one.
_SUFFIX = re.compile(r"(?:jr|sr|[ivx]+|\d(?:nd|rd|th)|ph\.?\s*d|m\.?\s*d|esq)\.?", re.IGNORECASE)
_IN_BRACES = re.compile(r"\{[^{}]*\}")
# Between the words of a name the library takes a tilde for a space, also where it is an accent.
_TILDE = re.compile(r"\\~\s*(\{(?:[^{}]|\{[^{}]*\})*\}|\\?[A-Za-z])")
# As biblatex lets names be written part by part, and the order in which they are shown.
_PART = re.compile(r"\s*([a-z-]+)\s*=\s*(.*)", re.DOTALL)
_PARTS = ("given", "prefix", "family", "suffix")
_COMPANIES = {"inc", "ltd", "llc", "llp", "gmbh", "corp", "co", "ag", "plc", "s.a", "b.v"}
# What LaTeX writes for characters of addresses that mean something to it.
_ESCAPED = re.compile(r"\{?\\(?:([&#%_$~{}])(?:\{\})?|text(asciitilde|underscore)(?:\{\}|\s)?)\}?")
_BREAKS = re.compile(r"\\(?:-|/|allowbreak\b\s*|discretionary(?:\{[^{}]*\}){3})")
_NAMED = {"asciitilde": "~", "underscore": "_"}

_IN_DOI = "/:;.,()[]%?&=+$@!*'-_~"
_ENTITY = re.compile(r"&#?\w+;")
_BARE = re.compile(r"(?<!\\)[%&$]")
_QUOTED = re.compile(r"(?<!\w)`([^`']+)'(?!\w)")
# Commands that the library drops: with what stands in them, and those that stand for something.
_TRANSPARENT = ("url", "mbox", "textmd", "textsf", "texttt", "textup")
_SHOWN = {
    "LaTeX": "LaTeX", "TeX": "TeX", "BibTeX": "BibTeX", "copyright": "©", "slash": "/", "S": "§",
    "P": "¶", "pounds": "£", "euro": "€", "textless": "<", "textgreater": ">", "textbar": "|",
    "textunderscore": "_", "space": " ", "thinspace": " ",
}  # fmt: skip


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
    library = parse_string(text, parse_stack=[])
    strings: dict[str, str] = {}
    for string in library.strings:
        strings[string.key.lower()], _ = _resolved(str(string.value), strings)
    entries, problems = {}, []
    for entry in library.entries:
        line = (entry.start_line or 0) + 1
        fields = []
        for each in entry.fields:
            value, unknown = _resolved(str(each.value), strings)
            fields.append(Field(each.key, value))
            if unknown and each.key.lower() != "month":
                words = f"{', '.join(unknown)} in {each.key} of {entry.key!r}"
                problems.append((line, f"{words} is no @string of the file and shown as it is"))
        entries[entry.key] = Entry(entry.entry_type, entry.key, fields, entry.start_line, entry.raw)
    problems += [((each.start_line or 0) + 1, _problem(each)) for each in library.failed_blocks]
    return Bibliography(
        {key: _inheriting(entry, entries) for key, entry in entries.items()},
        tuple(sorted(problems)),
    )


def _resolved(written: str, strings: Mapping[str, str]) -> tuple[str, list[str]]:
    """A field's text, of the pieces that ``#`` joins, and the words that no ``@string`` defines."""
    pieces, depth, quoted = [""], 0, False
    for each in written:
        depth += {"{": 1, "}": -1}.get(each, 0)
        quoted ^= each == '"' and depth == 0
        if each == "#" and depth == 0 and not quoted:
            pieces.append("")
        else:
            pieces[-1] += each
    texts, unknown = [], []
    for piece in map(str.strip, pieces):
        if _is_one_text(piece):
            texts.append(piece[1:-1])
        else:
            texts.append(strings.get(piece.lower(), piece))
            if piece and not piece.isdecimal() and piece.lower() not in strings:
                unknown.append(piece)
    return "".join(texts), unknown


def _is_one_text(piece: str) -> bool:
    """Whether a piece is in braces or quotes; more follows these where a comma is missing."""
    end, depth = {"{": "}", '"': '"'}.get(piece[:1]), 0
    for at, each in enumerate(piece):
        if at and piece[at - 1] == "\\":
            continue
        depth += {"{": 1, "}": -1}.get(each, 0)
        if at and depth == 0 and each == end:
            return at == len(piece) - 1
    return False


def reference_html(entry: Entry) -> str:
    """Write an entry as the list of references shows it: title, authors, venue, year and link.

    An address that is none of the web is shown, and no link.
    """
    values = _values(entry)
    parts = [f'<span class="reference-title">{_text(values.get("title") or entry.key)}</span>']
    people = _people(values.get("author") or values.get("editor") or "")
    if people:
        parts.append(f'<span class="reference-authors">{people}</span>')
    venue = next((shown for name in _VENUES if (shown := _text(_no_url(values.get(name, ""))))), "")
    date = values.get("date", "")
    dated = re.search(r"-?\d{4}", date)
    year = _text(values.get("year") or (dated.group() if dated else date))
    place = ", ".join(each for each in (venue, year) if each)
    if place:
        parts.append(f'<span class="reference-venue">{place}</span>')
    address = _address(values)
    if address:
        shown = html.escape(re.sub(r"^https?://(?:www\.)?", "", address).rstrip("/"))
        parts.append(f'<a href="{html.escape(address)}" rel="noreferrer">{shown}</a>')
    elif values.get("url"):
        parts.append(html.escape(_unescaped(values["url"]).strip()))
    # A part that ends with a full stop, as "Inc." does, needs no second one.
    ended = [part if re.search(r"[.?!]</span>$", part) else f"{part}." for part in parts[:-1]]
    return " ".join([*ended, parts[-1]])


def _problem(block: ParsingFailedBlock) -> str:
    if isinstance(block, DuplicateBlockKeyBlock):
        return f"the key {block.key!r} is there twice; the first entry counts"
    name = re.match(r"\s*(@\w+\s*\{\s*[^,\s}]*)", block.raw or "")
    which = f"the entry {name.group(1)!r}" if name else "an entry"
    if isinstance(block, DuplicateFieldKeyBlock):
        return f"{which} has a field twice and is left out"
    return f"{which} is broken and left out"


def _values(entry: Entry) -> dict[str, str]:
    """The fields as they are written, by their names in lower case."""
    return {each.key.lower(): str(each.value) for each in entry.fields}


def _inheriting(entry: Entry, entries: Mapping[str, Entry]) -> Entry:
    """The entry with the fields that it lacks and the work has that ``crossref`` names."""
    own = _values(entry)
    named = own.get("crossref", "").strip()
    same = (each for key, each in entries.items() if key.lower() == named.lower())
    whole = (entries.get(named) or next(same, None)) if named else None
    if whole is None or whole is entry:
        return entry
    theirs = _values(whole)
    title = _TITLE_OF_WHOLE.get(entry.entry_type.lower(), "booktitle")
    inherited = {title: theirs["title"]} if "title" in theirs else {}
    inherited |= {name: value for name, value in theirs.items() if name not in _NEVER_INHERITED}
    added = [Field(name, value) for name, value in inherited.items() if name not in own]
    return Entry(entry.entry_type, entry.key, [*entry.fields, *added], entry.start_line, entry.raw)


def _text(value: str) -> str:
    """A field as HTML: LaTeX as characters, formulas drawn, braces that only guard gone."""
    pieces = []
    end = 0
    for found in _FORMULA.finditer(value):
        pieces.extend(
            [_words(value[end : found.start()]), _formula(found.group(1) or found.group(2))]
        )
        end = found.end()
    pieces.append(_words(value[end:]))
    return re.sub(r"\s+", " ", "".join(pieces)).strip()


def _words(value: str) -> str:
    plain = _QUOTED.sub(r"‘\1’", _plain(value).replace("---", "—").replace("--", "–"))
    return html.escape(plain, quote=False)


def _formula(latex: str) -> str:
    try:
        return mathml(latex)
    except FormulaError:
        return html.escape(_plain(latex), quote=False)


def _plain(value: str) -> str:
    """LaTeX without formulas as characters; as it is where it cannot be read.

    A percent, dollar or ampersand sign that should have a backslash is meant as it stands, and what
    HTML writes for a character as that.
    """
    value = _ENTITY.sub(lambda found: html.unescape(found.group()), value)
    try:
        return str(_decoder().latex_to_text(_BARE.sub(r"\\\g<0>", value)))
    except Exception:  # the library raises anything at broken LaTeX
        return re.sub(r"(?<!\\)[{}]", "", value)


@cache
def _decoder() -> LatexNodes2Text:
    context = get_default_latex_context_db()
    macros = [MacroTextSpec(name, simplify_repl="%s") for name in _TRANSPARENT]
    macros += [MacroTextSpec(name, simplify_repl=shown) for name, shown in _SHOWN.items()]
    context.add_context_category("bibliographies", prepend=True, macros=macros)
    return LatexNodes2Text(latex_context=context, strict_latex_spaces=True)


def _no_url(value: str) -> str:
    r"""A field without the addresses in it; empty if it holds nothing else than one.

    Words such as "Available at" that only lead to an address go with it.
    """
    rest = _URL.sub(" ", value)
    leading = rest != value and re.fullmatch(
        r"[\s{}]*(?:(?:available|accessed|online|retrieved)?\s*(?:online\s*)?(?:at|from)?)\s*[:,.]?[\s{}]*",
        rest,
        re.IGNORECASE,
    )
    bare = re.fullmatch(r"[\s{}]*https?://\S+[\s{}]*", value, re.IGNORECASE)
    return "" if leading or bare else rest.strip().rstrip(",;:")


def _people(value: str) -> str:
    """The authors' names; of many the first few.

    Names are split as they are written: braces keep a name whole that has a comma or an "and".
    """
    written = [" ".join(each.split()) for each in _names(value) if each.strip()]
    written = ["" if _OTHERS.fullmatch(each.strip("{}")) else each for each in written]
    others = "" in written or any(_OTHERS.search(each) for each in written)
    names = [_name(_OTHERS.sub("", each)) for each in written]
    names = [shown for shown in names if re.search(r"\w", shown)]
    if len(names) > 10:
        names, others = names[:8], True
    if others:
        return ", ".join([*names, "et al."])
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _names(value: str) -> Iterator[str]:
    """The names as they are written, between the words "and" that no braces hold."""
    depth = start = 0
    for found in _BETWEEN_NAMES.finditer(value):
        mark = found.group()
        depth += {"{": 1, "}": -1}.get(mark, 0)
        if depth == 0 and mark.strip().lower() == "and":
            yield value[start : found.start()]
            start = found.end()
    yield value[start:]


def _is_one_name(written: str) -> bool:
    """Whether it is one name as BibTeX has them, whose words may be put into another order."""
    bare = _ENTITY.sub(lambda found: html.unescape(found.group()), written).replace(r"\,", "")
    while (inner := _IN_BRACES.sub("", bare)) != bare:
        bare = inner
    parts = bare.split(",")
    several = re.search(r"[;&]", bare) or len(parts) > 3
    return not several and (len(parts) < 3 or bool(_SUFFIX.fullmatch(parts[1].strip())))


def _name(written: str) -> str:
    found = [_PART.fullmatch(each) for each in re.split(r",(?=\s*[a-z-]+\s*=)", written)]
    named = {each[1]: each[2].strip().strip('"') for each in found if each}
    if "family" in named and all(found):
        return _text(" ".join(named[part] for part in _PARTS if part in named))
    if not _is_one_name(written):
        return _text(written)
    parts = parse_single_name_into_parts(_TILDE.sub(r"{\\~\1}", written), strict=False)
    if " ".join(parts.first).strip(".").lower() in _COMPANIES:
        # A company whose name lacks the braces that keep it whole.
        return _text(written)
    return _text(" ".join([*parts.first, *parts.von, *parts.last, *parts.jr]))


def _address(values: dict[str, str]) -> str | None:
    """Where the work is: its address, DOI or arXiv number. Only web addresses are links.

    They are taken from the fields as they are written: LaTeX means something else by ``~``.
    """
    for name in ("url", "howpublished", "note"):
        url = _address_in(values.get(name, ""), whole=name == "url")
        if url:
            return url
    doi = re.search(r"10\.\d{4,9}/[^\s\"'{}]+", _unescaped(values.get("doi", "")))
    if doi:
        # Those of some publishers have angle brackets; none ends in a mark of the text around it.
        return f"https://doi.org/{quote(doi.group().rstrip('.,;'), safe=_IN_DOI)}"
    archive = values.get("archiveprefix") or values.get("eprinttype") or "arxiv"
    eprint = values.get("eprint", "") if "arxiv" in archive.lower() else ""
    arxiv = _ARXIV.search(eprint or values.get("journal", ""))
    return f"https://arxiv.org/abs/{arxiv.group()}" if arxiv else None


def _address_in(value: str, *, whole: bool) -> str | None:
    r"""The address in a field: in ``\url``, or all of it; of a note only one that is marked so."""
    found = _URL.search(value)
    if found is not None:
        url = found.group(1) or found.group(2) or ""
    elif whole or re.fullmatch(r"\s*https?://\S+\s*", value, re.IGNORECASE):
        url = value
    else:
        return None
    # LaTeX drops the white space where a line ends in an address.
    url = re.sub(r"\s*\n\s*", "", _unescaped(url)).strip()
    while url[:1] + url[-1:] in ("{}", "<>"):
        url = url[1:-1]
    return url if re.match(r"https?://[^\s\"<>]+$", url, re.IGNORECASE) else None


def _unescaped(value: str) -> str:
    value = _BREAKS.sub("", value.replace(r"$\sim$", "~"))
    return _ESCAPED.sub(lambda found: found.group(1) or _NAMED[found.group(2)], value)
