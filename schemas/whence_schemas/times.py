"""Times as microseconds since the Unix epoch (UTC), exact from year 1 to year 9999.

OpenLineage says RFC 3339; real producers also leave out the zone, send nanoseconds, or write ``+00:00Z``.
"""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
SECOND = 1_000_000
HOUR = 3_600 * SECOND
DAY = 24 * HOUR
"""Microseconds."""
EVER = 2**62
"""Later than any time that can be written."""
_LONGEST = 160  # characters; more is no time, and must not stay in the cache
_TIME = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d)[Tt ](?P<clock>(?:[01]\d|2[0-3]):[0-5]\d)"
    r"(?::(?P<second>\d\d)(?:[.,](?P<fraction>\d{1,30}))?)?"
    r"(?:\s?(?P<zone>[+-]\d\d(?::?[0-5]\d(?::[0-5]\d)?)?[Zz]?|[Zz])(?:\[[\w/+-]{1,64}\])?)?",
    re.ASCII,
)


class Time(NamedTuple):
    """A parsed time: microseconds since the epoch, and whether UTC had to be assumed for want of a zone."""

    micros: int
    zone_assumed: bool


@lru_cache(maxsize=8_192)
def parse_time(text: str) -> Time:
    """Parse an ISO 8601 date and time, cut to whole microseconds.

    Raises:
        ValueError: it is no such time, or lies outside the years 1 to 9999 in UTC.
    """
    match = _TIME.fullmatch(text.strip()) if len(text) <= _LONGEST else None
    if match is None:
        raise ValueError(f"{text[:80]!r} is not an ISO 8601 date and time such as 2026-01-31T09:30:00Z")
    zone = (match["zone"] or "").rstrip("Zz")  # also of "+00:00Z"; what remains is an offset, or UTC
    second = match["second"] or "00"
    leap = second == "60"  # RFC 3339 allows leap seconds, datetime does not: it is the next minute's first
    fraction = (match["fraction"] or "")[:6].ljust(6, "0")
    try:
        moment = datetime.fromisoformat(
            f"{match['date']}T{match['clock']}:{'59' if leap else second}.{fraction}{zone or '+00:00'}"
        )
        micros = micros_of(moment) + (SECOND if leap else 0)
        format_time(micros)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{text[:80]!r} is not a time between the years 1 and 9999: {error}") from None
    return Time(micros, match["zone"] is None)


def format_time(micros: int) -> str:
    """The time as ISO 8601 in UTC with microseconds, such as ``2026-01-31T09:30:00.000000Z``.

    Raises:
        OverflowError: it lies outside the years 1 to 9999.
    """
    return datetime_of(micros).isoformat(timespec="microseconds").replace("+00:00", "Z")


def datetime_of(micros: int) -> datetime:
    """The time as a datetime in UTC.

    Raises:
        OverflowError: it lies outside the years 1 to 9999.
    """
    return _EPOCH + timedelta(microseconds=micros)


def micros_of(moment: datetime) -> int:
    """The microseconds since the epoch of a datetime with a zone."""
    return (moment - _EPOCH) // _MICROSECOND


def now() -> int:
    """The current time in microseconds since the epoch."""
    return micros_of(datetime.now(UTC))


FIRST = micros_of(datetime.min.replace(tzinfo=UTC))
LAST = micros_of(datetime.max.replace(tzinfo=UTC))
"""The first and the last time that can be written."""
