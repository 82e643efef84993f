"""What an event is about, and when it was received: what retention and listings want to know of it."""

from enum import StrEnum
from typing import NamedTuple

import orjson

from whence.eventlog.leaf import EVENT
from whence.eventlog.port import Entry
from whence_schemas.errors import WhenceError
from whence_schemas.events import DatasetEvent, JobEvent, RunEvent, parse_event
from whence_schemas.times import parse_time


class EventClass(StrEnum):
    """Classes of events: a run event's type (OTHER is any that the specification does not know), or a declaration."""

    START = "START"
    RUNNING = "RUNNING"
    COMPLETE = "COMPLETE"
    ABORT = "ABORT"
    FAIL = "FAIL"
    OTHER = "OTHER"
    JOB = "job"
    DATASET = "dataset"


class Subject(NamedTuple):
    """What an event is about.

    namespace, name: of its job, or of the dataset that it declares. run: the run's id, or empty. at: the event's own
    time (µs).
    """

    kind: EventClass
    namespace: str
    name: str
    run: str
    at: int


def subject_of(entry: Entry) -> Subject | None:
    """What the entry's event is about; None where it is none, was erased, or cannot be read."""
    if entry.payload is None or entry.kind != EVENT:
        return None
    try:
        event = parse_event(entry.payload)
    except WhenceError:
        return None
    match event:
        case RunEvent():
            kind = EventClass(event.state) if event.state in _TYPES else EventClass.OTHER
            return Subject(kind, event.job.namespace, event.job.name, event.run.runId, event.time.micros)
        case JobEvent():
            return Subject(EventClass.JOB, event.job.namespace, event.job.name, "", event.time.micros)
        case DatasetEvent():
            return Subject(EventClass.DATASET, event.dataset.namespace, event.dataset.name, "", event.time.micros)


_TYPES = frozenset(kind.value for kind in EventClass if kind.isupper())


def received(entry: Entry) -> int | None:
    """When the entry was received (µs); None where that is not recorded, or was erased."""
    said = orjson.loads(entry.meta).get("received") if entry.meta else None
    return parse_time(said).micros if said else None
