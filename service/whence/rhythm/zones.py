"""Wall clocks: what a time zone's clocks show at a time, and the other way."""

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

from whence_schemas.times import datetime_of, micros_of


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
    return datetime_of(at).astimezone(zone).replace(tzinfo=None)


def time_of(wall: datetime, zone: tzinfo) -> int:
    """The time (µs) when clocks in the zone show this: the first, where they do twice; where they are put forward over
    it, as long after the jump as it lies after the jump's begin."""
    return micros_of(wall.replace(tzinfo=zone))
