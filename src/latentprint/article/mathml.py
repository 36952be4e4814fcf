"""MathML as browsers draw it: what MathJax writes, in the words of MathML Core.

MathML Core (https://www.w3.org/TR/mathml-core/) has neither labelled rows, nor the alignment of
columns, enclosures, or letters of another style by an attribute; CSS and characters stand in.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from xml.etree.ElementTree import Element, ParseError, fromstring, tostring

from latentprint.article.mathjax import FormulaError

_ELEMENTS = """math menclose merror mfrac mi mmultiscripts mn mo mover mpadded mphantom mprescripts
    mroot mrow ms mspace msqrt mstyle msub msubsup msup mtable mtd mtext mtr munder munderover
    none"""
_TAGS = frozenset(_ELEMENTS.split())
_TOKENS = ("mi", "mn", "mo", "ms", "mtext")
_PROPERTIES = """accent accentunder columnspan depth display displaystyle fence form height largeop
    linethickness lspace mathcolor mathbackground mathsize maxsize minsize movablelimits rowspan
    rspace scriptlevel separator stretchy symmetric voffset width"""
_ATTRIBUTES = frozenset(_PROPERTIES.split())
_SIZE = re.compile(r"[#\w.+\- %]*")
_LENGTH = re.compile(r"([\d.]+)em")
_ACCENTS = frozenset("^~ˇ˘ˆ˜´`˙¨¯˚→←↔―\u20d7\u20db\u20dc")
_STRIKES = {
    "updiagonalstrike": "linear-gradient(to top left,#0000 47%,currentColor 48% 52%,#0000 53%)",
    "downdiagonalstrike": "linear-gradient(to top right,#0000 47%,currentColor 48% 52%,#0000 53%)",
    "horizontalstrike": "linear-gradient(#0000 47%,currentColor 48% 52%,#0000 53%)",
    "verticalstrike": "linear-gradient(90deg,#0000 47%,currentColor 48% 52%,#0000 53%)",
}
_SIDES = ("left", "right", "top", "bottom")
_TEXT_STYLES = {
    "bold": "font-weight:bold",
    "italic": "font-style:italic",
    "bold-italic": "font-weight:bold;font-style:italic",
    "monospace": "font-family:monospace",
    "sans-serif": "font-family:sans-serif",
    "bold-sans-serif": "font-family:sans-serif;font-weight:bold",
    "sans-serif-italic": "font-family:sans-serif;font-style:italic",
}
# How Unicode names the letters of a style, and those of them that have names of their own.
_STYLES = {
    "bold-script": ("MATHEMATICAL BOLD SCRIPT",),
    "bold-fraktur": ("MATHEMATICAL BOLD FRAKTUR",),
    "bold-sans-serif": ("MATHEMATICAL SANS-SERIF BOLD",),
    "sans-serif": ("MATHEMATICAL SANS-SERIF",),
    "sans-serif-italic": ("MATHEMATICAL SANS-SERIF ITALIC",),
    "sans-serif-bold-italic": ("MATHEMATICAL SANS-SERIF BOLD ITALIC",),
    "monospace": ("MATHEMATICAL MONOSPACE",),
    "bold": ("MATHEMATICAL BOLD",),
    "italic": ("MATHEMATICAL ITALIC",),
    "bold-italic": ("MATHEMATICAL BOLD ITALIC",),
    "script": ("MATHEMATICAL SCRIPT", "SCRIPT"),
    "fraktur": ("MATHEMATICAL FRAKTUR", "BLACK-LETTER"),
    "double-struck": ("MATHEMATICAL DOUBLE-STRUCK", "DOUBLE-STRUCK"),
}


@dataclass(frozen=True)
class Drawn:
    """A formula as a page shows it.

    Attributes:
        html: The element `<math>`; empty where the formula only defines macros.
        number: What stands beside the formula, such as "(1)", where it is one line.
        name: The name that MathJax gives the numbered line.
    """

    html: str
    number: str = ""
    name: str = ""


@lru_cache(maxsize=4096)
def drawn(mathml: str, latex: str, *, display: bool, name: Callable[[str], str]) -> Drawn:
    """Write MathJax's MathML as browsers draw it.

    Args:
        mathml: What MathJax wrote.
        latex: The formula's source, which becomes its alternative text.
        display: Whether it stands on a line of its own.
        name: Makes the id of a numbered line from MathJax's name of it.

    Raises:
        FormulaError: It holds characters or elements that no page shows.
    """
    try:
        read = fromstring(mathml)  # noqa: S314
    except ParseError as error:
        raise FormulaError("it holds a character that no page can show") from error
    for node in read.iter():
        node.tag = node.tag.rpartition("}")[2]
        node.tail = None
        if node.tag not in _TOKENS:
            node.text = None
        for attribute in ("class", "href", "style"):
            node.attrib.pop(attribute, None)
    math = Element("math", {"display": "block" if display else "inline", "alttext": latex})
    math.extend(read)
    if not len(math):
        return Drawn("")
    labels = {row[0] for row in math.iter("mlabeledtr")}
    for node in math.iter():
        if node not in labels:
            node.attrib.pop("id", None)
    _break_lines(math)
    label = _only_label(math) if display else None
    for node in list(math.iter()):
        if node.tag == "mtable":
            _settle_table(node, name)
    _settle_spaces(math)
    for node in list(math.iter())[1:]:
        _settle(node)
    html = tostring(math, encoding="unicode")
    if label is None:
        return Drawn(html)
    return Drawn(html, "".join(label.itertext()).strip(), str(label.get("id", "")))


def _only_label(math: Element) -> Element | None:
    """Take the label out of a formula that is one numbered line, to stand at the page's side."""
    table = math[0]
    if len(math) != 1 or table.tag != "mtable" or len(table) != 1 or table[0].tag != "mlabeledtr":
        return None
    row = table[0]
    label = row[0]
    row.remove(label)
    row.tag = "mtr"
    if len(row) == 1:
        cell = row[0]
        math.remove(table)
        math.extend(cell)
    return label


