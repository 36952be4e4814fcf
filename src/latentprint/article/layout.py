"""The tree of a body: Distill's frame, tables and lists as a page wants them."""

from __future__ import annotations

import re

from bs4 import BeautifulSoup, Tag

from latentprint.article.context import Context
from latentprint.article.data_tables import fill_tables

# The page has its own title, byline and lists.
_DROPPED = re.compile(
    r"d-(?:byline|title|front-matter|contents|bibliography|citation-list|footnote-list|interstitial)"
    r"\Z|distill-(?:header|footer)\Z"
)
_SECTIONS = {"d-appendix": "appendix", "d-abstract": "abstract"}


def settle_layout(soup: BeautifulSoup, context: Context) -> None:
    """Turn Distill's elements into HTML, and make tables and task lists usable by all.

    Args:
        soup: The body.
        context: The state of the rendering, where what is dropped is reported.
    """
    for tag in soup.find_all(_DROPPED):
        if tag.get_text(strip=True):
            context.warn(None, f"<{tag.name}> is left out: the page makes its own.")
        tag.decompose()
    for tag in soup.find_all("d-article"):
        tag.unwrap()
    for name, role in _SECTIONS.items():
        for tag in soup.find_all(name):
            tag.name = "section"
            tag["class"] = role
    for tag in soup.find_all("d-figure"):
        tag.name = "figure"
    fill_tables(soup, context)
    for table in soup.find_all("table"):
        _frame(soup, table)
    for box in soup.find_all("input", class_="task-list-item-checkbox"):
        box["aria-label"] = "done" if box.has_attr("checked") else "to do"
    for tag in soup.find_all(["base", "meta"]):
        tag.decompose()
    for paragraph in soup.find_all("p"):
        if not (paragraph.attrs or paragraph.find(True) or paragraph.get_text(strip=True)):
            paragraph.decompose()


def _frame(soup: BeautifulSoup, table: Tag) -> None:
    """A box in which a wide table scrolls."""
    parent = table.parent
    if parent is None or parent.name == "table" or "table" in parent.get_attribute_list("class"):
        return
    table.wrap(soup.new_tag("div", attrs={"class": "table"}))
