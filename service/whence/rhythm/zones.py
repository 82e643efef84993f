"""Wall clocks: what a time zone's clocks show at a time, and the other way."""

from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
LAST = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND
"""The last time (µs) that there is."""


def zone_of(name: str) -> tzinfo:
    """The time zone of an IANA name; UTC where the name is empty.

    Raises:
        ValueError: there is no such zone, or this system has no data on it.
    """
    if name in ("", "UTC", "Z"):
        return UTC
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, LookupError):
        raise ValueError(
            f"there is no time zone {name[:80]!r} here: name one as Europe/Berlin; where none is known, install "
            "the package tzdata"
        ) from None


def wall_of(at: int, zone: tzinfo) -> datetime:
    """What clocks in the zone show at a time (µs), without the zone."""
    return (_EPOCH + timedelta(microseconds=at)).astimezone(zone).replace(tzinfo=None)


def time_of(wall: datetime, zone: tzinfo) -> int:
    """The time (µs) when clocks in the zone show this: the first, where they do twice; where they are put forward over
    it, as long after the jump as it lies after the jump's begin."""
    return (wall.replace(tzinfo=zone) - _EPOCH) // _MICROSECOND
