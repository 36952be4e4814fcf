"""HTML of a source that is not trusted: only what can do no harm is kept."""

from __future__ import annotations

import re

import nh3

_HARMLESS = """
    a abbr aside b bdi bdo blockquote br caption center cite code col colgroup dd del details dfn
    div dl dt em figcaption figure footer h1 h2 h3 h4 h5 h6 header hr i img input ins kbd li main
    mark nav ol p pre q rp rt ruby s samp section small span strike strong sub summary sup table
    tbody td tfoot th thead time tr tt u ul var wbr d-abstract d-appendix d-article d-byline
    d-title picture d-bibliography d-citation-list d-contents d-footnote-list d-front-matter
    d-interstitial
"""
TAGS = frozenset(_HARMLESS.split())
# Elements whose content is no text for a reader.
_UNREAD = (
    *("script", "style", "iframe", "noembed", "noframes", "noscript", "object"),
    *("svg", "math", "template", "textarea", "title", "select", "audio", "video"),
)
_ATTRIBUTES = {
    "*": {"class", "dir", "id", "lang", "title"},
    "a": {"href", "name"},
    "col": {"span"},
    "colgroup": {"span"},
    "details": {"open"},
    "img": {"alt", "data-source-line", "height", "src", "width"},
    "input": {"checked", "disabled", "type"},
    "li": {"value"},
    "ol": {"reversed", "start"},
    "td": {"align", "colspan", "rowspan", "style"},
    "th": {"align", "colspan", "rowspan", "scope", "style"},
    "time": {"datetime"},
}
# Ids that the page and its figures use, and classes to which its scripts and styles answer.
_TAKEN_IDS = re.compile(r"(?:page|reference|footnote|figure)(?:-|$)", re.IGNORECASE)
_CLASSES = re.compile(
    r"(?:l-[a-z-]+|fake-img|caption|row|col[a-z0-9-]*|img-fluid|rounded|task-list-item(?:-checkbox)?"
    r"|contains-task-list|unsupported|appendix|abstract)\Z"
)


def is_allowed(tag: str) -> bool:
    """Whether a tag, as it is written, stays in a page made from a source that is not trusted."""
    name = re.match(r"</?([A-Za-z][A-Za-z0-9-]*)", tag)
    return tag.startswith("</") or (name is not None and name.group(1).lower() in TAGS)


def sanitise(html: str) -> str:
    """Drop scripts, styles, frames, event handlers and addresses that are no web addresses.

    Args:
        html: Rendered Markdown.
    """
    return nh3.clean(
        html,
        tags=set(TAGS),
        clean_content_tags=set(_UNREAD),
        attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
        attribute_filter=_filter,
        filter_style_properties={"text-align"},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )


def _filter(tag: str, attribute: str, value: str) -> str | None:
    if attribute == "class":
        return " ".join(each for each in value.split() if _CLASSES.match(each)) or None
    if attribute == "id" and _TAKEN_IDS.match(value):
        return None
    if (tag, attribute) == ("input", "type") and value != "checkbox":
        return None
    return value
