"""Spans of time: a search gives 4,000 photos at most, so that long spans must be halved."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from latentprint.errors import UsageError

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Window:
    """A span of time, both ends included, in whole seconds of the photographer's clock."""

    start: datetime
    end: datetime

    @property
    def key(self) -> str:
        """A name of the span, for the journal."""
        return f"{self.start}/{self.end}"

    def halves(self) -> tuple[Window, Window] | None:
        """The earlier and the later half, or None if the span is a single second."""
        if self.start == self.end:
            return None
        middle = self.start + timedelta(seconds=(self.end - self.start) // _SECOND // 2)
        return Window(self.start, middle), Window(middle + _SECOND, self.end)


def months(first: date, last: date) -> list[Window]:
    """The calendar months between two days, both included; the outer ones may be partial."""
    windows, start = [], first
    while start <= last:
        end = start.replace(day=calendar.monthrange(start.year, start.month)[1])
        windows.append(
            Window(
                datetime.combine(start, time.min),
                datetime.combine(min(end, last), time(23, 59, 59)),
            )
        )
        start = end + timedelta(days=1)
    return windows


def first_day(text: str) -> date:
    """The first day of a year ("2008"), month ("2008-03") or day ("2008-03-17").

    Raises:
        UsageError: It is neither.
    """
    year, month, day = _parts(text)
    return date(year, month or 1, day or 1)


def last_day(text: str) -> date:
    """The last day of a year, month or day, written as for ``first_day``.

    Raises:
        UsageError: It is neither.
    """
    year, month, day = _parts(text)
    return date(year, month or 12, day or calendar.monthrange(year, month or 12)[1])


def _parts(text: str) -> tuple[int, int, int]:
    """Year, month and day; 0 for what is not said."""
    match = re.fullmatch(r"(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?", text.strip())
    wrong = UsageError(f"{text!r} is no date: write 2008, 2008-03 or 2008-03-17.")
    if match is None:
        raise wrong
    year, month, day = (int(each or 0) for each in match.groups())
    try:
        said_zero = "-00" in text
        if said_zero or year < 1900 or year > 9998:
            raise wrong
        date(year, month or 1, day or 1)
    except ValueError:
        raise wrong from None
    return year, month, day
