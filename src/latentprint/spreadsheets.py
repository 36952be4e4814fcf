"""CSV cells that no spreadsheet takes for a formula, and their texts again.

A text that begins with ``=``, ``+``, ``-``, ``@``, a tab or a line break is a formula where a
spreadsheet opens the file, and may be one of a stranger's: the name of a photo, a label, an EXIF
value. It is written with an apostrophe before it, as OWASP advises (CSV Injection,
https://owasp.org/www-community/attacks/CSV_Injection). Numbers stay as they are.
"""

from __future__ import annotations

import re

import polars as pl

# The wide forms are formulas in spreadsheets of some languages.
_FORMULA = "^'*[=+\\-@\t\r\n＝＋－＠]"
_NUMBER = r"^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$"
_TEXTS = (pl.String, pl.Categorical, pl.Enum)


def guarded_cell(text: str) -> str:
    """A text as a CSV file holds it."""
    return f"'{text}" if re.match(_FORMULA, text) and not re.match(_NUMBER, text) else text


def restored_cell(text: str) -> str:
    """The text of which ``guarded_cell`` made this one."""
    rest = text[1:]
    return rest if text[:1] == "'" and guarded_cell(rest) != rest else text


def guarded(table: pl.DataFrame) -> pl.DataFrame:
    """A table as a CSV file holds it: the names of columns, and their texts."""
    names = [name for name, kind in table.schema.items() if isinstance(kind, _TEXTS)]
    text = pl.col(names).cast(pl.String)
    changed = pl.when(_is_formula(text)).then("'" + text).otherwise(text)
    return table.with_columns(changed.name.keep()).rename(guarded_cell)


def restored(table: pl.DataFrame) -> pl.DataFrame:
    """The table of which ``guarded`` made this one."""
    names = [name for name, kind in table.schema.items() if isinstance(kind, _TEXTS)]
    text = pl.col(names).cast(pl.String)
    rest = text.str.slice(1)
    changed = pl.when(text.str.starts_with("'") & _is_formula(rest)).then(rest).otherwise(text)
    return table.with_columns(changed.name.keep()).rename(restored_cell)


def _is_formula(text: pl.Expr) -> pl.Expr:
    return text.str.contains(_FORMULA) & ~text.str.contains(_NUMBER)
