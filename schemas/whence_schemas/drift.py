"""Where declarations and runs differ: the question, and what is found. Times are microseconds since the epoch.

A JobEvent or a DatasetEvent declares what is meant to be; a RunEvent tells what was seen.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from .diff import Showing
from .lineage import Limit
from .read import SearchPlace


class DriftKind(StrEnum):
    """How a declaration and runs differ."""

    NOT_OBSERVED = "NOT_OBSERVED"  # declared, and no run that counts showed it
    NOT_DECLARED = "NOT_DECLARED"  # runs showed it since the declaration holds, which does not name it
    TYPE = "TYPE"  # a column is declared with another type
    UNCONFIRMED = "UNCONFIRMED"  # since the job declared something, no run told any datasets: nothing can be said of it
    UNDECLARED = "UNDECLARED"  # the job declares nothing at all


class DriftSubject(StrEnum):
    """What differs."""

    JOB = "JOB"
    INPUT = "INPUT"
    OUTPUT = "OUTPUT"
    COLUMN = "COLUMN"
    COLUMN_LINEAGE = "COLUMN_LINEAGE"


BROKEN = frozenset({DriftKind.NOT_OBSERVED, DriftKind.NOT_DECLARED, DriftKind.TYPE})
"""Kinds by which a declaration is wrong."""


@dataclass(frozen=True, slots=True)
class DriftQuestion:
    """What is asked.

    job: this one (by key); else all jobs, in one namespace or in all, by name, after a place among them. kinds: only
    these; none for all. as_of, window: as of a lineage's question. first: how many jobs that drift. seconds: the time
    that the answer may take.
    """

    as_of: int
    job: str = ""
    namespace: str | None = None
    kinds: tuple[DriftKind, ...] = ()
    window: int = 10
    first: int = 20
    after: SearchPlace | None = None
    seconds: float = 10.0


class Finding(NamedTuple):
    """One difference of a job.

    dataset, field: what differs; of column lineage the target, which is said (or not) to derive from (source,
    source_field). declared, observed: types of a column. since: declared since; of what is not declared: seen first,
    ever. runs: that told datasets since then (of what was seen once: since it was seen last) and did not show it; of
    what is not declared: that showed it, of the last ones. silent: runs since then that told no datasets at all. last:
    what showed it last since it is declared.
    """

    key: str
    distance: int
    kind: DriftKind
    subject: DriftSubject
    dataset: str = ""
    field: str = ""
    source: str = ""
    source_field: str = ""
    declared: str | None = None
    observed: str | None = None
    since: int | None = None
    runs: int = 0
    silent: int = 0
    last: Showing | None = None


class JobDrift(NamedTuple):
    """What differs of one job. place: among the jobs; declared: when its declaration, as it is, came first."""

    job: str
    place: SearchPlace
    declared: int | None
    findings: list[Finding]


class DriftPage(NamedTuple):
    """Jobs that drift, by name. examined: how many jobs were looked at. end: the last of these, where there are more.
    truncated: the limit that cut the page, if any."""

    jobs: list[JobDrift]
    examined: int
    end: SearchPlace | None
    truncated: Limit | None
    notes: list[str]
