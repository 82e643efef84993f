"""Steps of partitions: hours, days, weeks or months, from a point in them."""

from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta, tzinfo

from whence.rhythm.zones import time_of, wall_of
from whence_schemas.partitions import PartitionStep

_LABELS = {
    PartitionStep.HOUR: "%Y-%m-%d %H:%M",
    PartitionStep.DAY: "%Y-%m-%d",
    PartitionStep.WEEK: "%Y-%m-%d",
    PartitionStep.MONTH: "%Y-%m",
}
_ROUND = timedelta(0)


class Steps:
    """Points in time, one in each hour, day, week (from Monday) or month of a zone's clocks, always as far into it.

    Hours are those of UTC, so that none is lost or there twice when clocks are changed.
    """

    def __init__(self, step: PartitionStep, into: timedelta, zone: tzinfo) -> None:
        self.step = step
        self.into = into
        self.zone = UTC if step == PartitionStep.HOUR else zone

    @classmethod
    def through(cls, step: PartitionStep, points: Collection[int], zone: tzinfo) -> "Steps":
        """The steps on which most of the points (µs) lie."""
        steps = cls(step, _ROUND, zone)
        found = [steps._into(at) for at in points]
        steps.into = max(sorted(set(found)), key=found.count, default=_ROUND)
        return steps

    def has(self, at: int) -> bool:
        """Whether a time (µs) is one of the points."""
        return self._into(at) == self.into

    def from_(self, at: int) -> Iterator[int]:
        """The points (µs) at a time or after, to the end of time."""
        base = _begin(wall_of(at, self.zone), self.step)
        while base.year < 9_999:
            point = time_of(base + self.into, self.zone)
            if point >= at:
                yield point
            base = _next(base, self.step)

    def label(self, at: int) -> str:
        """A point for people: its date, or its date and clock time where that says more."""
        wall = wall_of(at, self.zone)
        form = _LABELS[self.step]
        return wall.strftime(
            form if datetime.strptime(wall.strftime(form), form) == wall else _LABELS[PartitionStep.HOUR]
        )

    def _into(self, at: int) -> timedelta:
        wall = wall_of(at, self.zone)
        return wall - _begin(wall, self.step)


def fitting(points: Collection[int], zone: tzinfo) -> Steps | None:
    """The longest steps on which all points (µs) lie; None where there are none, or less than two points."""
    if len(set(points)) < 2:
        return None
    for step in reversed(PartitionStep):
        steps = Steps.through(step, points, zone)
        if all(map(steps.has, points)):
            return steps
    return None


def step_between(start: int, end: int, zone: tzinfo) -> PartitionStep | None:
    """The step that leads from one time to the other by the zone's clocks."""
    one, other = wall_of(start, zone), wall_of(end, zone)
    for step in PartitionStep:
        begin = _begin(one, step)
        if _next(begin, step) + (one - begin) == other:
            return step
    return None


def _begin(wall: datetime, step: PartitionStep) -> datetime:
    """Begin of the hour, day, week or month."""
    hour = wall.replace(minute=0, second=0, microsecond=0)
    if step == PartitionStep.HOUR:
        return hour
    day = hour.replace(hour=0)
    if step == PartitionStep.WEEK:
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if step == PartitionStep.MONTH else day


def _next(begin: datetime, step: PartitionStep) -> datetime:
    if step == PartitionStep.MONTH:
        return (begin + timedelta(days=31)).replace(day=1)
    return begin + {"HOUR": timedelta(hours=1), "DAY": timedelta(days=1), "WEEK": timedelta(weeks=1)}[step]
