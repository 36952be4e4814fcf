"""Photos that cannot be found or read at present: when a run stops, and what it says."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from latentprint.embeddings.extraction import Extraction
from latentprint.embeddings.worker import UNREACHABLE, Prepared
from latentprint.errors import LatentprintError

_FIRST, _LAST = slice(3), slice(-1, None)


@dataclass
class Outage:
    """Counts photos that cannot be reached.

    Attributes:
        how: When many in a row are too many.
        reasons: Why each photo could not be reached, by id.
        left_out: The photos of each shard that was left unfinished for that.
    """

    how: Extraction
    reasons: dict[str, str] = field(default_factory=dict)
    left_out: list[Sequence[int]] = field(default_factory=list)
    _in_a_row: int = 0
    _since: float = 0.0

    def note(self, prepared: Prepared) -> None:
        """Look at the outcome for the next photo.

        Raises:
            LatentprintError: So many in a row could not be reached, for so long, that their folder
                seems to be away.
        """
        facts = prepared.facts
        if facts.status != UNREACHABLE:
            self._in_a_row = 0
            return
        now = time.monotonic()
        if not self._in_a_row:
            self._since = now
        self._in_a_row += 1
        self.reasons[facts.id] = facts.reason
        enough = self._in_a_row >= self.how.stop_after
        if enough and now - self._since >= self.how.stop_seconds:
            raise LatentprintError(
                f"The last {self._in_a_row} photos could not be found or read "
                f"({self._examples(_LAST)}): the folder of photos seems to be away. What was "
                "finished is kept: bring it back and run the same command again to go on."
            )

    def refuse(self) -> None:
        """End a run that left out photos that could not be reached.

        Raises:
            LatentprintError: There were some.
        """
        if self.reasons:
            photos = sum(map(len, self.left_out))
            raise LatentprintError(
                f"Photos that could not be found or read: {len(self.reasons)} "
                f"({self._examples(_FIRST)}). Not stored for that: {photos} photos, those in the "
                f"same shards ({len(self.left_out)}); all others are kept: run the same command "
                "again to finish, or with --skip-missing to count what cannot be found or read as "
                "broken."
            )

    def _examples(self, named: slice) -> str:
        return "; ".join(f"{name}: {why}" for name, why in list(self.reasons.items())[named])
