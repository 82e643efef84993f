"""The impact of a change as it is read: the question, and what the change touches.

Times are microseconds since the epoch; distances are steps from dataset to dataset, as in a lineage.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from .lineage import Granularity


class Change(StrEnum):
    """What happens to the datasets, columns or jobs that are asked about.

    A use is DIRECT (values flow) or INDIRECT (a filter, join, grouping or sorting decides by it which values do).
    """

    DROP = "DROP"  # it goes away, a job stops: every use, at any distance, for what is made of it is missing or stale
    RENAME = "RENAME"  # its name changes: only who reads it by that name, and what they write; not of a job
    RETYPE = "RETYPE"  # its type changes: every use, and on from there where values flow; not of a job
    VALUES = "VALUES"  # its values or meaning change, a job's code changes: every use, at any distance


class Certainty(StrEnum):
    """How it is known. A path is as certain as its least certain step."""

    RECORDED = "RECORDED"  # producers said so, or declared it
    INFERRED = "INFERRED"  # it follows from what they said; nobody said it


class EndKind(StrEnum):
    """What people meet at the end of a lineage."""

    MODEL = "MODEL"
    REPORT = "REPORT"


@dataclass(frozen=True, slots=True)
class ImpactQuestion:
    """What is asked.

    starts: keys of datasets, columns and jobs that change. granularity: DATASET or COLUMN. depth, as_of, window,
    max_nodes, seconds: as of a lineage's question.
    """

    starts: tuple[str, ...]
    as_of: int
    change: Change = Change.DROP
    granularity: Granularity = Granularity.DATASET
    depth: int = 20
    window: int = 10
    max_nodes: int = 10_000
    seconds: float = 10.0


class Place(NamedTuple):
    """A job, a dataset as a whole, or a column. key: of the node; asset: of the job or dataset; field: the column."""

    key: str
    asset: str
    field: str = ""


@dataclass(slots=True, eq=False)  # not frozen: large answers have many, and that would cost each the double
class Step:
    """The last step of a path, with the steps before it.

    by: key of the job (or dataset) through which `place` is reached; empty where the place itself reads, or is part of,
    what is before it, and at the start. certainty: of the path up to here. said: of a column the transformations, as
    JSON.
    """

    place: Place
    by: str = ""
    certainty: Certainty = Certainty.RECORDED
    said: str = "[]"
    before: "Step | None" = None

    def path(self) -> list["Step"]:
        """All steps, from the start on."""
        steps = [self]
        while steps[-1].before is not None:
            steps.append(steps[-1].before)
        return steps[::-1]


class Touched(NamedTuple):
    """A node that a change touches, with a shortest path as its proof: of the shortest ones one of the most certain.

    A dataset of which only columns are touched has the path of the nearest of them.
    """

    key: str
    distance: int
    step: Step


class OwnerTouched(NamedTuple):
    """An owner (by key) of what is touched, or of what changes, which is at distance 0. assets: how many datasets and
    jobs; nearest: one of the nearest."""

    key: str
    distance: int
    name: str
    assets: int
    nearest: Place


class TagTouched(NamedTuple):
    """A tag of what is touched or changes. key: says which tag is where. tag: key of its node. origin: the column (or
    dataset or job) whose facet says it; where that is not `place`, the tag was followed along columns: INFERRED."""

    key: str
    distance: int
    tag: str
    name: str
    value: str
    place: Place
    origin: Place
    certainty: Certainty


class EndTouched(NamedTuple):
    """A model or report that is touched, and the word by which its facet says so."""

    key: str
    distance: int
    kind: EndKind
    word: str
    step: Step


class ImpactCounts(NamedTuple):
    """How much is touched. Of datasets, columns and jobs together, so many are RECORDED and INFERRED."""

    datasets: int = 0
    columns: int = 0
    jobs: int = 0
    recorded: int = 0
    inferred: int = 0
    owners: int = 0
    tags: int = 0
    models: int = 0
    reports: int = 0


class ImpactLabels(NamedTuple):
    """What facets say of what is touched, each list nearest first by (distance, key); and counts by distance."""

    owners: Sequence[OwnerTouched]
    tags: Sequence[TagTouched]
    ends: Sequence[EndTouched]
    counts: Mapping[int, ImpactCounts]
