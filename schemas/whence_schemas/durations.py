"""Durations and periods of ISO 8601, such as PT24H, P1W or P10Y; and lengths of time in words."""

import calendar
import re
from typing import NamedTuple, Self

from .times import FIRST, LAST, SECOND, datetime_of, micros_of

_DURATION = re.compile(
    r"P(?=\d|T\d)(?:(\d{1,4})Y)?(?:(\d{1,4})M)?(?:(\d{1,5})W)?(?:(\d{1,6})D)?"
    r"(?:T(?=\d)(?:(\d{1,6})H)?(?:(\d{1,7})M)?(?:(\d{1,9})S)?)?",
    re.ASCII,
)


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
        found = cls._of(match)
        if not any(found):
            raise ValueError(f"{text!r} has no length")
        return found

    @classmethod
    def parse_period(cls, text: str) -> Self:
        """A period of the calendar such as P10Y, P6M, P2W or P90D: it has no hours, minutes and seconds.

        Raises:
            ValueError: it is none.
        """
        match = _DURATION.fullmatch(text)
        if match is None or "T" in text:
            raise ValueError(f"{text!r} is no period: write one as P10Y, P6M, P2W or P90D")
        return cls._of(match)

    @classmethod
    def _of(cls, match: re.Match[str]) -> Self:
        years, months, weeks, days, hours, minutes, seconds = (int(number or 0) for number in match.groups())
        long = ((7 * weeks + days) * 24 + hours) * 3_600 + minutes * 60 + seconds
        return cls(12 * years + months, long * SECOND)

    def after(self, at: int) -> int:
        """The time (µs) that lies so long after another; a month's last day where it has no such day. At most the year
        9999."""
        try:
            return min(_months_later(at, self.months) + self.micros, LAST)
        except (OverflowError, ValueError):
            return LAST

    def before(self, at: int) -> int:
        """The time (µs) that lies so long before another; a month's last day where it has no such day. The months lead
        to the year 1 at most."""
        try:
            return _months_later(at, -self.months) - self.micros
        except (OverflowError, ValueError):
            return FIRST


def _months_later(at: int, months: int) -> int:
    """A time (µs), so many months later. A ValueError or an OverflowError where there is no such year."""
    moment = datetime_of(at)
    years, month = divmod(moment.month - 1 + months, 12)
    year = moment.year + years
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    return micros_of(moment.replace(year=year, month=month + 1, day=day))


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
