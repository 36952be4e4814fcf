"""Options of the commands that embed photos, as the dataclasses of a call from Python."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from latentprint.api.embed import Choice, Embedding


def embedding_options(command: str, written: Mapping[str, Any]) -> tuple[Choice, Embedding]:
    """Which photos a command embeds, and how.

    Args:
        command: Its name, for messages.
        written: All its parameters by name, among them each option of both: none can be forgotten.

    Raises:
        UsageError: See ``options_of``.
    """
    from latentprint.api.embed import Choice, Embedding
    from latentprint.api.keywords import keywords_of, options_of

    own = {keyword: written[keyword] for keyword in keywords_of(Choice, Embedding)}
    choice, how = options_of(command, own, Choice, Embedding)
    return choice, how
