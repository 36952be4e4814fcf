"""Jekyll's Liquid, settled before Markdown is read; what is not known stays visible, reported.

`assign`, `capture`, `if`, `unless`, `case`, `for`, outputs with filters and includes of the site
work on the front matter (`page`), the settings and the data of the site (`site`); python-liquid
reads the expressions. `latentprint.article.liquid_tags` holds the tags that write something.

Unlike in Jekyll, Liquid in code and formulas is left alone, but for `raw`.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from latentprint.article.context import Context
from latentprint.article.elements import context_of
from latentprint.article.liquid_tags import BLOCKS, VERBATIM, Tag, write_tag
from latentprint.article.liquid_values import ExpressionError, Values
from latentprint.article.site import Site
from latentprint.errors import LatentprintError

# Stands before Liquid that is not run, until it is shown; no text holds this noncharacter.
MARK = "\ufdd0"

DEEPEST = 10
"""How many includes may lie in one another."""

MOST_ROUNDS = 10_000
"""How many rounds all loops of an article may take together."""

MOST_CHARACTERS = 20_000_000
"""How much all Liquid of an article may write together."""

_CONTROL = {"if": "endif", "unless": "endunless", "case": "endcase", "for": "endfor"}
_CLOSING = _CONTROL | {"capture": "endcapture"} | BLOCKS
_CLOSERS = frozenset(_CLOSING.values())
_BRANCHES = {
    "if": ("elsif", "else"),
    "unless": ("elsif", "else"),
    "case": ("when", "else"),
    "for": ("else",),
}
_TAG = r"\{%-?\s*(?P<name>\w+)(?P<arguments>(?:(?!%\}|\{%).)*?)-?%\}"
_OUTPUT = r"\{\{-?(?P<output>(?:(?!\}\}|\{\{|\n\n).)*?)-?\}\}"
_SCAN = re.compile(
    rf"""
    (?P<verbatim>\{{%-?\s*(?P<kind>{"|".join(VERBATIM)})\b(?P<given>(?:(?!%\}}).)*?)-?%\}}
        (?P<body>.*?)\{{%-?\s*end(?P=kind)\s*-?%\}})
    | (?P<fence>^[ \t>]*(?:(?:[-*+]|\d+[.)])[ \t]+)*(?P<ticks>`{{3,}}|~{{3,}})[^\n`]*\n
        .*?(?:^[ \t>]*(?P=ticks)[`~]*[ \t]*$|\Z))
    | (?P<code>(?<![`\\])(?P<tick>`+)(?!`)(?:(?!\n[ \t]*\n).)+?(?<!`)(?P=tick)(?!`)
        |(?<!\\)\$\$(?:(?!\n[ \t]*\n).)+?\$\$)
    | (?P<tag>{_TAG}) | (?P<out>{_OUTPUT})
    """,
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)
_SHOWN = re.compile(r"\{%(?:(?!%\}).)*%\}|\{\{(?:(?!\}\}).)*\}\}", re.DOTALL)
# What a formula writes in double braces, and Liquid never does.
_LATEX = re.compile(r"[\\^{}$]")
_COMMAND = re.compile(r"(?:\\[A-Za-z]+|[\^_])\Z")
_LOOP = re.compile(
    r"(\w+)\s+in\s+(\([^()]*\)|[\w.\[\]'\"-]+(?:\s*\|[^|]*)*?)((?:\s+\w+(?::\s*\w+)?)*)$"
)
_ALONE_BEFORE = re.compile(r"(?:^|\n)[ \t]*\Z")


@dataclass(frozen=True)
class _Piece:
    """A text or a tag, with its line in the article; `end` is the piece that closes a block."""

    source: str
    line: int
    tag: Tag | None = None
    output: str | None = None
    end: int | None = None


def shown_liquid_plugin(md: MarkdownIt) -> None:
    """Let a parser show the Liquid that is not run."""
    md.inline.ruler.push("liquid", _shown)
    md.add_render_rule("liquid", _render_shown)


def settle_liquid(text: str, context: Context, page: Mapping[str, Any], md: MarkdownIt) -> str:
    """Run the Liquid of an article, and mark what is not known.

    The context learns from which line of the article each line of the result is.

    Args:
        text: The article's text.
        context: Where it is reported what is not supported.
        page: The front matter's values.
        md: The parser, which tells what is code.
    """
    if "{%" not in text and "{{" not in text:
        return text
    run = _Run(context, Site(context.files), Values(page))
    run.run(text, _indented(text, context, md))
    return run.finish()


class _Run:
    """The text as far as its Liquid is settled."""

    def __init__(self, context: Context, site: Site, values: Values) -> None:
        self.context = context
        self.site = site
        self.values = values
        self.values.globals["site"] = _Settings(site)
        self.out: list[tuple[str, int, bool]] = []
        self.rounds = 0
        self.depth = 0
        self.written = 0

    def run(self, text: str, code: set[int], line: int | None = None) -> None:
        """Settle a text; of an include every line counts as that of its tag."""
        pieces = _matched(list(_pieces(text, code)))
        if line is not None:
            pieces = [replace(each, line=line) for each in pieces]
        self._block(pieces, 0, len(pieces))

    def finish(self) -> str:
        """The whole text; its lines' origins are noted."""
        lines: list[int] = []
        begins = True
        for text, line, steps in self.out:
            number = line
            for part in re.findall(r"[^\n]*\n|[^\n]+", text):
                if begins:
                    lines.append(number)
                begins = part.endswith("\n")
                number += begins and steps
        self.context.lines = lines
        return "".join(text for text, _, _ in self.out)

    def write(self, text: str, line: int, *, steps: bool = False) -> None:
        self.written += len(text)
        if self.written > MOST_CHARACTERS:
            raise LatentprintError(
                f"Line {line} of the article: its Liquid writes more than {MOST_CHARACTERS:,} "
                "characters."
            )
        self.out.append((text, line, steps))

    def _block(self, pieces: list[_Piece], start: int, end: int) -> None:
        index = start
        while index < end:
            piece = pieces[index]
            index += 1
            if piece.tag is None and piece.output is None:
                self.write(piece.source, piece.line, steps=True)
            elif piece.output is not None:
                self._output(piece)
            elif piece.tag is not None:
                index = self._tag(pieces, index - 1, piece, piece.tag)

    def _output(self, piece: _Piece) -> None:
        if _LATEX.search(piece.output or ""):
            self.write(piece.source, piece.line, steps=True)
            return
        try:
            self.write(self.values.text(piece.output or ""), piece.line)
        except ExpressionError as error:
            self._unsupported(piece, str(error))

    def _tag(self, pieces: list[_Piece], index: int, piece: _Piece, tag: Tag) -> int:
        """Run a tag, and tell which piece comes next."""
        following = index + 1 if piece.end is None else piece.end + 1
        try:
            if piece.end is not None and tag.name in _CONTROL:
                self._branches(pieces, index, piece.end, tag)
            elif piece.end is not None and tag.name == "capture":
                self._trim()
                kept, self.out = self.out, []
                self._block(pieces, index + 1, piece.end)
                captured, self.out = "".join(text for text, _, _ in self.out), kept
                self.values.globals[tag.arguments.strip(" '\"")] = captured
                self._trim()
            elif tag.name == "assign":
                name, _, expression = tag.arguments.partition("=")
                self.values.globals[name.strip()] = self.values.value(expression)
                self._trim()
            elif tag.name == "include" and self._include(piece, tag):
                pass
            elif piece.end is not None or not (tag.name in BLOCKS or tag.name in _CLOSERS):
                written = write_tag(tag, self.context, self.site, self.values, piece.line)
                if written is None:
                    raise ExpressionError("")
                self.write(written, piece.line)
                if piece.end is not None:
                    self._block(pieces, index + 1, piece.end)
                    closing = pieces[piece.end]
                    if closing.tag is not None:
                        close = write_tag(
                            closing.tag, self.context, self.site, self.values, closing.line
                        )
                        self.write(close or "", closing.line)
            else:
                raise ExpressionError("")
        except ExpressionError as error:
            self._unsupported(piece, str(error))
            return index + 1
        return following

    def _trim(self) -> None:
        """After HTML, a tag on a line of its own leaves no blank line, which would end the HTML."""
        written = "".join(text for text, _, _ in self.out[-3:])
        last = written.rstrip().rpartition("\n")[2].lstrip()
        if not last.startswith("<") or not _ALONE_BEFORE.search(written) or not self.out:
            return
        text, line, steps = self.out[-1]
        self.out[-1] = (text.rstrip(" \t").removesuffix("\n"), line, steps)

    def _branches(self, pieces: list[_Piece], index: int, end: int, tag: Tag) -> None:
        """Run of a block the branch that holds, or of a loop its rounds."""
        marks = [index, *_own_branches(pieces, index, end), end]
        self._trim()
        if tag.name == "for":
            if not self._loop(pieces, marks[0] + 1, marks[1], tag) and len(marks) > 2:
                self._block(pieces, marks[1] + 1, marks[2])
            self._trim()
            return
        for start, stop in pairwise(marks):
            branch = pieces[start].tag
            if branch is None or not self._holds(branch, tag):
                continue
            self._block(pieces, start + 1, stop)
            break
        self._trim()

    def _holds(self, branch: Tag, block: Tag) -> bool:
        if branch.name == "else":
            return True
        if branch.name == "case":
            return False
        if branch.name == "when":
            options = re.split(r"\s*,\s*|\s+or\s+", branch.arguments.strip())
            subject = self.values.value(block.arguments)
            return any(self.values.value(each) == subject for each in options)
        return self.values.holds(branch.arguments) != (branch.name == "unless")

    def _loop(self, pieces: list[_Piece], start: int, stop: int, tag: Tag) -> int:
        found = _LOOP.fullmatch(tag.arguments.strip())
        if found is None:
            raise ExpressionError("")
        name, expression, options = found.groups()
        items = self.values.items(expression)
        given = dict(re.findall(r"(\w+):\s*(\d+)", options))
        items = items[int(given.get("offset", 0)) :][: int(given.get("limit", len(items)))]
        if "reversed" in options.split():
            items.reverse()
        outer = {key: self.values.globals.get(key) for key in (name, "forloop")}
        for number, item in enumerate(items):
            self.rounds += 1
            if self.rounds > MOST_ROUNDS:
                raise ExpressionError(f"the loops take more than {MOST_ROUNDS} rounds")
            self.values.globals[name] = item
            self.values.globals["forloop"] = _round(number, len(items))
            self._block(pieces, start, stop)
        self.values.globals.update(outer)
        return len(items)

    def _include(self, piece: _Piece, tag: Tag) -> bool:
        """Put in an include of the site, with what it is given."""
        written = write_tag(tag, self.context, self.site, self.values, piece.line)
        if written is not None:
            self.write(written, piece.line)
            return True
        name, given = self.values.parameters(tag.arguments)
        text = self.site.include(name)
        if text is None:
            raise ExpressionError(f"the site has no include {name!r}" if name else "")
        if self.depth >= DEEPEST:
            raise ExpressionError("includes lie too deep in one another")
        outer = self.values.globals.get("include")
        self.values.globals["include"] = given
        self.depth += 1
        self.run(text, set(), piece.line)
        self.depth -= 1
        self.values.globals["include"] = outer
        return True

    def _unsupported(self, piece: _Piece, reason: str) -> None:
        shown = " ".join(piece.source.split())[:80]
        why = f" ({reason})" if reason else ""
        message = f"Liquid that is not supported is shown as it is: {shown}{why}"
        self.context.warn(piece.line, message, kind="Liquid")
        self.write(MARK + piece.source, piece.line, steps=True)


