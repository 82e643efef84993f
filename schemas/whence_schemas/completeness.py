"""How much of the lineage is known, as it is read: the question, the scores, and the findings behind them.

Times are microseconds since the epoch.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from .impact import Certainty
from .lineage import Limit


class Check(StrEnum):
    """What is looked at. Each name says what should be known; what is countable stands beside it."""

    COLLECTOR = "COLLECTOR"  # that collectors which report regularly still do: collectors
    RUN_END = "RUN_END"  # how runs ended: the jobs' last runs, but those still going on and streams
    DATASET_NAME = "DATASET_NAME"  # that a dataset goes by one name only: datasets
    DATASET_ORIGIN = "DATASET_ORIGIN"  # who produces a dataset, or that it is a declared source: datasets
    JOB_INPUTS = "JOB_INPUTS"  # what a job reads, or that it declares to read nothing: jobs but containers
    JOB_OUTPUTS = "JOB_OUTPUTS"  # what a job writes: jobs but containers, and tests and reports, which write nothing
    COLUMN_LINEAGE = "COLUMN_LINEAGE"  # what a column is made of: columns of datasets that live jobs write from inputs
    RUN_CODE = "RUN_CODE"  # which version of the code ran: the jobs' last runs, but those of containers
    DATASET_OWNER = "DATASET_OWNER"  # who owns a dataset: datasets

    @property
    def certainty(self) -> Certainty:
        """Findings of most checks state what is recorded, or not; of twins and silent collectors they are a guess."""
        return Certainty.INFERRED if self in (Check.COLLECTOR, Check.DATASET_NAME) else Certainty.RECORDED


@dataclass(frozen=True, slots=True)
class CompletenessQuestion:
    """What is asked.

    namespace, owner: only of datasets and jobs in this namespace, of this owner; None for all. checks: only these; none
    for all. as_of: the time of the answer. window: how many of a job's last runs count. seconds: limit of the answer.
    """

    as_of: int
    namespace: str | None = None
    owner: str | None = None
    checks: tuple[Check, ...] = ()
    window: int = 10
    seconds: float = 10.0

    def asks(self, *checks: Check) -> bool:
        """Whether any of these checks is wanted."""
        return not self.checks or any(check in self.checks for check in checks)


class Score(NamedTuple):
    """Of so many things that count, so many are known."""

    check: Check
    known: int
    countable: int

    @property
    def share(self) -> float | None:
        """Known of countable, from 0 to 1; None where nothing counts."""
        return self.known / self.countable if self.countable else None


def overall(scores: Sequence[Score]) -> float | None:
    """The mean of the checks' shares, each of which weighs the same; None where nothing counts at all.

    (Were all that counts added up, columns and runs would drown the rest: there are many of them.)
    """
    shares = [score.share for score in scores if score.share is not None]
    return sum(shares) / len(shares) if shares else None


class Finding(NamedTuple):
    """Something that is not known.

    key: of a dataset, job or run; of a collector the job that it reported last. since: from when on it counts as such,
    None where that is not known. missing, of: so many of so many columns, runs or things are not known. why: what was
    found; mend: what to do; both in a sentence. others: keys of the datasets that a suspected twin resembles.
    """

    check: Check
    key: str
    since: int | None
    missing: int
    of: int
    why: str
    mend: str
    others: tuple[str, ...] = ()


class Ranked(NamedTuple):
    """A finding with its rank, from 0, among those of its check: the worst first."""

    rank: int
    finding: Finding


class Group(NamedTuple):
    """The scores of one namespace, or of one owner: None stands for what nobody owns."""

    name: str | None
    scores: tuple[Score, ...]


@dataclass(slots=True)
class Completeness:
    """The answer.

    scores: of each check that was asked for. by_namespace, by_owner: the worst first; of what two own, both have it.
    findings: the worst of each check, then the second of each, and so on. truncated: the limit that cut it, if any.
    notes: what the reader should know.
    """

    scores: tuple[Score, ...]
    by_namespace: list[Group]
    by_owner: list[Group]
    findings: list[Ranked]
    truncated: Limit | None = None
    notes: list[str] = field(default_factory=list)
