"""Pictures, plots and figures: put into the page, which loads nothing."""

from __future__ import annotations

import base64
import html
import posixpath
import re
from typing import Any

from bs4 import BeautifulSoup, Tag
from markdown_it import MarkdownIt
from markdown_it.token import Token

from latentprint.article.context import Context
from latentprint.article.elements import context_of, write_attributes
from latentprint.article.files import Embedded, UnavailableError, is_remote
from latentprint.article.pictures import Sizes, scaled
from latentprint.article.plots import MARK, with_shared_scripts

# The attribute that carries a tag's line to the one who embeds its file.
LINE = "data-source-line"

_SIGNATURES = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "png"),
    (re.compile(rb"\xff\xd8\xff"), "jpeg"),
    (re.compile(rb"GIF8[79]a"), "gif"),
    (re.compile(rb"RIFF.{4}WEBP", re.DOTALL), "webp"),
    (re.compile(rb".{4}ftyp(?:avif|avis|mif1)", re.DOTALL), "avif"),
    (
        re.compile(
            rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml.*?\?>|<!--.*?-->|<!DOCTYPE[^>]*>|\s)*<svg\b", re.DOTALL
        ),
        "svg+xml",
    ),
)
# Figures of a run let their numbers be downloaded.
_SANDBOX = "allow-scripts allow-downloads"
_NUMBER = re.compile(r'(<span class="figure-number"[^>]*>)\s*(</span>)')
_LAYOUT = re.compile(r"l-[\w-]+")
_LOADS = re.compile(
    r"""<(?:script|link|img)\b[^>]*\b(?:src|href)\s*=\s*["']?(?:https?:)?//""", re.IGNORECASE
)


def assets_plugin(md: MarkdownIt) -> None:
    """Let a renderer put in the fragments that `<d-figure src="…">` names."""
    md.add_render_rule("d_figure", _render_figure)
    md.add_render_rule("picture", lambda _, tokens, index, *__: tokens[index].content)


def picture(token: Token, md: MarkdownIt, env: Any) -> list[Token]:
    """The tokens of `<d-image>`, a figure with a picture and a caption in Markdown."""
    attributes = dict(token.meta["attributes"])
    line = token.meta["line"]
    caption = attributes.pop("caption", "")
    if not attributes.get("alt") and not caption:
        no_description(context_of(env), line, attributes.get("src", ""))
    classes = attributes.pop("class", "").split()
    width = attributes.pop("max-width", "")
    shown = {
        "src": attributes.pop("src", ""),
        "alt": attributes.pop("alt", ""),
        "class": " ".join(each for each in classes if not _LAYOUT.fullmatch(each)),
        "style": f"max-width:{width}" if re.fullmatch(r"[\d.]+(?:px|em|rem|%)", width) else "",
        LINE: str(line),
    } | {name: attributes[name] for name in ("title", "width", "height") if name in attributes}
    shown = {name: value for name, value in shown.items() if value or name in ("src", "alt")}
    layout = (
        write_attributes({"class": " ".join(filter(_LAYOUT.fullmatch, classes))}) if classes else ""
    )
    opening = f"<figure{layout}><img{write_attributes(shown)}>"
    if not caption:
        return [_raw(f"{opening}</figure>", token)]
    context_of(env).line = line - 1
    inner: list[Token] = []
    md.inline.parse(caption, md, env, inner)
    return [_raw(f"{opening}<figcaption>", token), *inner, _raw("</figcaption></figure>", token)]


def _raw(content: str, token: Token) -> Token:
    return Token("picture", "", 0, content=content, block=token.block)


def no_description(context: Context, line: int | None, name: str) -> None:
    """Report a picture that says nothing to who cannot see it."""
    context.warn(line, f"The picture {_name(name)} has no alternative text.")


def _render_figure(_: Any, tokens: Any, index: int, __: Any, env: Any) -> str:
    """A fragment as it is, with its figures numbered."""
    token = tokens[index]
    context = context_of(env)
    name = token.meta["attributes"]["src"]
    try:
        if context.safe:
            raise UnavailableError("is left out of a page made with --safe")
        if is_remote(name):
            raise UnavailableError("is not on this machine, and the page loads nothing")
        content = context.files.read(name)
        fragment = content.decode("utf-8-sig")
    except UnavailableError as error:
        return context.slots.put(_missing(context, "figure", name, str(error), token.meta["line"]))
    except UnicodeDecodeError:
        return context.slots.put(
            _missing(context, "figure", name, "is not UTF-8", token.meta["line"])
        )
    context.embedded.append(Embedded(name, "figure", len(content)))

    def number(found: re.Match[str]) -> str:
        context.figures += 1
        return f"{found.group(1)}Figure {context.figures}.{found.group(2)}"

    return context.slots.put(_NUMBER.sub(number, fragment))


