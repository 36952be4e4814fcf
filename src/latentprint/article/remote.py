"""What lies on the web: shown as a link that says what it is, for the page loads nothing."""

from __future__ import annotations

import html
import re
from urllib.parse import urlsplit

from latentprint.article.context import Context
from latentprint.article.files import shown_address

_PLAYERS = re.compile(r"(?:youtube(?:-nocookie)?\.com|youtu\.be|vimeo\.com|bilibili\.com)$")


def remote_html(context: Context, kind: str, address: str, line: int | None, text: str = "") -> str:
    """A link in place of something that would have to be loaded.

    Args:
        context: Where it is reported.
        kind: What it is, such as "picture".
        address: Its address on the web.
        line: Its line.
        text: What it shows, such as a picture's alternative text.
    """
    address = f"https:{address}" if address.startswith("//") else address.strip()
    host = (urlsplit(address).hostname or "").removeprefix("www.") if _is_web(address) else ""
    if kind == "frame" and _PLAYERS.search(host):
        kind, address = "video", _watched(address)
    context.warn(
        line,
        f"The {kind} {shown_address(address)} is not on this machine, and the page loads nothing: "
        "it is shown as a link.",
        kind="remote",
    )
    label = f"{kind[:1].upper()}{kind[1:]}"
    label += f" at {host}" if host else ""
    label += f": {text.strip()}" if text.strip() else ""
    if not host:
        return f'<span class="placeholder" role="note">{html.escape(label)}</span>'
    return (
        f'<span class="remote"><a href="{html.escape(address)}" rel="noreferrer">'
        f"{html.escape(label)}</a></span>"
    )


def _is_web(address: str) -> bool:
    try:
        return urlsplit(address).scheme.lower() in ("http", "https")
    except ValueError:
        return False


def _watched(address: str) -> str:
    """The page of a video in place of the player that others put into theirs."""
    found = re.search(r"youtube(?:-nocookie)?\.com/embed/([\w-]+)", address)
    return f"https://www.youtube.com/watch?v={found.group(1)}" if found else address