class _Settings(Mapping[str, Any]):
    """What `site` is in Liquid, read when it is first asked for."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def __getitem__(self, name: str) -> Any:
        return self._site.settings[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._site.settings)

    def __len__(self) -> int:
        return len(self._site.settings)


def _round(number: int, length: int) -> dict[str, Any]:
    return {
        "index": number + 1,
        "index0": number,
        "rindex": length - number,
        "rindex0": length - number - 1,
        "first": number == 0,
        "last": number == length - 1,
        "length": length,
    }


def _pieces(text: str, code: set[int]) -> Iterator[_Piece]:
    """The texts and tags of a text in their order."""
    position = 0
    line = 1

    def up_to(end: int) -> _Piece:
        return _Piece(text[position:end], line)

    for found in _SCAN.finditer(text):
        number = line + text.count("\n", position, found.start())
        before = text[max(0, found.start() - 30) : found.start()]
        latex = found["output"] is not None and _COMMAND.search(before)
        if found["fence"] or found["code"] or number - 1 in code or latex:
            continue
        source = found.group()
        piece = up_to(found.start())
        if source.startswith(("{%-", "{{-")):
            piece = replace(piece, source=piece.source.rstrip())
        yield piece
        if found["verbatim"] is not None:
            tag = Tag(found["kind"], found["given"].strip(), found["body"])
            yield _Piece(source, number, tag=tag)
        elif found["tag"] is not None:
            yield _Piece(source, number, tag=Tag(found["name"], found["arguments"].strip()))
        else:
            yield _Piece(source, number, output=found["output"])
        position, line = found.end(), number + source.count("\n")
        if source.endswith(("-%}", "-}}")):
            stripped = text[position:].lstrip()
            line += text.count("\n", position, len(text) - len(stripped))
            position = len(text) - len(stripped)
    yield up_to(len(text))


def _matched(pieces: list[_Piece]) -> list[_Piece]:
    """Blocks with the tags that close them; a tag without the other stays alone."""
    opened: list[int] = []
    for index, piece in enumerate(pieces):
        name = piece.tag.name if piece.tag is not None and piece.tag.body is None else ""
        if name in _CLOSING:
            opened.append(index)
        elif name in _CLOSERS:
            fitting = [each for each in opened if _closes(pieces[each], name)]
            if fitting:
                pieces[fitting[-1]] = replace(pieces[fitting[-1]], end=index)
                opened = [each for each in opened if each < fitting[-1]]
    return pieces


def _closes(piece: _Piece, name: str) -> bool:
    return piece.tag is not None and _CLOSING[piece.tag.name] == name


def _own_branches(pieces: list[_Piece], index: int, end: int) -> list[int]:
    """Where the branches of a block begin, but for those of blocks within it."""
    tag = pieces[index].tag
    names = _BRANCHES[tag.name] if tag is not None else ()
    branches = []
    position = index + 1
    while position < end:
        piece = pieces[position]
        if piece.tag is not None and piece.end is None and piece.tag.name in names:
            branches.append(position)
        position = position + 1 if piece.end is None else piece.end + 1
    return branches


def _indented(text: str, context: Context, md: MarkdownIt) -> set[int]:
    """The lines, from 0, of indented code, in which Liquid is left alone."""
    if not re.search(r"^(?: {4}|\t).*(?:\{%|\{\{)", text, re.MULTILINE):
        return set()

    def stand_in(found: re.Match[str]) -> str:
        return "<i>" + "\n" * found.group().count("\n")

    tokens: list[Token] = []
    quiet = replace(context, warnings=[])
    md.block.parse(_SCAN.sub(stand_in, text), md, {"article": quiet}, tokens)
    return {
        line
        for token in tokens
        if token.type == "code_block" and token.map
        for line in range(*token.map)
    }


def _shown(state: StateInline, silent: bool) -> bool:
    if state.src[state.pos] != "{" or state.src[state.pos - 1 : state.pos] != MARK:
        return False
    found = _SHOWN.match(state.src, state.pos, state.posMax)
    if found is None:
        return False
    if not silent:
        state.pending = state.pending.removesuffix(MARK)
        state.push("liquid", "code", 0).content = found.group()
    state.pos = found.end()
    return True


def _render_shown(_: object, tokens: list[Token], index: int, __: object, env: object) -> str:
    context_of(env)
    return f'<code class="unsupported">{html.escape(tokens[index].content)}</code>'
