"""The scripts of plots: large ones are kept once in a page, however many plots use them.

A plot is a page of its own in a frame, and most bring the same library of some megabytes along,
within them or in a file beside them. Where a large script stood, a plot keeps a mark; the page
holds the script once, as text, and its own script `frames.js` puts plots together.
"""

from __future__ import annotations

import posixpath
import re
from hashlib import sha256

from latentprint.article.context import Context
from latentprint.article.files import UnavailableError, is_remote

LARGE = 20_000
"""Characters from which a script is kept once."""

MARK = "data-shared-script"
"""The attribute of a mark; its value is the key of the script."""

_BESIDE = re.compile(
    r"""<script\b[^>]*?\bsrc\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+))[^>]*>\s*</script\s*>""",
    re.IGNORECASE,
)
_SHEET = re.compile(r"<link\b[^>]*\bstylesheet\b[^>]*>", re.IGNORECASE)
_ADDRESS = re.compile(r"""\bhref\s*=\s*["']?([^"'\s>]+)""", re.IGNORECASE)
_WITHIN = re.compile(
    r"""<script(?:\s+type\s*=\s*["']?(?:text/javascript|application/javascript)["']?"""
    r"""|\s+charset\s*=\s*["']?[\w-]+["']?)*\s*>(.*?)</script\s*>""",
    re.IGNORECASE | re.DOTALL,
)


def with_shared_scripts(page: str, name: str, context: Context, line: int | None) -> str:
    """A plot with the files beside it put in, and marks in place of large scripts.

    Args:
        page: The HTML of the plot.
        name: The plot's address: what it names lies beside it.
        context: The state of the rendering, which keeps the scripts.
        line: Where the article names the plot.
    """

    def beside(address: str) -> str | None:
        if is_remote(address):
            return None
        place = posixpath.join(posixpath.dirname(name), address)
        try:
            return context.files.read(place).decode("utf-8-sig")
        except UnavailableError as error:
            context.warn(line, f"The plot {name} needs {place}, which {error}.")
        except UnicodeDecodeError:
            context.warn(line, f"The plot {name} needs {place}, which is not UTF-8.")
        return ""

    def script(found: re.Match[str]) -> str:
        text = beside(next(filter(None, found.groups()), ""))
        return found[0] if text is None else f"<script>{_inside(text, 'script')}</script>"

    def sheet(found: re.Match[str]) -> str:
        address = _ADDRESS.search(found[0])
        text = beside(address[1]) if address else None
        return found[0] if text is None else f"<style>{_inside(text, 'style')}</style>"

    def shared(found: re.Match[str]) -> str:
        if len(found[1]) < LARGE:
            return found[0]
        key = sha256(found[1].encode("utf-8", "surrogatepass")).hexdigest()[:16]
        context.shared_scripts[key] = found[1]
        return f'<script {MARK}="{key}"></script>'

    return _WITHIN.sub(shared, _SHEET.sub(sheet, _BESIDE.sub(script, page)))


def _inside(text: str, element: str) -> str:
    """Text without what would end the element that it is put into."""
    return re.sub(rf"</(?={element})", r"<\\/", text, flags=re.IGNORECASE)
