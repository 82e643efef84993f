"""Freshness: when datasets were produced last, when they should be again. Times and lengths are microseconds."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from whence_schemas.lineage import Limit
from whence_schemas.read import SearchPlace, Use


class FreshnessState(StrEnum):
    """How a dataset stands."""

    FRESH = "FRESH"  # produced, and not due yet, or within its grace
    LATE = "LATE"  # a production was due, and its grace is over
    NEVER = "NEVER"  # a policy or a tag expects it, and it was never seen produced
    DROPPED = "DROPPED"  # dropped after its last production
    UNKNOWN = "UNKNOWN"  # no rhythm is known


class RhythmBasis(StrEnum):
    """Where a rhythm is known from; the first of these that there is holds."""

    POLICY = "POLICY"  # a rule of the question's policy
    TAG = "TAG"  # a tag `freshness` of the dataset, or of the job that produced it last
    SCHEDULE = "SCHEDULE"  # the schedule in a facet of the run that produced it last, or of a run around that
    INFERRED = "INFERRED"  # the intervals between its last productions; nobody said it


class FreshnessRule(NamedTuple):
    """A rule of a policy, as it was written.

    namespaces, names: patterns with * and ?. every: an ISO 8601 duration since the last production. cron: when the next
    production begins to be expected, in the zone (IANA, UTC by default). by: the clock time by which it is to be there;
    without cron: every day. grace: how much later (ISO 8601) it counts as late.
    """

    id: str
    namespaces: tuple[str, ...] = ("*",)
    names: tuple[str, ...] = ("*",)
    every: str | None = None
    cron: str | None = None
    zone: str | None = None
    by: str | None = None
    grace: str | None = None


@dataclass(frozen=True, slots=True)
class FreshnessQuestion:
    """What is asked.

    datasets: their keys; none for all, or all in the namespace. rules: of a policy; the first that fits holds.
    states: only those in one of these; none for all. window, max_nodes: of the lineage that tells what is held up.
    seconds: for all of the answer.
    """

    as_of: int
    datasets: tuple[str, ...] = ()
    namespace: str | None = None
    rules: tuple[FreshnessRule, ...] = ()
    states: tuple[FreshnessState, ...] = ()
    window: int = 10
    max_nodes: int = 10_000
    seconds: float = 10.0


class Rhythm(NamedTuple):
    """When a dataset is expected. said: in words; rule: the id of the policy's rule, else empty; grace: how much later
    than due it counts as late."""

    basis: RhythmBasis
    said: str
    grace: int
    rule: str = ""


class DatasetFreshness(NamedTuple):
    """How a dataset, under all its names, stands.

    last: its last production that is complete. incomplete: its last production that is not; incomplete_state: of that
    attempt, in OpenLineage's words. due: when the next production is expected; late_by: how long ago that was, where
    the state is LATE.
    """

    key: str
    state: FreshnessState
    last: Use | None
    incomplete: Use | None
    incomplete_state: str
    rhythm: Rhythm | None
    due: int | None
    late_by: int | None


class FreshnessPage(NamedTuple):
    """A page in the order of names. end: the place up to which it was looked; truncated: the limit that cut it before
    it was full: there may be more after the end."""

    rows: Sequence[tuple[SearchPlace, DatasetFreshness]]
    end: SearchPlace | None
    truncated: Limit | None


class FreshnessCounts(NamedTuple):
    """How many datasets are in each state; truncated: the limit at which counting ended."""

    states: dict[FreshnessState, int]
    truncated: Limit | None


class HeldDataset(NamedTuple):
    """A dataset downstream of a late one, by steps from dataset to dataset."""

    key: str
    distance: int


class HeldOwner(NamedTuple):
    """An owner of datasets or jobs downstream of a late one, or of the late one, which is at distance 0."""

    name: str
    distance: int
    assets: int


class HeldUp(NamedTuple):
    """What a late dataset holds up, nearest first; truncated: the limit that cut it."""

    datasets: Sequence[HeldDataset]
    jobs: int
    owners: Sequence[HeldOwner]
    truncated: Limit | None
