"""Code in an article, coloured by Pygments with classes, for light and dark pages."""

from __future__ import annotations

import html
import re
from typing import Any

from markdown_it import MarkdownIt
from pygments import highlight as colour
from pygments.formatters import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

from latentprint.article.context import Context
from latentprint.article.diagrams import KINDS, PLAIN, diagram_html
from latentprint.article.elements import context_of, write_attributes

_RAW = re.compile(r"\{%-?\s*raw\s*-?%\}(.*?)\{%-?\s*endraw\s*-?%\}", re.DOTALL)
LIGHT = "default"
DARK = "github-dark"


def code_plugin(md: MarkdownIt) -> None:
    """Let a renderer write code: fenced, indented and `<d-code>`."""
    for kind in ("fence", "code_block"):
        md.add_render_rule(kind, _render_block)
    md.add_render_rule("code_inline", _render_inline)
    md.add_render_rule("d_code", _render_element)


def unwrap_raw(text: str) -> str:
    """Code without `raw`, which only keeps Jekyll from running what stands in it."""
    return _RAW.sub(lambda found: found.group(1), text)


def highlight_css() -> str:
    """The style sheet of the code's classes.

    On a screen, dark colours hold for `:root[data-theme="dark"]` and, unless the page is
    `:root[data-theme="light"]`, for a reader who wants dark pages.
    """
    chosen = _rules(DARK, '[data-theme="dark"]')
    preferred = _rules(DARK, ':not([data-theme="light"])')
    return (
        f"{_rules(LIGHT, '')}\n"
        f"@media screen {{\n{chosen}\n}}\n"
        f"@media screen and (prefers-color-scheme: dark) {{\n{preferred}\n}}\n"
    )


def _rules(style: str, theme: str) -> str:
    formatter: Any = HtmlFormatter(style=style)
    definitions = formatter.get_style_defs([f":root{theme} .code"])
    return "\n".join(line for line in definitions.splitlines() if f"{theme} .code" in line)


def code_html(code: str, lexer: Lexer | None, *, numbered: bool = False) -> str:
    """The lines of a block of code, coloured where a lexer is given."""
    text = code.rstrip("\n") + "\n"
    if lexer is None:
        inner = html.escape(text, quote=False)
    else:
        inner = colour(text, lexer, HtmlFormatter(nowrap=True))
    if not numbered:
        return inner
    return "".join(
        f'<span class="code-line" data-number="{number}">{line}\n</span>'
        for number, line in enumerate(inner.rstrip("\n").split("\n"), start=1)
    )


def block_html(
    context: Context, code: str, language: str, line: int, *, numbered: bool = False
) -> str:
    """A block of code, or of a diagram's source.

    Args:
        context: Where it is reported that the language is not known.
        code: The code.
        language: What it is written in; empty: nothing in particular.
        line: Its line.
        numbered: Whether its lines have numbers.
    """
    if language in KINDS:
        return diagram_html(context, language, code, line)
    lexer = _lexer(PLAIN.get(language, language))
    if language and lexer is None:
        message = f"Code is shown without colours: {language!r} is no known language."
        context.warn(line, message, kind="language")
    name = f' class="language-{html.escape(language)}"' if language else ""
    inner = code_html(code, lexer, numbered=numbered)
    return f'<div class="code"><pre><code{name}>{inner}</code></pre></div>\n'


def _block(env: Any, code: str, language: str, line: int, *, numbered: bool = False) -> str:
    context = context_of(env)
    return context.slots.put(block_html(context, code, language, line, numbered=numbered))


def _lexer(language: str) -> Lexer | None:
    """The lexer of a language, made to keep every character of the code."""
    try:
        return get_lexer_by_name(language, stripnl=False, ensurenl=False) if language else None
    except ClassNotFound:
        return None


def _render_block(_: Any, tokens: Any, index: int, __: Any, env: Any) -> str:
    token = tokens[index]
    language = (token.info.split() or [""])[0] if token.type == "fence" else ""
    return _block(env, unwrap_raw(token.content), language, token.map[0] + 1)


def _render_inline(_: Any, tokens: Any, index: int, __: Any, ___: Any) -> str:
    attributes = write_attributes({name: str(each) for name, each in tokens[index].attrs.items()})
    shown = html.escape(unwrap_raw(tokens[index].content))
    return f"<code{attributes}>{shown}</code>"


def _render_element(_: Any, tokens: Any, index: int, __: Any, env: Any) -> str:
    """`<d-code>`: its content is HTML's text, so character references are decoded."""
    token = tokens[index]
    code = html.unescape(token.content)
    attributes = token.meta["attributes"]
    language = attributes.get("language", "")
    if "block" in attributes:
        code = code.strip("\n")
        return _block(env, code, language, token.meta["line"], numbered="linenos" in attributes)
    inner = code_html(code.strip(), _lexer(language)).rstrip("\n")
    return context_of(env).slots.put(f'<code class="code">{inner}</code>')
