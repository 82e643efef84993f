"""The fold: a unit's events -> its contribution to the graph. Pure: no clock, no randomness, no store.

Within a unit events are ordered by (eventTime, START < RUNNING, OTHER < COMPLETE < ABORT < FAIL, id), so that the
order in which they arrived makes no difference. A fold takes events in that order, one by one, and can be asked for
the contribution at any time; an event that is earlier than one already taken needs a new fold.
"""

from collections.abc import Iterable
from typing import NamedTuple, Protocol

from whence.graph.facts import Contribution
from whence.projection.declaration import DatasetFold, JobFold
from whence.projection.run import RunFold
from whence_schemas.events import Event, RunEvent, parse_event
from whence_schemas.identity import Kind, digest, kind_of

_RANKS = {"START": 0, "COMPLETE": 2, "ABORT": 3, "FAIL": 4}


class OrderedEvent(NamedTuple):
    """An event with its place in its unit's order: the first three fields.

    entry: its index in the log. size: bytes of its payload.
    """

    at: int
    rank: int
    id: str
    event: Event
    entry: int = 0
    size: int = 0


def ordered(payload: bytes, entry: int = 0) -> OrderedEvent:
    """Parse an event and give its place.

    Raises:
        InvalidEvent: the payload is no event.
    """
    event = parse_event(payload)
    rank = _RANKS.get(event.state, 1) if isinstance(event, RunEvent) else 0
    return OrderedEvent(event.time.micros, rank, digest(payload), event, entry, len(payload))


def in_order(events: Iterable[OrderedEvent]) -> list[OrderedEvent]:
    """The distinct events in order."""
    return sorted({event.id: event for event in events}.values(), key=lambda event: event[:3])


class Fold(Protocol):
    """The fold of one unit."""

    @property
    def open(self) -> bool:
        """Whether more events are to be expected soon."""

    def add(self, event: OrderedEvent) -> None:
        """Take the next event in order."""

    def contribution(self) -> Contribution:
        """What the events taken so far contribute."""


def new_fold(unit: str) -> Fold:
    """An empty fold for a unit."""
    folds: dict[Kind, type[RunFold | JobFold | DatasetFold]] = {
        Kind.RUN: RunFold,
        Kind.JOB: JobFold,
        Kind.DATASET: DatasetFold,
    }
    return folds[kind_of(unit)](unit)


def fold(unit: str, events: Iterable[OrderedEvent]) -> Contribution:
    """The contribution of a unit's events, given in any order and with any repetition."""
    unit_fold = new_fold(unit)
    for event in in_order(events):
        unit_fold.add(event)
    return unit_fold.contribution()
