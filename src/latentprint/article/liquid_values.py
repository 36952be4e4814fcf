"""The values of Liquid's expressions, which python-liquid reads."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

_ADDRESS = re.compile(
    r"""\s*(?:(['"])(?P<path>[^'"]*)\1|(?P<base>site\.(?:base)?url))\s*
    (?:\|\s*(?:relative_url|absolute_url|prepend:\s*site\.(?:base)?url)\s*)*""",
    re.VERBOSE,
)
_PARAMETER = re.compile(r"""([\w-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s,]+))""")


MOST = 1_000_000
"""The most characters, entries or digits that a value may have."""


class ExpressionError(Exception):
    """An expression is no Liquid that works here; the message, where there is one, says why."""


class Values:
    """What names mean in an article's Liquid.

    Attributes:
        globals: Values by name; `page` is the front matter.
    """

    def __init__(self, page: Mapping[str, Any]) -> None:
        self.globals: dict[str, Any] = {"page": page}
        self._kept: Any = None

    def text(self, expression: str) -> str:
        """What an output writes.

        Raises:
            ExpressionError: It is no expression, or a name or filter in it is not known.
        """
        found = _ADDRESS.fullmatch(expression)
        if found is not None:
            return found["path"] or ""
        value = self.value(expression)
        if value is None or isinstance(value, Mapping):
            return ""
        if isinstance(value, bool):
            return str(value).lower()
        return "".join(map(str, value)) if isinstance(value, list) else str(value)

    def value(self, expression: str) -> Any:
        """The value of an expression with its filters.

        Raises:
            ExpressionError: It is no expression, or a name or filter in it is not known.
        """
        self._render("{{ " + expression.strip() + " | kept_value }}")
        return self._kept

    def items(self, expression: str) -> list[Any]:
        """What a loop goes through; nothing, if the expression names nothing."""
        value = self.value(expression)
        if isinstance(value, Mapping):
            return [list(each) for each in value.items()]
        if value is None or isinstance(value, str):
            return []
        _require_short(value)
        return list(value)

    def holds(self, condition: str) -> bool:
        """Whether a condition is true."""
        return self._render("{% if " + condition.strip() + " %}1{% endif %}") == "1"

    def parameters(self, arguments: str) -> tuple[str, dict[str, Any]]:
        """The name of an include, and the parameters that it is given."""
        name = (arguments.split() or [""])[0]
        given: dict[str, Any] = {}
        for key, double, single, bare in _PARAMETER.findall(arguments):
            written = double or single
            given[key] = self._filled(written) if written or not bare else self._named(bare)
        return name, given

    def _filled(self, text: str) -> str:
        return re.sub(r"\{\{(.*?)\}\}", lambda found: self.text(found.group(1)), text)

    def _named(self, name: str) -> Any:
        """What a bare word means: a value of this name, or the word itself."""
        try:
            value = self.value(name)
        except ExpressionError:
            return name
        return value if isinstance(value, (str, list, Mapping)) else name

    def _render(self, template: str) -> str:
        from liquid.exceptions import LiquidError, UndefinedError

        try:
            return str(self._environment.from_string(template).render(**self.globals))
        except UndefinedError as error:
            # What a page or a site does not say is nothing, as in Jekyll.
            if re.search(r"\b(?:page|site|include|forloop)\b", str(error).partition("\n")[0]):
                self._kept = None
                return ""
            raise ExpressionError("") from error
        except (LiquidError, ArithmeticError, LookupError, TypeError, ValueError) as error:
            raise ExpressionError("") from error

    @cached_property
    def _environment(self) -> Any:
        from liquid import Environment, FalsyStrictUndefined

        environment = Environment(undefined=FalsyStrictUndefined)
        for name, work in _FILTERS.items():
            environment.add_filter(name, work)
        environment.add_filter("kept_value", self._keep)
        return environment

    def _keep(self, value: Any) -> str:
        from liquid import is_undefined

        _require_short(value)
        self._kept = None if is_undefined(value) else value
        # Of what is undefined this raises.
        return str(value) if is_undefined(value) else ""


def _require_short(value: Any) -> None:
    """Refuse what a few lines can double again and again.

    Raises:
        ExpressionError: It is too long.
    """
    long = isinstance(value, (str, list, tuple, range)) and len(value) > MOST
    if long or (isinstance(value, int) and value.bit_length() > MOST):
        raise ExpressionError("a value is too long")


def _replaced(value: Any, old: Any, new: Any = "") -> str:
    text, old, new = str(value), str(old), str(new)
    count = text.count(old)
    if len(text) + count * len(new) > MOST:
        raise ExpressionError("a value is too long")
    return text.replace(old, new)


def _joined(value: Any, between: Any = " ") -> str:
    parts = [value] if isinstance(value, str) else value
    _require_short(parts)
    texts = list(map(str, parts))
    if sum(map(len, texts)) + len(texts) * len(str(between)) > MOST:
        raise ExpressionError("a value is too long")
    return str(between).join(texts)


def _same(value: Any, *_: Any) -> Any:
    return value


def _slug(value: Any, *_: Any) -> str:
    return re.sub(r"[^\w]+", "-", str(value).lower()).strip("-")


def _sentence(value: Any, connector: str = "and") -> str:
    words = list(map(str, value))
    return f" {connector} ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


# The filters that Jekyll adds to Liquid's own.
_FILTERS: dict[str, Callable[..., Any]] = {
    "relative_url": _same,
    "absolute_url": _same,
    "markdownify": _same,
    "smartify": _same,
    "jsonify": lambda value: json.dumps(value, default=str, ensure_ascii=False),
    "slugify": _slug,
    "xml_escape": lambda value: html.escape(str(value)),
    "normalize_whitespace": lambda value: " ".join(str(value).split()),
    "number_of_words": lambda value, *_: len(str(value).split()),
    "array_to_sentence_string": _sentence,
    "bust_file_cache": _same,
    "bust_css_cache": _same,
    # Liquid's own, with a bound.
    "replace": _replaced,
    "join": _joined,
}
