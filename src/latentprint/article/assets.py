"""Pictures, films, sounds, scripts, plots and figures: put into the page, which loads nothing."""

from __future__ import annotations

import base64
import html
import mimetypes
import re
from typing import Any

from bs4 import BeautifulSoup, Tag
from markdown_it import MarkdownIt
from markdown_it.token import Token

from latentprint.article.context import Context
from latentprint.article.diagrams import diagram_html
from latentprint.article.elements import context_of, write_attributes
from latentprint.article.files import Embedded, UnavailableError, is_remote, shown_address
from latentprint.article.frames import SANDBOX, plot_html
from latentprint.article.html_text import inside
from latentprint.article.pictures import Sizes, scaled
from latentprint.article.remote import remote_html

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
_NUMBER = re.compile(r'(<span class="figure-number"[^>]*>)\s*(</span>)')
_LAYOUT = re.compile(r"l-[\w-]+")


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
        "style": f"max-width:min(100%,{width})"
        if re.fullmatch(r"[\d.]+(?:px|em|rem|%)", width)
        else "",
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
    message = f"The picture {shown_address(name)} has no alternative text."
    context.warn(line, message, kind="alternative text")


def _render_figure(_: Any, tokens: Any, index: int, __: Any, env: Any) -> str:
    """A fragment as it is, with its figures numbered."""
    token = tokens[index]
    context = context_of(env)
    name = token.meta["attributes"]["src"]
    try:
        if context.options.safe:
            raise UnavailableError("is left out of a page made with --safe")
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


def embed_files(soup: BeautifulSoup, context: Context, styles: str) -> None:
    """Put the files that tags name into them; what cannot be put in becomes a placeholder.

    Args:
        soup: The body.
        context: The state of the rendering, where what is missing is reported.
        styles: The article's own style sheet, besides those in the body.
    """
    context.sizes = Sizes(soup, styles) if context.options.scale else None
    for tag in soup.find_all(list(_HANDLERS)):
        if tag.decomposed:
            continue
        line = str(tag.attrs.pop(LINE, ""))
        _HANDLERS[tag.name](tag, context, int(line) if line.isdecimal() else None)
    for tag in soup.find_all(True, attrs={LINE: True}):
        del tag[LINE]


def _embed_image(tag: Tag, context: Context, line: int | None) -> None:
    name = str(tag.get("src", ""))
    for attribute in ("srcset", "sizes", "onerror", "crossorigin", "decoding", "loading"):
        tag.attrs.pop(attribute, None)
    _limit_width(tag)
    if not name:
        # A script of the article's fills it.
        return
    if tag.get("alt") is None:
        no_description(context, line, name)
        tag["alt"] = ""
    if is_remote(name) and not re.match("data:", name, re.IGNORECASE):
        if not context.options.online:
            _replace_by_link(tag, context, "picture", name, line, _text(tag["alt"]))
        return
    if re.match(r"data:image/[\w.+-]+[;,]", name, re.IGNORECASE) and not context.options.safe:
        return
    try:
        content = context.files.read(name)
        kind = next((kind for signature, kind in _SIGNATURES if signature.match(content)), None)
        if kind is None:
            raise UnavailableError("is no PNG, JPEG, GIF, WebP, AVIF or SVG")
    except UnavailableError as error:
        alternative = _text(tag["alt"])
        _replace(tag, _missing(context, "picture", name, str(error), line, alternative))
        return
    original = len(content)
    if context.sizes is not None:
        content = scaled(content, kind, context.sizes.of(tag))
    scaled_from = original if len(content) < original else 0
    context.embedded.append(Embedded(name, "image", len(content), scaled_from))
    tag["src"] = f"data:image/{kind};base64,{base64.b64encode(content).decode()}"


def _embed_plot(tag: Tag, context: Context, line: int | None) -> None:
    name = str(tag.get("src", ""))
    if not name:
        tag["sandbox"] = SANDBOX
        return
    if is_remote(name):
        if not context.options.online:
            title = str(tag.get("title") or "")
            tag.replace_with(context.slots.put(remote_html(context, "frame", name, line, title)))
        return
    try:
        tag.replace_with(context.slots.put(plot_html(tag, context, name, line)))
    except UnavailableError as error:
        _replace(tag, _missing(context, "plot", name, str(error), line))


