"""The rhythm of a dataset that no policy names: from a tag, from its run's schedule, or inferred from its history."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from statistics import median

from pydantic_core import from_json

from whence.analyses.freshness.policy import Expectation
from whence.analyses.schedules import parse_schedule, schedule_of
from whence.rhythm.cron import Cron
from whence_schemas.durations import Duration, words_of
from whence_schemas.facets import read_facet
from whence_schemas.facets.base import Tags
from whence_schemas.freshness import Rhythm, RhythmBasis
from whence_schemas.times import SECOND

HISTORY = 11
"""Productions that are looked at: the last ten intervals."""

TAG = "freshness"
_FEWEST = 3
_REGULAR = 0.75
_SHORTEST = 60 * SECOND


def from_tags(bodies: Iterable[bytes], at: Sequence[int]) -> Expectation | None:
    """What a tag `freshness` says: an ISO 8601 duration, or a cron schedule in UTC. at: the last productions."""
    for body in bodies:
        facet = read_facet(Tags, from_json(body))
        for tag in facet.tags if facet else ():
            if tag.key.casefold() == TAG and not tag.field and (due := parse_schedule(tag.value.strip())):
                grace = _lag(due, at) if isinstance(due, Cron) else 0
                return Expectation(Rhythm(RhythmBasis.TAG, f"{tag.key}={tag.value}", grace), due.after)
    return None


def from_schedule(body: bytes, at: Sequence[int]) -> Expectation | None:
    """What the schedule in a facet of Airflow says."""
    schedule = schedule_of(body)
    if isinstance(schedule, Cron):
        rhythm = Rhythm(RhythmBasis.SCHEDULE, f"cron {schedule.text} {schedule.zone}", _lag(schedule, at))
        return Expectation(rhythm, schedule.after)
    if schedule is not None:
        rhythm = Rhythm(RhythmBasis.SCHEDULE, f"every {words_of(schedule.micros)}", schedule.micros // 2)
        return Expectation(rhythm, schedule.after)
    return None


def _lag(cron: Cron, at: Sequence[int]) -> int:
    """Twice the time that the last productions took after the tick before them, by the median: a schedule says when a
    run starts, not when it is done."""
    lags = [production - tick for production in at if (tick := cron.before(production)) is not None]
    return int(2 * median(lags)) if lags else 0


def from_history(at: Sequence[int]) -> Expectation | None:
    """The median interval between productions (µs, newest first), where three of four intervals lie between half of it
    and twice it: without that there is no rhythm. Nor is there one of less than a minute: so one run writes in parts.
    Half an interval is its grace."""
    intervals = [later - earlier for later, earlier in pairwise(at)]
    if len(intervals) < _FEWEST:
        return None
    usual = int(median(intervals))
    regular = sum(usual <= 2 * interval and interval <= 2 * usual for interval in intervals)
    if usual < _SHORTEST or regular < _REGULAR * len(intervals):
        return None
    said = f"about every {words_of(usual)} in {len(intervals)} intervals"
    return Expectation(Rhythm(RhythmBasis.INFERRED, said, usual // 2), Duration(0, usual).after)