def _break_lines(math: Element) -> None:
    r"""Make rows of a formula that `\\` breaks outside of an environment."""
    line = math[0] if len(math) == 1 and math[0].tag == "mrow" else math
    if not any(node.get("linebreak") == "newline" for node in line):
        return
    rows = [Element("mtd")]
    for node in list(line):
        if node.get("linebreak") == "newline":
            rows.append(Element("mtd"))
        else:
            rows[-1].append(node)
    table = Element("mtable", {"displaystyle": "true"} if math.get("display") == "block" else {})
    for cell in rows:
        row = Element("mtr")
        row.append(cell)
        table.append(row)
    for node in list(math):
        math.remove(node)
    math.append(table)


def _settle_table(table: Element, name: Callable[[str], str]) -> None:
    """Labels as a last column; alignment, spaces and lines as styles of the cells."""
    labelled = any(row.tag == "mlabeledtr" for row in table)
    columns = max((len(row) - (row.tag == "mlabeledtr") for row in table), default=0)
    aligned = table.get("columnalign", "").split()
    spaces = table.get("columnspacing", "").split()
    lines = table.get("columnlines", "").split()
    row_lines = table.get("rowlines", "").split()
    for number, row in enumerate(table):
        label = None
        if row.tag == "mlabeledtr":
            row.tag = "mtr"
            label = row[0]
            row.remove(label)
        for column, cell in enumerate(row):
            align = cell.get("columnalign") or _at(aligned, column)
            style = [f"text-align:{align}"] if align in ("left", "right", "center") else []
            if spaces:
                before, after = _half(spaces, column - 1), _half(spaces, column)
                style.append(f"padding-left:{before:g}em")
                style.append(f"padding-right:{after if column < columns - 1 else 0:g}em")
            if column < columns - 1 and _at(lines, column) in ("solid", "dashed"):
                style.append(f"border-right:1px {_at(lines, column)}")
            if number < len(table) - 1 and _at(row_lines, number) in ("solid", "dashed"):
                style.append(f"border-bottom:1px {_at(row_lines, number)}")
            if style:
                cell.set("style", ";".join(style))
        if labelled:
            row.extend(Element("mtd") for _ in range(columns - len(row)))
            number_cell = Element("mtd", {"style": "padding-left:2em;text-align:right"})
            if label is not None:
                number_cell.extend(label)
                number_cell.set("id", name(str(label.get("id", ""))))
            row.append(number_cell)
    if table.get("frame") in ("solid", "dashed"):
        table.set("style", f"border:1px {table.get('frame')}")
    table.attrib.pop("width", None)


