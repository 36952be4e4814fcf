"""Photos that cannot be reached end a run where many follow each other, and not where few do."""

from dataclasses import replace

import pytest

from latentprint.embeddings.outage import Outage
from latentprint.embeddings.worker import UNREACHABLE, Facts, Prepared
from latentprint.errors import LatentprintError

from .killing import HOW


def test_photos_that_are_reached_between_others_begin_the_count_anew() -> None:
    outage = Outage(replace(HOW, stop_after=3, stop_seconds=0.0))

    def note(row: int, *, reached: bool) -> None:
        status = "ok" if reached else UNREACHABLE
        outage.note(Prepared(row, Facts(f"photo{row}", status, "" if reached else "gone")))

    for row in range(12):
        note(row, reached=row % 3 == 2)
    assert len(outage.reasons) == 8
    note(12, reached=False)
    note(13, reached=False)
    with pytest.raises(LatentprintError, match=r"The last 3 photos .*\(photo14: gone\)"):
        note(14, reached=False)
