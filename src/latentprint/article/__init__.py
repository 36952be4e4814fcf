"""Articles: Markdown as Distill and al-folio have it, rendered to one HTML page."""

from latentprint.article.context import Options
from latentprint.article.document import Document, parse_article, read_article
from latentprint.article.page import Written, render_page, write_article

__all__ = [
    "Document",
    "Options",
    "Written",
    "parse_article",
    "read_article",
    "render_page",
    "write_article",
]
