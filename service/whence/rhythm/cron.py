"""Cron schedules: five fields (minute, hour, day of month, month, day of week) as crontab(5) has them, in a time zone.

Where both days are restricted, either is enough. Names of months and days, lists, ranges, steps and @daily and its
like are understood; `L`, `W` and `#`, which are no part of crontab(5), are not.
"""

import re
from collections.abc import Iterator
from datetime import datetime, time, timedelta, tzinfo
from typing import NamedTuple

from whence.rhythm.zones import time_of, wall_of
from whence_schemas.times import LAST

_PRESETS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@quarterly": "0 0 1 */3 *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
_PART = re.compile(r"(?:\*|(?P<first>\w+)(?:-(?P<last>\w+))?)(?:/(?P<step>\d{1,3}))?", re.ASCII)
_LONGEST = 9 * 366
"""Days without a tick: 29 February may be eight years away."""


class _Field(NamedTuple):
    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()
    base: int = 0


_FIELDS = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of month", 1, 31),
    _Field("month", 1, 12, tuple(_MONTHS), 1),
    _Field("day of week", 0, 7, tuple(_DAYS)),
)


class Cron:
    """A schedule. `text`: as it was written."""

    def __init__(self, text: str, zone: tzinfo) -> None:
        """Read a schedule.

        Raises:
            ValueError: it is none, or it never comes to pass; the message says where.
        """
        self.text = text
        self.zone = zone
        fields = _PRESETS.get(text.strip().lower(), text).split()
        if len(fields) != len(_FIELDS):
            raise ValueError(f"{text[:80]!r} is no cron schedule: write five fields, as 0 6 * * 1-5, or @daily")
        sets = [_read(field, part) for field, part in zip(_FIELDS, fields, strict=True)]
        minutes, hours, self._days, self._months, weekdays = sets
        self._weekdays = {day % 7 for day in weekdays}
        self._clocks = [time(hour, minute) for hour in sorted(hours) for minute in sorted(minutes)]
        self._either = not (fields[2].startswith("*") or fields[4].startswith("*"))
        if next(self._ticks(datetime(2000, 1, 1)), None) is None:
            raise ValueError(f"{text[:80]!r} never comes to pass: there is no such day")

    def after(self, at: int) -> int:
        """The first tick (µs) after a time; the end of time where none is left."""
        return next(self.from_(at + 1), LAST)

    def from_(self, at: int) -> Iterator[int]:
        """The ticks (µs) at a time or after, to the end of time."""
        last = at - 1
        try:
            start = wall_of(at, self.zone) - timedelta(hours=3)  # clocks may have been put back
        except OverflowError:
            return
        for wall in self._ticks(start):
            tick = time_of(wall, self.zone)
            if tick > last:
                yield tick
                last = tick

    def before(self, at: int) -> int | None:
        """The last tick (µs) at a time or before; None where there is none for years."""
        try:
            day = datetime.combine(wall_of(at, self.zone) + timedelta(hours=3), time())
            for _ in range(_LONGEST):
                for clock in reversed(self._clocks) if self._fits(day) else ():
                    if (tick := time_of(datetime.combine(day, clock), self.zone)) <= at:
                        return tick
                day -= timedelta(days=1)
        except OverflowError:
            pass
        return None

    def _ticks(self, start: datetime) -> Iterator[datetime]:
        day = start.replace(hour=0, minute=0, second=0, microsecond=0)
        idle = 0
        while idle < _LONGEST and day.year < 9_999:
            if self._fits(day):
                idle = 0
                yield from (wall for clock in self._clocks if (wall := datetime.combine(day, clock)) >= start)
            idle += 1
            day += timedelta(days=1)

    def _fits(self, day: datetime) -> bool:
        if day.month not in self._months:
            return False
        of_month, of_week = day.day in self._days, day.isoweekday() % 7 in self._weekdays
        return of_month or of_week if self._either else of_month and of_week


def _read(field: _Field, text: str) -> set[int]:
    found: set[int] = set()
    for part in text.lower().split(","):
        match = _PART.fullmatch(part)
        if match is None:
            raise ValueError(f"{text[:40]!r} is no {field.name} of a cron schedule")
        low, high = field.low, field.high
        if match["first"]:
            low = _number(field, match["first"])
            high = _number(field, match["last"]) if match["last"] else (field.high if match["step"] else low)
        step = int(match["step"] or 1)
        if not step or high < low:
            raise ValueError(f"{text[:40]!r} is no {field.name} of a cron schedule")
        found.update(range(low, high + 1, step))
    return found


def _number(field: _Field, text: str) -> int:
    value = field.names.index(text) + field.base if text in field.names else int(text) if text.isdecimal() else -1
    if not field.low <= value <= field.high:
        raise ValueError(f"{text!r} is no {field.name}: it lies between {field.low} and {field.high}")
    return value
