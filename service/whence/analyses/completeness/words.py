"""Times and numbers in sentences. Times are microseconds since the epoch."""

from whence_schemas.times import DAY, HOUR, format_time


def count(number: int, what: str) -> str:
    """A number of things, such as "1 run" or "2 runs"."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def moment(at: int) -> str:
    """A time in UTC, to the minute."""
    text = format_time(at)
    return f"{text[:10]} {text[11:16]}Z"


def duration(micros: int) -> str:
    """About how long that is, such as "22 hours"."""
    for unit, what in ((DAY, "day"), (HOUR, "hour"), (HOUR // 60, "minute")):
        if micros >= 2 * unit:
            return count(round(micros / unit), what)
    return "a minute"
