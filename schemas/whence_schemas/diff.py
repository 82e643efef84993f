"""What changed between two times, or between two runs: the questions, and the rows of the answers.

Times are microseconds since the epoch. Every row has a key, by which it is told from the others of its list.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from .lineage import Direction, Granularity, LineageEdge, LineageNode


class Difference(StrEnum):
    """How something differs."""

    APPEARED = "APPEARED"
    VANISHED = "VANISHED"
    CHANGED = "CHANGED"


class ColumnChange(StrEnum):
    """How a dataset's columns differ."""

    ADDED = "ADDED"
    DROPPED = "DROPPED"
    RETYPED = "RETYPED"
    REORDERED = "REORDERED"  # only where the `schema` facets tell ordinal positions


@dataclass(frozen=True, slots=True)
class DiffQuestion:
    """What is asked: how the lineage of `start` differs between the times `earlier` and `later`.

    granularity: DATASET or COLUMN. The rest as of a lineage's question.
    """

    start: str
    earlier: int
    later: int
    direction: Direction = Direction.BOTH
    granularity: Granularity = Granularity.DATASET
    depth: int = 20
    window: int = 10
    max_nodes: int = 10_000
    seconds: float = 10.0


class NodeDiff(NamedTuple):
    """A node that is in one of the two lineages only, or that is in both and has other names."""

    key: str
    distance: int
    difference: Difference
    before: LineageNode | None
    after: LineageNode | None


class EdgeDiff(NamedTuple):
    """An edge that is in one of the two lineages only, or in both with other transformations, or that is observed or
    declared in one of them only."""

    key: str
    distance: int
    difference: Difference
    before: LineageEdge | None
    after: LineageEdge | None

    @property
    def edge(self) -> LineageEdge:
        """The edge, as it was last."""
        found = self.after or self.before
        assert found is not None
        return found


class Showing(NamedTuple):
    """What showed something: an attempt (run by key), or with an empty run a declaration; and when."""

    at: int
    run: str = ""
    number: int = 0


class Evidence(NamedTuple):
    """What a difference rests on.

    first: what showed it first. last: what showed it last. without: the first after that which counts and did not show
    it. reach: nothing of its own came or went, only the way that leads there.
    """

    first: Showing | None = None
    last: Showing | None = None
    without: Showing | None = None
    reach: bool = False


class SaidAt(NamedTuple):
    """When a value was said first, and by which unit (key of a run, or of the job or dataset that declared it)."""

    at: int
    unit: str


class ColumnDiff(NamedTuple):
    """A column of a dataset that differs. path: its name, with dots to nested fields; empty where the order of the
    dataset's columns differs. before, after: types; or the columns in their order."""

    key: str
    distance: int
    dataset: str
    path: str
    change: ColumnChange
    before: str | None
    after: str | None
    said: SaidAt | None


class Code(NamedTuple):
    """The version of a job's code. dirty: whether it had uncommitted changes; None where that is not told. source:
    SHA-256 of the function's or task's source. version: what the orchestrator calls it. Empty where not told."""

    repository: str = ""
    commit: str = ""
    branch: str = ""
    path: str = ""
    dirty: bool | None = None
    source: str = ""
    version: str = ""


class TextDiff(NamedTuple):
    """The text in a facet that differs, as a unified diff. cut: whether the diff was longer."""

    facet: str
    diff: str
    cut: bool


class CodeDiff(NamedTuple):
    """The code of a job that differs: its version, or its `sql` or `sourceCode`."""

    key: str
    distance: int
    job: str
    before: Code
    after: Code
    texts: tuple[TextDiff, ...]
    said: SaidAt | None


class FacetDiff(NamedTuple):
    """A facet of a job or dataset (by key; of runs: what it is of) that differs in more than who made it."""

    key: str
    distance: int
    entity: str
    facet: str
    difference: Difference
    before: bytes | None
    after: bytes | None
    said: SaidAt | None


class AssetDiffs(NamedTuple):
    """What facets say differently of jobs and datasets that are in both lineages."""

    columns: list[ColumnDiff]
    code: list[CodeDiff]
    facets: list[FacetDiff]


class Reading(NamedTuple):
    """What an attempt read or wrote of a dataset. version: key, label: name; produced: when; basis: of what was read,
    NAMED or INFERRED. rows, size (bytes): as its statistics tell. partitions: JSON, or empty."""

    version: str
    label: str
    produced: int | None
    basis: str
    rows: int | float | None
    size: int | float | None
    partitions: str


class UseDiff(NamedTuple):
    """A dataset that only one of the runs read (or wrote), or both, in another version or size."""

    key: str
    distance: int
    dataset: str
    role: str
    difference: Difference
    before: Reading | None
    after: Reading | None


class FlowDiff(NamedTuple):
    """A column edge that differs: (output dataset, field) derives from (source dataset, field)."""

    key: str
    distance: int
    output: str
    field: str
    source: str
    source_field: str
    difference: Difference
    before: str | None
    after: str | None


class ParameterDiff(NamedTuple):
    """A parameter that differs. before, after: JSON; `{"sha256": ...}` where only a hash is recorded."""

    key: str
    distance: int
    name: str
    difference: Difference
    before: bytes | None
    after: bytes | None


class PartDiff(NamedTuple):
    """A job of which only one of the runs contains a run, or both, and these ended in different states. before, after:
    keys of the contained runs."""

    key: str
    distance: int
    job: str
    difference: Difference
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class RunDiff:
    """How two runs (by key, each by its newest attempt) differ. Lists are in the order of their keys; distances are 0.
    notes: what the reader should know."""

    before: str
    after: str
    uses: list[UseDiff]
    flows: list[FlowDiff]
    columns: list[ColumnDiff]
    code: list[CodeDiff]
    parameters: list[ParameterDiff]
    facets: list[FacetDiff]
    parts: list[PartDiff]
    notes: list[str]
