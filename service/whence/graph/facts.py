"""The facts that the graph is made of.

What a unit (a run, or the declaration of a job or a dataset) says is its *contribution*: rows that belong to it alone,
and content (facets, footprints) that many units may share. Nodes and edges follow from the contributions.
All times are microseconds since the epoch; all keys are those of `whence_schemas.identity`.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from whence.graph.footprint import Footprint
from whence_schemas.errors import GraphUnavailable
from whence_schemas.read import Use


class EdgeKind(StrEnum):
    """Kinds of edges, named after what the source does."""

    READS = "READS"  # job -> dataset (or job, in the `lineage` facet)
    WRITES = "WRITES"  # job -> dataset
    PART_OF = "PART_OF"  # job -> job that contains it
    DERIVED_FROM = "DERIVED_FROM"  # column or dataset -> column or dataset
    ALIAS = "ALIAS"  # dataset -> other name of it, while its `symlinks` facet says so
    RENAMED_FROM = "RENAMED_FROM"  # dataset -> its name before, from then on
    HAS_FIELD = "HAS_FIELD"  # dataset -> column
    OWNED_BY = "OWNED_BY"  # dataset or job -> owner
    TAGGED = "TAGGED"  # dataset, job or run -> tag
    CHILD_OF = "CHILD_OF"  # run -> run that contains it
    ROOT = "ROOT"  # run -> outermost run
    EXECUTED = "EXECUTED"  # run -> code version
    CHECKED = "CHECKED"  # run -> assertion
    DECIDED = "DECIDED"  # run -> dataset of which it approved or rejected a version


class State(StrEnum):
    """State of an attempt, in OpenLineage's words."""

    OTHER = "OTHER"
    RUNNING = "RUNNING"
    COMPLETE = "COMPLETE"
    ABORT = "ABORT"
    FAIL = "FAIL"


class Role(StrEnum):
    """What an attempt did with a dataset."""

    CONSUMED = "CONSUMED"
    PRODUCED = "PRODUCED"


class Node(NamedTuple):
    """A node. `of` is the key of the dataset that a column or an assertion belongs to, else empty."""

    key: str
    kind: str
    namespace: str
    name: str
    of: str = ""


class Attempt(NamedTuple):
    """One attempt of a run: from a START (or its first event) to the next START after its end.

    start: of its START, or of its first event; end: when it reached its state, if that is an end; last: of its last
    event; parent: key of the run that contains it, or empty; anomalies: a JSON array of sentences.
    """

    run: str
    number: int
    job: str
    start: int
    end: int | None
    state: str
    last: int
    parent: str
    anomalies: str

    @property
    def order(self) -> tuple[int, str, int]:
        """Of a job's attempts: as they started."""
        return self.start, self.run, self.number


class Report(NamedTuple):
    """That an owner (a job; a dataset for what it declares itself) read and wrote what the footprint says.

    An observed report comes from an attempt (`run`, `number`). A declared one (`declared` = 1) from a JobEvent or
    DatasetEvent: `run` is then the event's id, and it holds from `start` until the owner's next one.
    """

    owner: str
    declared: int
    reported: int
    start: int
    run: str
    number: int
    footprint: str
    state: str
    last: int

    @property
    def order(self) -> tuple[int, str, int]:
        """Of an owner's reports: as they started."""
        return self.start, self.run, self.number


class Claim(NamedTuple):
    """That a facet of an entity had this value, first and last said by the unit at these times.

    entity: key of a job or dataset, or the id of an attempt, or of an attempt's input or output. value: address of the
    facet's content; empty where the facet was deleted.
    """

    entity: str
    facet: str
    value: str
    first: int
    last: int


class EdgeId(NamedTuple):
    """Identity of an edge. The owner is the job, dataset or run whose contributions the edge follows from."""

    owner: str
    kind: str
    source: str
    target: str


