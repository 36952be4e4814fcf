"""Tables that other sites fill with a script from a file, as Bootstrap Table does."""

from __future__ import annotations

import json

from bs4 import BeautifulSoup, Tag

from latentprint.article.context import Context
from latentprint.article.files import UnavailableError


def fill_tables(soup: BeautifulSoup, context: Context) -> None:
    """Fill the tables that name a file of rows, `data-url`, by the fields of their heads.

    Args:
        soup: The body.
        context: Where files are, and where it is reported what cannot be filled.
    """
    for table in soup.find_all("table", attrs={"data-url": True}):
        name = str(table["data-url"])
        del table["data-url"]
        try:
            rows = json.loads(context.files.read(name))
            if not isinstance(rows, list) or not all(isinstance(each, dict) for each in rows):
                raise UnavailableError("is no list of rows")
        except UnavailableError as error:
            context.warn(None, f"The table's file {name} {error}.", kind="missing")
        except ValueError:
            context.warn(None, f"The table's file {name} is no JSON.", kind="missing")
        else:
            _fill(soup, table, rows)


def _fill(soup: BeautifulSoup, table: Tag, rows: list[dict[str, object]]) -> None:
    fields = [str(each["data-field"]) for each in table.find_all(True, attrs={"data-field": True})]
    body = soup.new_tag("tbody")
    for row in rows:
        line = soup.new_tag("tr")
        for field in fields:
            cell = soup.new_tag("td")
            cell.string = str(row.get(field, ""))
            line.append(cell)
        body.append(line)
    table.append(body)
