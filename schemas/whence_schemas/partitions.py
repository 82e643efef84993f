"""Partitions: which there should be in a range of time, and which there are. Times are microseconds since the epoch."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from whence_schemas.lineage import Limit
from whence_schemas.read import AttemptRow


class PartitionStep(StrEnum):
    """How far it is from one partition to the next."""

    HOUR = "HOUR"
    DAY = "DAY"
    WEEK = "WEEK"
    MONTH = "MONTH"


class PartitionBasis(StrEnum):
    """How it is known which partitions there should be."""

    GIVEN = "GIVEN"  # the question gives the step
    RECORDED = "RECORDED"  # the run's schedule, or the length of its nominal time, says so
    INFERRED = "INFERRED"  # all partitions that were seen lie on such steps; nobody said it


class PartitionState(StrEnum):
    """How a partition stands."""

    PRESENT = "PRESENT"  # an attempt that succeeded made it; where it has keys, all that are expected are there
    PARTIAL = "PARTIAL"  # it has keys, and some that are expected are not there
    RUNNING = "RUNNING"  # none succeeded, and one is running
    FAILED = "FAILED"  # all attempts failed or were aborted
    MISSING = "MISSING"  # nothing tried to make it


@dataclass(frozen=True, slots=True)
class PartitionQuestion:
    """What is asked.

    of: key of a dataset or job. start, end: the range in which partitions begin, end excluded. step: None to find it
    out. zone: IANA name; None for that of the run's schedule, else UTC. window: the keys that the last so many
    partitions had are expected of the next. seconds: for all of the answer.
    """

    of: str
    start: int
    end: int
    as_of: int
    step: PartitionStep | None = None
    zone: str | None = None
    window: int = 10
    seconds: float = 10.0


class Tried(NamedTuple):
    """What was tried: how it came out, in how many attempts; the one that says so is the last that succeeded, else the
    last."""

    state: PartitionState
    attempt: AttemptRow | None
    tries: int


class KeyRow(NamedTuple):
    """A key beside the time, such as region=eu, in one partition."""

    key: str
    tried: Tried


class PartitionRow(NamedTuple):
    """A partition. at: when it begins; label: that by the clocks of its zone, as short as its step allows; keys: those
    it has, or should have; expected: False where it lies beside the steps."""

    at: int
    label: str
    tried: Tried
    keys: Sequence[KeyRow]
    expected: bool = True


class PartitionRange(NamedTuple):
    """The answer: partitions by time. said: the rhythm in words, empty where none is known."""

    rows: Sequence[PartitionRow]
    said: str
    step: PartitionStep | None
    basis: PartitionBasis | None
    zone: str
    notes: Sequence[str]
    truncated: Limit | None
