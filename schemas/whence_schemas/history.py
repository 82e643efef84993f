"""History: what runs measured and checked, and what changed. Times are microseconds since the epoch."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from whence_schemas.lineage import Limit
from whence_schemas.read import AttemptRow, Cursor


class HistoryRole(StrEnum):
    """What an attempt did, as its history tells it."""

    PRODUCED = "PRODUCED"  # it produced the dataset, or tried to
    CHECKED = "CHECKED"  # it read the dataset, and measured or checked it
    RAN = "RAN"  # it is an attempt of the job


@dataclass(frozen=True, slots=True)
class HistoryQuestion:
    """What is asked.

    of: key of a dataset or job. threshold: the part of the median by which a value must differ to count as changed, as
    0.3. previous: how many earlier attempts make the median. seconds: for all of the answer.
    """

    of: str
    as_of: int
    threshold: float = 0.3
    previous: int = 10
    seconds: float = 10.0


class MeasureKey(NamedTuple):
    """What is measured.

    facet: that says so; empty of the duration, which follows from the attempt's start and end. name: rowCount, size (or
    bytes), fileCount, a column's nullCount and so on, or duration (seconds). dataset: its key; empty of the run itself,
    and where the history is that of one dataset. column: empty of the whole.
    """

    facet: str
    name: str
    dataset: str = ""
    column: str = ""


class Measure(NamedTuple):
    """A value, and the values before it.

    median: of the values that the job's last successful attempts before this one gave (`previous` of them; `of` gave
    one); None without any, and where the attempt itself did not succeed. change: (value - median) / |median|; None
    where that cannot be told. changed: whether they differ by more than the threshold's part of the median.
    """

    key: MeasureKey
    value: float
    median: float | None = None
    of: int = 0
    change: float | None = None
    changed: bool = False


class CheckKey(NamedTuple):
    """An assertion or test. dataset: key of what is checked; empty of a run's test, and where the history is that of
    one dataset."""

    dataset: str
    assertion: str
    column: str = ""


class CheckResult(NamedTuple):
    """The result of a check. passed: None where it was neither passed nor failed, but skipped."""

    key: CheckKey
    passed: bool | None
    status: str
    severity: str | None = None


class HistoryEntry(NamedTuple):
    """An attempt with what it measured and checked. at: its place in the history: when it ended; where it only read,
    when it started."""

    at: int
    role: HistoryRole
    attempt: AttemptRow
    measures: Sequence[Measure]
    checks: Sequence[CheckResult]

    @property
    def place(self) -> Cursor:
        """Its place in the list."""
        return Cursor(self.at, self.attempt.run, self.attempt.number)


class HistoryPage(NamedTuple):
    """Entries, newest first. end: up to where it was looked; truncated: the limit that cut it before it was full."""

    rows: Sequence[HistoryEntry]
    end: Cursor | None
    truncated: Limit | None


class Failing(NamedTuple):
    """A check that fails: it failed the last time it was made. since: the first of the failures in a row, which are
    `times`; passed: when it passed last before that; None: never, as far back as was looked (`whole`: to the
    beginning)."""

    key: CheckKey
    severity: str | None
    since: int
    times: int
    passed: int | None
    whole: bool