def embed_files(soup: BeautifulSoup, context: Context) -> None:
    """Put the files that tags name into them; what cannot be put in becomes a placeholder.

    Args:
        soup: The body.
        context: The state of the rendering, where what is missing is reported.
    """
    context.sizes = Sizes(soup, context.styles) if context.scale else None
    for tag in soup.find_all(list(_HANDLERS)):
        line = str(tag.attrs.pop(LINE, ""))
        _HANDLERS[tag.name](tag, context, int(line) if line.isdecimal() else None)
    for tag in soup.find_all(True, attrs={LINE: True}):
        del tag[LINE]


def _embed_image(tag: Tag, context: Context, line: int | None) -> None:
    name = str(tag.get("src", ""))
    for attribute in ("srcset", "sizes", "onerror", "crossorigin", "decoding", "loading"):
        tag.attrs.pop(attribute, None)
    if tag.get("alt") is None:
        no_description(context, line, name)
        tag["alt"] = ""
    if re.match(r"data:image/[\w.+-]+[;,]", name, re.IGNORECASE) and not context.safe:
        return
    try:
        content = _read(context, name)
        kind = next((kind for signature, kind in _SIGNATURES if signature.match(content)), None)
        if kind is None:
            raise UnavailableError("is no PNG, JPEG, GIF, WebP, AVIF or SVG")
    except UnavailableError as error:
        _replace(tag, _missing(context, "picture", name, str(error), line))
        return
    original = len(content)
    if context.sizes is not None:
        content = scaled(content, kind, context.sizes.of(tag))
    scaled_from = original if len(content) < original else 0
    context.embedded.append(Embedded(name, "image", len(content), scaled_from))
    tag["src"] = f"data:image/{kind};base64,{base64.b64encode(content).decode()}"


def _embed_plot(tag: Tag, context: Context, line: int | None) -> None:
    """A page in a frame that can run scripts, but reach neither the article nor the network."""
    name = str(tag.get("src", ""))
    if not name and tag.get("srcdoc"):
        tag["sandbox"] = _SANDBOX
        return
    try:
        content = _read(context, name)
        page = content.decode("utf-8-sig")
    except UnavailableError as error:
        _replace(tag, _missing(context, "plot", name, str(error), line))
        return
    except UnicodeDecodeError:
        _replace(tag, _missing(context, "plot", name, "is not UTF-8", line))
        return
    page = with_shared_scripts(page, name, context, line)
    if _LOADS.search(page):
        context.warn(line, f"The plot {_name(name)} loads from the network, which a page does not.")
    context.embedded.append(Embedded(name, "plot", len(content)))
    stem = posixpath.splitext(posixpath.basename(name))[0]
    kept = {
        key: _text(value)
        for key, value in tag.attrs.items()
        if key not in ("src", "sandbox", "allow", "loading", "srcdoc", "class")
    }
    kept["title"] = kept.get("title") or re.sub(r"[-_]+", " ", stem)
    kept["class"] = " ".join(["embedded-plot", *_text(tag.get("class", "")).split()])
    # A plot without its scripts is no page yet: the article's own script puts it together.
    holder = "data-page" if MARK in page else "srcdoc"
    frame = write_attributes({**kept, "sandbox": _SANDBOX, holder: page})
    tag.replace_with(context.slots.put(f"<iframe{frame}></iframe>"))


def _drop_script(tag: Tag, context: Context, line: int | None) -> None:
    """A script or style sheet that would have to be loaded; those in the text stay."""
    address = str(tag.get("src") or tag.get("href") or "")
    if tag.name == "link" or tag.get("src"):
        context.warn(line, f"{address or tag.name} is not loaded: the page loads nothing.")
        tag.decompose()


def _drop_media(tag: Tag, context: Context, line: int | None) -> None:
    if tag.name == "source" and tag.parent is not None and tag.parent.name in _MEDIA:
        tag.decompose()
        return
    source = tag.find("source")
    address = tag.get("src") or tag.get("data") or (source.get("src") if source else "") or ""
    reason = "is not put in: a page holds pictures and plots only"
    _replace(tag, _missing(context, str(tag.name), str(address), reason, line))


_MEDIA = ("audio", "video", "picture")
_HANDLERS = {
    "img": _embed_image,
    "iframe": _embed_plot,
    "script": _drop_script,
    "link": _drop_script,
    "source": _drop_media,
    "video": _drop_media,
    "audio": _drop_media,
    "object": _drop_media,
    "embed": _drop_media,
}


def _read(context: Context, name: str) -> bytes:
    if is_remote(name):
        raise UnavailableError("is not on this machine, and the page loads nothing")
    return context.files.read(name)


def _missing(context: Context, kind: str, name: str, reason: str, line: int | None) -> str:
    """Report something that is not shown, and make what stands in its place."""
    message = f"The {kind} {_name(name)} {reason}."
    context.warn(line, message)
    return f'<span class="placeholder" role="note">{html.escape(message)}</span>'


def _replace(tag: Tag, placeholder: str) -> None:
    tag.replace_with(BeautifulSoup(placeholder, "html.parser"))


def _name(address: str) -> str:
    shown = " ".join(address.split()) or "without an address"
    return shown if len(shown) <= 100 else f"{shown[:100]}…"


def _text(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value or "")
