"""What names of partitions mean: a time, and a key beside it.

Understood are partition columns (``{"date": "2026-03-01", "region": "eu"}``, also year, month, day and hour apart),
identifiers (``2026-03-01``, ``2026-03-01|eu``, ``date=2026-03-01/region=eu``, ``orders$20260301``) and paths of Hive's
kind. Times are those of Dagster's and Hive's formats and of ISO 8601; one without a zone is the asker's.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Any, NamedTuple

from whence.rhythm.zones import wall_of
from whence_schemas.partitions import PartitionStep
from whence_schemas.times import parse_time


class Slice(NamedTuple):
    """A time by wall clock (None where the name has none), the step that its form has room for, and the key."""

    time: datetime | None
    step: PartitionStep | None
    key: str


_FORMS: tuple[tuple[re.Pattern[str], str, PartitionStep], ...] = tuple(
    (re.compile(pattern, re.ASCII), form, step)
    for pattern, form, step in (
        (r"\d{4}-\d\d-\d\d", "%Y-%m-%d", PartitionStep.DAY),
        (r"(?:19|20)\d{6}", "%Y%m%d", PartitionStep.DAY),
        (r"\d{4}-\d\d", "%Y-%m", PartitionStep.MONTH),
        (r"(?:19|20)\d{4}", "%Y%m", PartitionStep.MONTH),
        (r"(?:19|20)\d{8}", "%Y%m%d%H", PartitionStep.HOUR),
        (r"\d{4}-\d\d-\d\d-\d\d", "%Y-%m-%d-%H", PartitionStep.HOUR),
        (r"\d{4}-\d\d-\d\d[T ]\d\d", "%Y-%m-%dT%H", PartitionStep.HOUR),
        (r"\d{4}-\d\d-\d\d-\d\d:\d\d", "%Y-%m-%d-%H:%M", PartitionStep.HOUR),
    )
)
_WEEK = re.compile(r"(\d{4})-W(\d\d)", re.ASCII)
_PARTS: dict[str, tuple[str, ...]] = {
    "year": ("year", "yyyy", "y"),
    "month": ("month", "mm", "m"),
    "day": ("day", "dd", "d"),
    "hour": ("hour", "hh", "h", "hr"),
}
_PART_OF = {name: part for part, names in _PARTS.items() for name in names}


def read_time(text: str, zone: tzinfo) -> tuple[datetime, PartitionStep] | None:
    """The time that a text is, as clocks in the zone show it, and the step that its form has room for."""
    for pattern, form, step in _FORMS:
        if pattern.fullmatch(text):
            return _tried(lambda form=form: datetime.strptime(text.replace(" ", "T"), form), step)  # type: ignore[misc]
    if match := _WEEK.fullmatch(text):
        return _tried(lambda: datetime.fromisocalendar(int(match[1]), int(match[2]), 1), PartitionStep.WEEK)
    try:
        found = parse_time(text)
    except ValueError:
        return None
    utc = datetime(1970, 1, 1) + timedelta(microseconds=found.micros)  # a wall clock has no zone
    return (utc if found.zone_assumed else wall_of(found.micros, zone)), PartitionStep.HOUR


def _tried(read: Callable[[], datetime], step: PartitionStep) -> tuple[datetime, PartitionStep] | None:
    try:
        return read(), step
    except ValueError:
        return None


@lru_cache(maxsize=4_096)
def read_identifier(text: str, zone: tzinfo) -> Slice:
    """What an identifier means, or a path with partition columns in it."""
    segments = text.strip("/").split("/")
    if any("=" in segment for segment in segments):
        return read_dimensions(dict(s.split("=", 1) for s in segments if "=" in s), zone)
    pieces = text.rsplit("$", 1)[-1].split("|")
    return _joined([("", piece) for piece in pieces], zone)


def read_dimensions(dimensions: Mapping[str, Any], zone: tzinfo) -> Slice:
    """What values of partition columns mean."""
    parts: dict[str, int] = {}
    rest: list[tuple[str, str]] = []
    for name, value in dimensions.items():
        part = _PART_OF.get(name.casefold())
        if part and re.fullmatch(r"\d{1,4}", str(value), re.ASCII):
            parts[part] = int(value)
        else:
            rest.append((name, str(value)))
    found = _joined(rest, zone)
    return _with_parts(found, parts)


def _joined(values: Iterable[tuple[str, str]], zone: tzinfo) -> Slice:
    """The first time among named values; the others are the key."""
    time: tuple[datetime, PartitionStep] | None = None
    keys: list[str] = []
    for name, value in values:
        if time is None and (found := read_time(value, zone)):
            time = found
        else:
            keys.append(f"{name}={value}" if name else value)
    key = "/".join(sorted(keys))
    return Slice(*time, key) if time else Slice(None, None, key)


def _with_parts(found: Slice, parts: Mapping[str, int]) -> Slice:
    """A slice with a year, month, day and hour that stand in columns of their own."""
    if found.time is None and "year" in parts:
        place = [parts["year"], parts.get("month", 1), parts.get("day", 1), parts.get("hour", 0)]
        step = (PartitionStep.HOUR if "hour" in parts else PartitionStep.DAY) if "day" in parts else PartitionStep.MONTH
        time = _tried(lambda: datetime(*place), step)  # type: ignore[arg-type]
        return Slice(*time, found.key) if time else found
    if found.time is not None and parts.keys() == {"hour"} and parts["hour"] < 24:
        return Slice(found.time.replace(hour=parts["hour"]), PartitionStep.HOUR, found.key)
    others = [f"{name}={value}" for name, value in parts.items()]
    return found._replace(key="/".join(sorted(filter(None, [found.key, *others]))))
