"""Several contents of a figure, of which the reader chooses one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from latentprint.report.figures.fragment import fragment
from latentprint.report.inputs import grouped


@dataclass(frozen=True)
class Choice:
    """One content.

    Attributes:
        group: What several choices have in common, such as the encoder; empty where each is one of
            its own.
        label: What tells it from the others of its group.
        content: The HTML.
    """

    group: str
    label: str
    content: Markup

    @property
    def title(self) -> str:
        """What it is called above its content."""
        return f"{self.group}: {self.label}" if self.group else self.label


def choices_html(key: str, asked: str, choices: Sequence[Choice]) -> Markup:
    """All contents; with JavaScript one at a time, chosen from a list.

    Args:
        key: Key of the figure: ids begin with it.
        asked: What is chosen, such as "Encoder and attribute".
        choices: The contents; those of a group need not stand together.
    """
    numbered: list[dict[str, Any]] = [
        {"group": each.group, "number": number, "choice": each}
        for number, each in enumerate(choices)
    ]
    return fragment("choices.html.j2", key=key, asked=asked, groups=grouped(numbered, "group"))