def _at(values: list[str], index: int) -> str:
    """A value of a list of which the last one goes on for ever."""
    return values[min(index, len(values) - 1)] if values and index >= 0 else ""


def _half(spaces: list[str], index: int) -> float:
    found = _LENGTH.fullmatch(_at(spaces, index))
    return float(found.group(1)) / 2 if found else 0.0


def _settle_spaces(math: Element) -> None:
    """The thin spaces about named functions such as log, which TeX makes and browsers do not."""
    for parent in list(math.iter()):
        if parent.tag not in ("math", "mrow", "mstyle", "mtd", "mpadded", "mphantom"):
            continue
        before: Element | None = None
        for node in list(parent):
            if node.tag == "mo" and node.text == "\u2061":
                following = list(parent)[list(parent).index(node) + 1 :]
                if following and not _opens(following[0]):
                    node.tag, node.text = "mspace", None
                    node.set("width", "0.167em")
            elif _is_function(node) and before is not None and before.tag not in ("mo", "mspace"):
                space = Element("mspace", {"width": "0.167em"})
                parent.insert(list(parent).index(node), space)
            before = node


def _is_function(node: Element) -> bool:
    while node.tag in ("msub", "msup", "msubsup", "munder", "mover", "munderover") and len(node):
        node = node[0]
    return node.tag == "mi" and len(node.text or "") > 1 and not node.get("mathvariant")


def _opens(node: Element) -> bool:
    if node.tag == "mrow" and len(node):
        return _opens(node[0])
    return node.tag == "mo" and (node.text or "") in "([{⟨⌊⌈|‖"


def _settle(node: Element) -> None:
    """Write one element as browsers want it, with nothing in it that is no mathematics."""
    if node.tag not in _TAGS:
        raise FormulaError("a part of it is unknown")
    if node.tag in ("mover", "munder", "munderover"):
        _settle_accent(node)
    if node.tag == "menclose":
        _settle_enclosure(node)
    kind = node.get("data-mjx-texclass")
    text = node.text or ""
    if node.tag == "mo" and kind == "ORD":
        node.set("lspace", "0")
        node.set("rspace", "0")
    elif node.tag == "mo" and kind == "OP" and text.isalpha() and len(text) > 1:
        node.set("lspace", "0.167em")
        node.set("rspace", "0.167em")
    variant = node.get("mathvariant", "")
    for attribute, value in list(node.items()):
        sound = attribute in _ATTRIBUTES and _SIZE.fullmatch(value)
        if not sound and attribute not in ("style", "id"):
            del node.attrib[attribute]
    if node.tag == "mtext" and variant in _TEXT_STYLES:
        node.set("style", _TEXT_STYLES[variant])
    elif node.tag == "mi" and variant == "normal":
        node.set("mathvariant", "normal")
    elif node.tag in _TOKENS:
        node.text = "".join(_styled(each, variant) for each in text) or None


def _settle_accent(node: Element) -> None:
    for index, attribute in (
        (1, "accentunder" if node.tag != "mover" else "accent"),
        (2, "accent"),
    ):
        if len(node) > index and node[index].tag == "mo":
            part = node[index]
            if part.get("accent") == "true" or (part.text or "") in _ACCENTS:
                node.set(attribute, "true")


def _settle_enclosure(node: Element) -> None:
    """A box or a strike about a part, which MathML Core leaves to style sheets."""
    notations = node.get("notation", "").split()
    style = ["padding:.2em"] if notations else []
    if any(each in ("box", "roundedbox", "circle") for each in notations):
        style.append("border:1px solid")
    style += [f"border-{side}:1px solid" for side in _SIDES if side in notations]
    strikes = [_STRIKES[each] for each in notations if each in _STRIKES]
    if strikes:
        style.append(f"background:{','.join(strikes)}")
    node.set("style", ";".join(style))


@lru_cache(maxsize=4096)
def _styled(character: str, variant: str) -> str:
    """A letter of a bold or another style; browsers know the style only as a character."""
    if character == "h" and variant == "italic":
        return "\N{PLANCK CONSTANT}"
    name = unicodedata.name(character, "") if variant in _STYLES else ""
    name = name.replace("LATIN ", "").replace("GREEK ", "").replace(" LETTER ", " ")
    for words in _STYLES.get(variant, ()):
        try:
            return unicodedata.lookup(f"{words} {name}")
        except KeyError:
            continue
    return character