class Since(NamedTuple):
    """When an edge was first observed and first declared; None where it never was."""

    observed: int | None
    declared: int | None

    def by(self, moment: int) -> bool:
        """Whether it was seen or declared by then."""
        return any(first is not None and first <= moment for first in self)

    def merge(self, other: "Since") -> "Since":
        """The earlier of each."""
        return Since(_earlier(self.observed, other.observed), _earlier(self.declared, other.declared))

    def covers(self, other: "Since") -> bool:
        """Whether merging the other would change nothing."""
        return _covers(self.observed, other.observed) and _covers(self.declared, other.declared)


def _covers(one: int | None, other: int | None) -> bool:
    return other is None or (one is not None and one <= other)


def _earlier(one: int | None, other: int | None) -> int | None:
    if one is None or other is None:
        return other if one is None else one
    return min(one, other)


class Rows(NamedTuple):
    """Rows of one unit, each of which belongs to it alone."""

    attempts: frozenset[Attempt] = frozenset()
    reports: frozenset[Report] = frozenset()
    claims: frozenset[Claim] = frozenset()
    uses: frozenset[Use] = frozenset()

    def minus(self, other: "Rows") -> "Rows":
        """The rows that are not in the other."""
        return Rows(
            self.attempts - other.attempts,
            self.reports - other.reports,
            self.claims - other.claims,
            self.uses - other.uses,
        )


NO_ROWS = Rows()


@dataclass(frozen=True, slots=True)
class Contribution:
    """All that one unit says: its rows, the edges that follow from them, and the content that they refer to."""

    unit: str
    rows: Rows = NO_ROWS
    edges: dict[EdgeId, Since] = field(default_factory=dict)
    nodes: frozenset[Node] = frozenset()
    facets: dict[str, bytes] = field(default_factory=dict)
    footprints: dict[str, Footprint] = field(default_factory=dict)


class Failure(NamedTuple):
    """An event that could not be folded: the index of its log entry, its unit and the error."""

    entry: int
    unit: str
    error: str


@dataclass(slots=True)
class Batch:
    """Changes to the graph that are applied as one, with the cursor that they bring it to.

    removed, added: rows by unit. nodes, edges, facets, footprints: to be there afterwards (an edge's times are merged
    with those it has). replaced: owners whose edges are to be derived again from the rows that are left. released:
    keys of nodes, facets and footprints that go unless something still refers to them. failures: to be remembered;
    released_failures: entries whose failures are to be forgotten, even if they are among those.
    start: the cursor that the changes were computed at, where it matters that nobody else moved it.
    """

    cursor: int
    removed: dict[str, Rows] = field(default_factory=dict)
    added: dict[str, Rows] = field(default_factory=dict)
    nodes: dict[str, Node] = field(default_factory=dict)
    edges: dict[EdgeId, Since] = field(default_factory=dict)
    facets: dict[str, bytes] = field(default_factory=dict)
    footprints: dict[str, Footprint] = field(default_factory=dict)
    replaced: set[str] = field(default_factory=set)
    released_nodes: set[str] = field(default_factory=set)
    released_facets: set[str] = field(default_factory=set)
    released_footprints: set[str] = field(default_factory=set)
    failures: list[Failure] = field(default_factory=list)
    released_failures: set[int] = field(default_factory=set)
    start: int | None = None

    @property
    def erases(self) -> bool:
        """Whether events were erased: what the batch removes must not stay in the store's files."""
        return bool(self.released_failures)

    def follows(self, stored: int) -> bool:
        """Whether the batch is to be applied to a graph with this cursor; not if it was applied already.

        Raises:
            GraphUnavailable: the graph's cursor is not where the batch starts: somebody else moved it.
        """
        if stored >= self.cursor:
            return False
        if self.start not in (None, stored):
            raise GraphUnavailable(
                f"another projector writes to this graph: it is at {stored}, not at {self.start}. Run only one"
            )
        return True
