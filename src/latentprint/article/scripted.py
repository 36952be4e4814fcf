"""Files of the site that a script or a style sheet of an article names, put into the page.

A script may show pictures by their addresses, one of a folder at a time; the page gives it what it
holds of them. A style sheet's addresses are replaced.
"""

from __future__ import annotations

import base64
import html
import json
import mimetypes
import re

from bs4 import BeautifulSoup, Tag
from bs4.element import Stylesheet

from latentprint.article.context import Context
from latentprint.article.files import Embedded, UnavailableError, shown_address

MOST_BYTES = 40_000_000
"""How much the pictures may take together that scripts of an article can show."""

_URL = re.compile(r"""url\(\s*(["']?)(?!data:|#)([^"')]+)\1\s*\)""", re.IGNORECASE)
_SHOWS = re.compile(r"""\.src\s*=|setAttribute\(\s*["']src""")
_ADDRESS = re.compile(r"""["'`]((?:\.{0,2}/)?[\w.-]+(?:/[\w.%-]+)*/?)(?=["'`]|\$\{)""")
# Runs before the article's scripts: an address that the page holds becomes its content.
_GIVE = """
(() => {
  const files = %s;
  const own = Object.getOwnPropertyDescriptor(HTMLImageElement.prototype, "src");
  const held = (address) => {
    const path = String(address).replace(/^[.]?[/]/, "");
    return Object.hasOwn(files, path) ? files[path] : address;
  };
  Object.defineProperty(HTMLImageElement.prototype, "src", {
    ...own, set(address) { own.set.call(this, held(address)); },
  });
  const set = Element.prototype.setAttribute;
  HTMLImageElement.prototype.setAttribute = function (name, value) {
    set.call(this, name, name.toLowerCase() === "src" ? held(value) : value);
  };
})();
"""


def embed_named_files(soup: BeautifulSoup, context: Context) -> None:
    """Put in what scripts and style sheets in a body name.

    Args:
        soup: The body.
        context: Where files are, and where it is noted what was put in.
    """
    for style in soup.find_all("style"):
        style.string = Stylesheet(with_style_files(style.get_text(), context))
    scripts = [each for each in soup.find_all("script") if not each.get("src")]
    if not any(_SHOWS.search(each.get_text()) for each in scripts):
        return
    texts = [each.get_text() for each in scripts]
    texts += [f'"{value}"' for tag in soup.find_all(True) for value in _data_attributes(tag)]
    files: dict[str, str] = {}
    size = 0
    for address in dict.fromkeys(each for text in texts for each in _ADDRESS.findall(text)):
        try:
            for name, content in context.files.pictures(html.unescape(address)):
                key = re.sub(r"^\.?/", "", name)
                if key in files or size + len(content) > MOST_BYTES:
                    continue
                size += len(content)
                files[key] = _data_address(name, content)
                context.embedded.append(Embedded(name, "image", len(content)))
        except UnavailableError as error:
            message = f"A picture that a script shows, {shown_address(address)}, {error}."
            context.warn(None, message, kind="missing")
    if files:
        script = f"<script>{_GIVE % json.dumps(files)}</script>"
        soup.insert(0, context.slots.put(script))


def with_style_files(sheet: str, context: Context) -> str:
    """A style sheet with the site's files in place of their addresses.

    Args:
        sheet: The style sheet.
        context: Where files are, and where it is reported what is missing.
    """

    def embedded(found: re.Match[str]) -> str:
        name = found.group(2).strip()
        try:
            content = context.files.read(name)
        except UnavailableError as error:
            message = f"A style sheet names {name[:100]}, which {error}."
            context.warn(None, message, kind="style")
            return 'url("data:,")'
        context.embedded.append(Embedded(name, "image", len(content)))
        return f'url("{_data_address(name, content)}")'

    return _URL.sub(embedded, sheet)


def _data_attributes(tag: Tag) -> list[str]:
    return [str(value) for name, value in tag.attrs.items() if name.startswith("data-")]


def _data_address(name: str, content: bytes) -> str:
    kind = mimetypes.guess_type(name.partition("?")[0])[0] or "application/octet-stream"
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
