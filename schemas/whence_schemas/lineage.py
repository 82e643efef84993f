"""Lineage as it is read: the question, and the graph that answers it. Times are microseconds since the epoch."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple


class Direction(StrEnum):
    """Where to look from the start."""

    UPSTREAM = "UPSTREAM"
    DOWNSTREAM = "DOWNSTREAM"
    BOTH = "BOTH"


class Granularity(StrEnum):
    """What the graph is made of: datasets and jobs, columns, or runs and dataset versions."""

    DATASET = "DATASET"
    COLUMN = "COLUMN"
    RUN = "RUN"


class Limit(StrEnum):
    """Why an answer was cut."""

    NODES = "NODES"
    TIME = "TIME"


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked.

    start: key of a dataset, job, run or column. depth: steps from dataset to dataset (or run to run); other names of
    one dataset cost none. as_of: the time of the lineage. window: how many of a job's last attempts count.
    max_nodes, seconds: limits of the answer.
    """

    start: str
    as_of: int
    direction: Direction = Direction.BOTH
    granularity: Granularity = Granularity.DATASET
    depth: int = 20
    window: int = 10
    max_nodes: int = 10_000
    seconds: float = 10.0


class LineageNode(NamedTuple):
    """A node of the answer.

    kind: DATASET, JOB, COLUMN, RUN or DATASET_VERSION. namespace, name: its identity; of a column the dataset's, with
    the column in `field`; of a version the dataset's, with the version's label in `field`; of a run its job's, with the
    run id in `field`. distance: steps from the start. names: other names of the dataset that the answer joined.
    """

    key: str
    kind: str
    namespace: str
    name: str
    field: str
    distance: int
    names: tuple[tuple[str, str], ...] = ()
    state: str = ""


class Seen(NamedTuple):
    """How well an edge is supported.

    attempts, of: seen in so many of the job's last attempts that count; failed: so many of these failed or were
    aborted. declared: whether a declaration that holds names it. first: when it was seen or declared first, ever; last:
    in the attempts that count, or declared.
    """

    attempts: int
    of: int
    failed: int
    declared: bool
    first: int
    last: int


class LineageEdge(NamedTuple):
    """An edge of the answer: source and target are keys of nodes in it.

    kind: READS and WRITES (job -> dataset), DERIVED_FROM (column -> column, dataset -> dataset), PART_OF (job -> job),
    CONSUMED and PRODUCED (run -> version). by: the job (or dataset) that says so. transformations: JSON, of columns.
    basis: of CONSUMED, NAMED where the run named the version, INFERRED where it follows from times.
    """

    source: str
    target: str
    kind: str
    seen: Seen
    by: str = ""
    transformations: str = "[]"
    basis: str = ""


@dataclass(slots=True)
class LineageGraph:
    """The answer. truncated: the limit that cut it, if any. notes: what the reader should know."""

    nodes: dict[str, LineageNode] = field(default_factory=dict)
    edges: dict[tuple[str, str, str, str], LineageEdge] = field(default_factory=dict)
    truncated: Limit | None = None
    notes: list[str] = field(default_factory=list)
