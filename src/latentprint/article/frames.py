"""Plots: pages of their own in a frame, made to hold everything that they need."""

from __future__ import annotations

import base64
import html
import mimetypes
import posixpath
import re

from bs4 import Tag

from latentprint.article.context import Context
from latentprint.article.elements import write_attributes
from latentprint.article.files import Embedded, UnavailableError, is_remote
from latentprint.article.html_text import inside
from latentprint.article.plots import MARK, plotly_script, with_shared_scripts

SANDBOX = "allow-scripts allow-downloads"
"""What a frame may do: run scripts, and let the numbers of a run's figures be downloaded."""

_SCRIPT = re.compile(
    r"""<script\b(?P<before>[^>]*?)\bsrc\s*=\s*(?P<quote>["']?)(?P<address>[^"'\s>]+)(?P=quote)
    (?P<after>[^>]*)>\s*</script\s*>""",
    re.IGNORECASE | re.VERBOSE,
)
_STYLE = re.compile(r"<link\b[^>]*>", re.IGNORECASE)
_IMAGE = re.compile(r"""(<img\b[^>]*?\bsrc\s*=\s*)(["'])(?!data:)([^"']+)\2""", re.IGNORECASE)
_FRAME = re.compile(r"""(<iframe\b[^>]*?\bsrc\s*=\s*)(["'])(?!data:|about:)([^"']+)\2""", re.I)
_DEEPEST = 3
_TYPE = re.compile(r"""\s\btype\s*=\s*["']?module["']?""", re.IGNORECASE)
_HREF = re.compile(r"""\bhref\s*=\s*["']?([^"'\s>]+)""", re.IGNORECASE)
_IMPORT = re.compile(r"""@import\s+(?:url\()?["']?https?:[^;]*;""", re.IGNORECASE)
_PLOTLY = re.compile(
    r"//cdn\.plot\.ly/plotly|/plotly(?:\.js)?(?:-dist)?(?:-min)?@?[\d./-]*.*plotly", re.I
)


def plot_html(tag: Tag, context: Context, name: str, line: int | None) -> str:
    """A page in a frame that can run scripts, but reach neither the article nor the network.

    Args:
        tag: The frame as the article has it.
        context: Where files are, and where it is reported what is missing.
        name: The page's file.
        line: The frame's line.

    Raises:
        UnavailableError: The page cannot be shown.
    """
    content = context.files.read(name)
    try:
        page = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnavailableError("is not UTF-8") from error
    context.embedded.append(Embedded(name, "plot", len(content)))
    page = _self_contained(page, context, name, line)
    stem = posixpath.splitext(posixpath.basename(name))[0]
    kept = {
        key: " ".join(value) if isinstance(value, list) else str(value or "")
        for key, value in tag.attrs.items()
        if key not in ("src", "sandbox", "allow", "loading", "srcdoc")
    }
    kept["title"] = kept.get("title") or re.sub(r"[-_]+", " ", stem)
    kept["class"] = " ".join(["embedded-plot", *kept.get("class", "").split()])
    page = with_shared_scripts(page, context)
    # A plot without its scripts is no page yet: the article's own script puts it together.
    holder = "data-page" if MARK in page else "srcdoc"
    frame = write_attributes({**kept, "sandbox": SANDBOX, holder: page})
    return f"<iframe{frame}></iframe>"


def _self_contained(
    page: str, context: Context, name: str, line: int | None, depth: int = 0
) -> str:
    """A page with the scripts, styles, pictures and pages in it that it would load.

    Args:
        page: The page.
        context: Where files are, and where it is reported what is left out.
        name: The page's file: what it names lies beside it.
        line: The frame's line.
        depth: How many pages enclose it.
    """
    remote: list[str] = []

    def read(address: str) -> bytes | None:
        address = html.unescape(address)
        if is_remote(address):
            remote.append(address)
            return None
        place = posixpath.normpath(posixpath.join(posixpath.dirname(name), address))
        try:
            return context.files.read(place)
        except UnavailableError as error:
            context.warn(line, f"The plot {name} needs {place}, which {error}.", kind="plot")
            return None

    def script(found: re.Match[str]) -> str:
        kind = _TYPE.search(found["before"] + found["after"])
        opening = f"<script{kind.group() if kind else ''}>"
        if _PLOTLY.search(found["address"]):
            return f"<script>{plotly_script()}</script>"
        content = read(found["address"])
        if content is None:
            return ""
        text = inside(content.decode("utf-8-sig", "replace"), "script")
        return f"{opening}{text}</script>"

    def style(found: re.Match[str]) -> str:
        address = _HREF.search(found.group())
        if address is None or "stylesheet" not in found.group().lower():
            return ""
        content = read(address.group(1))
        if content is None:
            return ""
        return f"<style>{inside(content.decode('utf-8-sig', 'replace'), 'style')}</style>"

    def image(found: re.Match[str]) -> str:
        content = read(found.group(3))
        if content is None:
            return f"{found.group(1)}{found.group(2)}data:,{found.group(2)}"
        kind = mimetypes.guess_type(found.group(3).partition("?")[0])[0] or "image/png"
        data = base64.b64encode(content).decode()
        return f"{found.group(1)}{found.group(2)}data:{kind};base64,{data}{found.group(2)}"

    def frame(found: re.Match[str]) -> str:
        """A page within the page, which may hold others."""
        content = None if depth >= _DEEPEST else read(found.group(3))
        if content is None:
            return f"{found.group(1)}{found.group(2)}about:blank{found.group(2)}"
        inner = posixpath.join(posixpath.dirname(name), found.group(3))
        text = content.decode("utf-8", "replace")
        text = _self_contained(text, context, inner, line, depth + 1)
        opening = re.sub(r"\bsrc\s*=\s*\Z", "", found.group(1))
        return f'{opening}srcdoc="{html.escape(text)}"'

    # Scripts hold tags as texts: only what stands outside of them is a tag of the page.
    parts = re.split(r"(<script\b(?![^>]*\bsrc\s*=)[^>]*>.*?</script\s*>)", page, flags=re.S | re.I)
    for index in range(0, len(parts), 2):
        part = _SCRIPT.sub(script, parts[index])
        inner = re.split(r"(<script\b[^>]*>.*?</script\s*>)", part, flags=re.S | re.I)
        inner[::2] = [
            _FRAME.sub(frame, _IMAGE.sub(image, _IMPORT.sub("", _STYLE.sub(style, each))))
            for each in inner[::2]
        ]
        parts[index] = "".join(inner)
    if remote:
        shown = ", ".join(each[:100] for each in dict.fromkeys(remote))
        message = f"The plot {name} loads from the network, which a page does not: {shown}."
        context.warn(line, message, kind="plot")
    return "".join(parts)