def _embed_script(tag: Tag, context: Context, line: int | None) -> None:
    """A script or a style sheet of the site is put in; what would be loaded is left out."""
    address = str(tag.get("src") or tag.get("href") or "")
    if tag.name == "script" and re.match(r"text/tikz", str(tag.get("type", "")), re.IGNORECASE):
        drawing = diagram_html(context, "tikz", tag.get_text(), line)
        tag.replace_with(context.slots.put(drawing))
        return
    if tag.name == "script" and not address:
        return
    try:
        text = context.files.read(address).decode("utf-8-sig")
    except (UnavailableError, UnicodeDecodeError) as error:
        reason = str(error) if isinstance(error, UnavailableError) else "is not UTF-8"
        context.warn(line, f"The {tag.name} {shown_address(address)} {reason}.", kind="script")
        tag.decompose()
        return
    if tag.name == "link" and "stylesheet" not in _text(tag.get("rel", "")):
        tag.decompose()
        return
    element = "script" if tag.name == "script" else "style"
    text = inside(text, element)
    kind = {"type": _text(tag.get("type"))} if tag.get("type") and element == "script" else {}
    context.embedded.append(Embedded(address, element, len(text)))
    whole = f"<{element}{write_attributes(kind)}>{text}</{element}>"
    tag.replace_with(context.slots.put(whole))


def _embed_media(tag: Tag, context: Context, line: int | None) -> None:
    """A film or a sound, or whatever else a page can show of a file."""
    if tag.name == "source" and tag.parent is not None and tag.parent.name in _MEDIA:
        tag.decompose()
        return
    source = tag.find("source")
    address = _text(
        tag.get("src") or tag.get("data") or (source.get("src") if source else "") or ""
    )
    kind = str(tag.name) if tag.name in ("video", "audio") else "file"
    for each in tag.find_all("source"):
        each.decompose()
    if not address:
        return
    if is_remote(address):
        if not context.options.online:
            _replace_by_link(tag, context, kind, address, line)
        elif tag.name in ("video", "audio"):
            tag["src"] = address
        return
    media_type = mimetypes.guess_type(address.partition("?")[0])[0] or ""
    try:
        if tag.name in ("video", "audio") and not media_type.startswith(("video/", "audio/")):
            raise UnavailableError("is no film or sound that is known by its name")
        if tag.name not in ("video", "audio") and not media_type.startswith("image/"):
            raise UnavailableError("is not put in: a page holds pictures, films, sounds and plots")
        content = context.files.read(address)
    except UnavailableError as error:
        _replace(tag, _missing(context, kind, address, str(error), line))
        return
    if kind == "file":
        image = BeautifulSoup("", "html.parser").new_tag("img", src=address, alt=tag.get_text())
        tag.replace_with(image)
        _embed_image(image, context, line)
        return
    context.embedded.append(Embedded(address, kind, len(content)))
    for attribute in ("poster", "autoplay", "preload"):
        tag.attrs.pop(attribute, None)
    tag["controls"] = ""
    tag["src"] = f"data:{media_type};base64,{base64.b64encode(content).decode()}"


def _limit_width(tag: Tag) -> None:
    """A width that the article gives holds only as far as there is room for it."""
    style = _text(tag.get("style", ""))
    if style:
        tag["style"] = re.sub(r"(max-width:\s*)([\d.]+(?:px|r?em))", r"\1min(100%,\2)", style)


def _replace_by_link(
    tag: Tag, context: Context, kind: str, address: str, line: int | None, text: str = ""
) -> None:
    tag.replace_with(context.slots.put(remote_html(context, kind, address, line, text)))


_MEDIA = ("audio", "video", "picture")
_HANDLERS = {
    "img": _embed_image,
    "iframe": _embed_plot,
    "script": _embed_script,
    "link": _embed_script,
    "source": _embed_media,
    "video": _embed_media,
    "audio": _embed_media,
    "object": _embed_media,
    "embed": _embed_media,
}


def _missing(
    context: Context, kind: str, name: str, reason: str, line: int | None, text: str = ""
) -> str:
    """Report something that is not shown, and make what stands in its place."""
    message = f"The {kind} {shown_address(name)} {reason}."
    context.warn(line, message, kind="missing")
    shown = f"{message} {text}".rstrip()
    return f'<span class="placeholder" role="note">{html.escape(shown)}</span>'


def _replace(tag: Tag, placeholder: str) -> None:
    tag.replace_with(BeautifulSoup(placeholder, "html.parser"))


def _text(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value or "")
