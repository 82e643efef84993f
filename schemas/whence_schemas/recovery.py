"""Recovery as it is read: the question, what is stale, what is good, and what to run again in which order.

Times are microseconds since the epoch. Keys are those of `whence_schemas.identity`; an attempt is (run, number).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Reason(StrEnum):
    """Why a version is not to be relied on, or a job has to run again."""

    BAD = "BAD"  # it is what was asked about, or made that
    FAILED = "FAILED"  # it is what was asked about, and did not complete
    STALE = "STALE"  # it was built on something bad
    LATE = "LATE"  # it was built on an older version than there should have been
    MISSING = "MISSING"  # it should have been made, and was not
    WAITING = "WAITING"  # it should have run after a job of the same container that failed, and did not


class Status(StrEnum):
    """How far a piece of work is."""

    OPEN = "OPEN"
    RUNNING = "RUNNING"  # it runs again
    DONE = "DONE"  # it ran again, to the end, on good versions only


class RepairReason(StrEnum):
    """Why a dataset has to be put right by hand before anything runs."""

    NO_PRODUCER = "NO_PRODUCER"  # no run is known that produced what is bad
    UNWRITTEN = "UNWRITTEN"  # no job that the plan runs writes it nowadays
    CYCLE = "CYCLE"  # the jobs that write it read it: they would build on the bad version again


class GoodReason(StrEnum):
    """Why something downstream need not run again."""

    UNTOUCHED = "UNTOUCHED"  # it was not built on anything bad
    AGAIN = "AGAIN"  # it was, and has been made again since from good versions


@dataclass(frozen=True, slots=True)
class RecoveryQuestion:
    """What is asked.

    start: key of the run, job or dataset. version: of a dataset the name of its bad version. since, until: of a dataset
    or job, what was made from then on is bad, up to then (by default the last before `as_of`); what was made after
    `until` is taken for a repair. late: the dataset should have had a new version at `since`. as_of, window, max_nodes,
    seconds: as of a lineage's question.
    """

    start: str
    as_of: int
    version: str = ""
    since: int | None = None
    until: int | None = None
    late: bool = False
    window: int = 10
    max_nodes: int = 10_000
    seconds: float = 10.0

    @property
    def end(self) -> int:
        """Until when what was made may be bad."""
        return self.as_of if self.until is None else min(self.until, self.as_of)


@dataclass(frozen=True, slots=True, eq=False)
class Cause:
    """Why an attempt, or what it made, is not good.

    run: of the attempt; empty where a dataset itself is meant. dataset, version, label: what it read that is not good;
    empty at the start. named: whether it named that version, else that is inferred from times. before: why that is so.
    """

    run: str
    reason: Reason
    dataset: str = ""
    version: str = ""
    label: str = ""
    named: bool = True
    before: "Cause | None" = None

    @property
    def distance(self) -> int:
        """Attempts from the start."""
        return len(self.path()) - 1

    @property
    def recorded(self) -> bool:
        """Whether every version on the way was named."""
        return all(cause.named for cause in self.path())

    def path(self) -> list["Cause"]:
        """All causes, from the start on."""
        causes = [self]
        while causes[-1].before is not None:
            causes.append(causes[-1].before)
        return causes[::-1]


class StaleVersion(NamedTuple):
    """A version that is not good, or a dataset of which one is missing (`version` and `run` are empty).

    key: tells rows apart. at: when it was produced; of a missing one since when. partitions: a JSON array, or empty for
    the whole. current: whether readers still get it, or still miss it.
    """

    key: str
    distance: int
    reason: Reason
    dataset: str
    version: str
    label: str
    run: str
    at: int
    partitions: str
    current: bool
    cause: Cause


class Work(NamedTuple):
    """A job that has to run again, or had to, for one partition or logical date (or for all).

    key: tells rows apart. partition: as a producer names it (JSON). nominal: start and end. run, number: the last
    attempt that was not good. by: key of the run that made it good. replaced: a later good run, for another date, has
    written all its outputs since.
    """

    key: str
    job: str
    reason: Reason
    status: Status
    partition: str
    nominal: tuple[int, int | None] | None
    run: str
    number: int
    at: int
    by: str
    replaced: bool
    cause: Cause


class PlanStep(NamedTuple):
    """What one command does; the work is in an order that its jobs' lineage allows.

    command: the program and its arguments; empty where it has to be run by hand, as `hint` says. waits: whether the
    command ends only when the work has. cycle: whether its jobs read what they write, directly or through others.
    """

    key: str
    wave: int
    orchestrator: str
    command: tuple[str, ...]
    waits: bool
    hint: str
    cycle: bool
    work: tuple[Work, ...]


class Repair(NamedTuple):
    """A dataset to put right by hand, before the first wave."""

    key: str
    reason: RepairReason
    jobs: tuple[str, ...] = ()  # of a cycle, those in it


class Fallback(NamedTuple):
    """The last good version of a stale dataset (or of one of its partitions): to fall back to.

    version, run: empty where none is known. good: whether it is what readers get now.
    """

    key: str
    dataset: str
    partition: str
    version: str
    label: str
    run: str
    at: int
    good: bool


class GoodNode(NamedTuple):
    """A job or dataset downstream that need not be made again. run: of what is good again, the run that made it so."""

    key: str
    distance: int
    reason: GoodReason
    run: str = ""


class RecoveryCounts(NamedTuple):
    """How much there is of each."""

    stale: int
    current: int  # of the stale versions, those that readers still get
    inferred: int  # of the stale versions, those known by inference only
    open: int
    running: int
    done: int
    waves: int
    steps: int
    by_hand: int
    repairs: int
    unresolved: int


class Unresolved(NamedTuple):
    """A reading that names a version nobody is known to have made."""

    key: str
    run: str
    dataset: str
    label: str


@dataclass(frozen=True, slots=True)
class RecoveryPlan:
    """What to do: repairs by hand, then steps, by wave."""

    repairs: Sequence[Repair]
    steps: Sequence[PlanStep]
