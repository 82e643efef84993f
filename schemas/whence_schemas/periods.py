"""Periods of the calendar, as ISO 8601 writes them: years, months, weeks and days."""

import calendar
import re
from datetime import datetime
from typing import NamedTuple

from .times import format_time, parse_time

_PERIOD = re.compile(r"P(?=\d)(?:(\d{1,4})Y)?(?:(\d{1,4})M)?(?:(\d{1,5})W)?(?:(\d{1,6})D)?", re.ASCII)


class Period(NamedTuple):
    """A period of the calendar; it is as long as the months before the day from which it is counted back."""

    months: int
    days: int

    def before(self, at: int) -> int:
        """The time (µs) that lies this long before another one."""
        moment = datetime.fromisoformat(format_time(at))
        month = moment.year * 12 + moment.month - 1 - self.months
        if month < 12:
            return parse_time("0001-01-01T00:00:00Z").micros
        year, month = divmod(month, 12)
        day = min(moment.day, calendar.monthrange(year, month + 1)[1])
        start = parse_time(moment.replace(year=year, month=month + 1, day=day).isoformat()).micros
        return start - self.days * 24 * 3_600 * 1_000_000


def parse_period(text: str) -> Period:
    """Parse a period such as P10Y, P6M, P2W or P90D.

    Raises:
        ValueError: it is none.
    """
    match = _PERIOD.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no period: write one as P10Y, P6M, P2W or P90D")
    years, months, weeks, days = (int(number or 0) for number in match.groups())
    return Period(12 * years + months, 7 * weeks + days)
