"""Durations of ISO 8601, such as PT24H, P1D, P1W or P1M."""

import calendar
import re
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, Self

from whence.rhythm.zones import LAST

_DURATION = re.compile(
    r"P(?=\d|T\d)(?:(\d{1,4})Y)?(?:(\d{1,4})M)?(?:(\d{1,5})W)?(?:(\d{1,6})D)?"
    r"(?:T(?=\d)(?:(\d{1,6})H)?(?:(\d{1,7})M)?(?:(\d{1,9})S)?)?",
    re.ASCII,
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
SECOND = 1_000_000
"""Microseconds."""


class Duration(NamedTuple):
    """Months of the calendar, in UTC, and microseconds."""

    months: int
    micros: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """A duration as ISO 8601 writes it.

        Raises:
            ValueError: it is none, or has no length.
        """
        match = _DURATION.fullmatch(text)
        if match is None:
            raise ValueError(f"{text[:80]!r} is no duration: write one as PT24H, PT30M, P1D, P1W or P1M")
        years, months, weeks, days, hours, minutes, seconds = (int(number or 0) for number in match.groups())
        long = ((7 * weeks + days) * 24 + hours) * 3_600 + minutes * 60 + seconds
        found = cls(12 * years + months, long * SECOND)
        if not any(found):
            raise ValueError(f"{text!r} has no length")
        return found

    def after(self, at: int) -> int:
        """The time (µs) that lies so long after another; a month's last day where it has no such day. At most the year
        9999."""
        try:
            moment = _EPOCH + timedelta(microseconds=at)
            years, month = divmod(moment.month - 1 + self.months, 12)
            year = moment.year + years
            day = min(moment.day, calendar.monthrange(year, month + 1)[1])
            later = moment.replace(year=year, month=month + 1, day=day) + timedelta(microseconds=self.micros)
        except (OverflowError, ValueError, IndexError):
            return LAST
        return (later - _EPOCH) // _MICROSECOND


def words_of(micros: int) -> str:
    """A length of time for people, by its two largest units: 2 d 3 h, 45 min."""
    seconds = abs(micros) // SECOND
    if not seconds:
        return "0 s"
    parts = []
    for unit, size in _UNITS:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {unit}")
        if parts and (len(parts) == 2 or not count):
            break
    return " ".join(parts)


_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
