"""Read models: what the graph answers with, apart from lineage. Times are microseconds since the epoch."""

from enum import StrEnum
from typing import NamedTuple

from .lineage import Seen


class RunState(StrEnum):
    """State of a run or of one of its attempts, in OpenLineage's words."""

    OTHER = "OTHER"
    RUNNING = "RUNNING"
    COMPLETE = "COMPLETE"
    ABORT = "ABORT"
    FAIL = "FAIL"


class NodeRow(NamedTuple):
    """A node with its identity.

    namespace, name: its own; of a column, version or check the dataset's, of a run its job's; of a code version the
    repository and the commit; of a tag its key and value. field: the column, the version's label, the run id, or what
    is checked. state: of a run's newest attempt.
    """

    key: str
    namespace: str
    name: str
    field: str = ""
    state: str = ""


class Cursor(NamedTuple):
    """A place in a list that is ordered newest first; `key` and `number` tell rows of one time apart."""

    at: int
    key: str
    number: int
    dataset: str = ""


class SearchPlace(NamedTuple):
    """A place among the nodes that a search finds."""

    name: str
    namespace: str
    key: str


class FacetRow(NamedTuple):
    """A facet: its JSON as it was sent, and when that was last said."""

    name: str
    body: bytes
    at: int


class AttemptRow(NamedTuple):
    """One attempt of a run. start: of its START, or first event; end: when it reached its state, if that is an end;
    last: of its last event; parent: key of the run that contains it, or empty."""

    run: str
    number: int
    job: str
    start: int
    end: int | None
    state: str
    last: int
    parent: str
    anomalies: tuple[str, ...]


class Use(NamedTuple):
    """That an attempt consumed or produced a dataset.

    at: the attempt's start where it consumed, its end where it produced. version: key of the version produced, or of
    the one that the input named, else empty; label: the version's name, else empty. complete: 1 where the attempt
    succeeded, -1 where it did and dropped the dataset. partitions: a JSON array, or empty for the whole.
    """

    run: str
    number: int
    role: str
    dataset: str
    at: int
    version: str
    label: str
    complete: int
    partitions: str

    @property
    def order(self) -> tuple[int, str, int]:
        """Of a dataset's uses in a role: the last one counts."""
        return self.at, self.run, self.number


class LinkRow(NamedTuple):
    """The other end of a live edge between a job and a dataset, and how well the edge is supported."""

    key: str
    seen: Seen


class Freshness(NamedTuple):
    """How many events the log has, and how many of them are in the graph."""

    log_size: int
    cursor: int
