"""The port of the graph store, and what it answers with.

Durability promise: `apply` is one transaction. Rows, nodes, edges and the cursor are all there afterwards, or none is.
A store that loses its last batches (a crash without fsync) is behind, never wrong: its cursor says where to go on.
One contract suite (``tests/contract/test_graph_store.py``) runs on every adapter.

All times are microseconds since the epoch. "At `as_of`" counts what was said of that time or before.
"""

from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import NamedTuple, Protocol

from whence.graph.facts import Attempt, Batch, Claim, Contribution, EdgeId, EdgeKind, Failure, Node, Report, Role, Since
from whence.graph.footprint import Footprint
from whence.graph.live import Activity, Live
from whence_schemas.read import Use


class Neighbours(NamedTuple):
    """What is found around targets.

    into: the edges into each of these. live: of the edges' owners, and where asked for of the targets; None where
    nothing is. aliases: the alias edges of each dataset that those read or write. later: owners of which reports start
    after that time.
    """

    into: dict[str, list[EdgeId]]
    live: dict[str, Live | None]
    aliases: dict[str, list[EdgeId]]
    later: set[str]


class Around(NamedTuple):
    """How far to look around targets.

    kinds: of the edges into them. themselves: whether the targets' own activities are wanted too.
    onward, hops: with more hops than one, what the edges' sources lead to by their own edges of the kinds `onward`
    (READS, WRITES) are further targets: those that are live, or all ever seen, whichever the store finds sooner. This
    looks ahead to save calls: a store stops at `LOOK_AHEAD` targets.
    """

    kinds: Sequence[EdgeKind]
    themselves: bool = False
    onward: Sequence[EdgeKind] = ()
    hops: int = 1


EARLIEST = -(2**62)
"""Before every time that can be written."""

LOOK_AHEAD = 1_000
"""No further hop is looked ahead once there are so many targets."""


class CurrentFacet(NamedTuple):
    """The value of an entity's facet at a time, as JSON, and when it was last said."""

    entity: str
    facet: str
    value: str
    body: bytes
    at: int
    unit: str


class Stretch(NamedTuple):
    """Consecutive reports of an owner with one footprint: the first, the last, and how many `reports` they are."""

    first: Report
    last: Report
    reports: int


class Span(NamedTuple):
    """An owner's reports that started after a time."""

    owner: str
    after: int


class Value(NamedTuple):
    """A value (by address; empty where it is deleted) of an entity's facet."""

    entity: str
    facet: str
    value: str


class SaidBy(NamedTuple):
    """When something was said, and by which unit."""

    at: int
    unit: str


class Said(NamedTuple):
    """That a unit said this of an entity's facet (a value as JSON), first and last at these times."""

    unit: str
    entity: str
    facet: str
    first: int
    last: int
    body: bytes


class Page(NamedTuple):
    """A place in a list that is ordered newest first: time and tie-breaker of the last row seen."""

    at: int
    key: str
    number: int


_MAX = 2**63 - 1
NEWEST = Page(_MAX, "\U0010ffff", _MAX)
"""Before every row."""


class Place(NamedTuple):
    """A place in a list that is ordered by folded name, folded namespace and key."""

    name: str
    namespace: str
    key: str


DUMPED = {
    "attempt": Attempt._fields,
    "claim": (*Claim._fields, "unit"),
    "edge": (*EdgeId._fields, *Since._fields),
    "facet": ("value", "body"),
    "footprint": ("key", "document"),
    "node": Node._fields,
    "report": (*Report._fields, "unit"),
    "use": Use._fields,
}
"""Tables and columns of a dump."""


class GraphStore(Protocol):
    """A store of facts. Every method may raise GraphUnavailable.

    A store may keep what it found, as long as no batch, its own or another process's, changes it.
    """

    def question(self) -> AbstractAsyncContextManager[None]:
        """For one question that takes many calls: what another process writes meanwhile may show, or not."""

    async def cursor(self) -> int:
        """How many log entries are folded in."""

    async def apply(self, batch: Batch) -> None:
        """Apply a batch, all of it or nothing."""

    async def scrub(self) -> None:
        """Remove from the store's files what batches that erase (`Batch.erases`) took out of the graph; at once done
        if there is nothing. After a crash it can still be done. A store whose files are another program's, as Neo4j's,
        can do nothing: there it lies in freed records and transaction logs until that program writes over them."""

    async def contributions(self, units: Sequence[str]) -> dict[str, Contribution]:
        """What these units' contributions were (without `nodes`); units that have none are left out."""

    async def failures(self, limit: int) -> list[Failure]:
        """Events that could not be folded, by index."""

    async def clear(self) -> None:
        """Forget everything; the cursor is 0."""

    async def nodes(self, keys: Sequence[str]) -> dict[str, Node]:
        """Nodes by key; those that are not there are left out."""

    async def counts(self) -> dict[str, int]:
        """Number of nodes of each kind."""

    async def search(
        self, text: str, kinds: Sequence[str], after: Place | None, limit: int, namespace: str | None = None
    ) -> list[tuple[Place, Node]]:
        """Nodes whose name or namespace contains the text, case folded, with their place. An empty text finds all.
        With a namespace only those in it, at a cost that does not grow with the others."""

    async def named(self, name: str, kinds: Sequence[str], limit: int) -> list[Node]:
        """Nodes with exactly this name, case folded."""

    async def owners(self, targets: Sequence[str], kinds: Sequence[EdgeKind]) -> list[EdgeId]:
        """Edges of these kinds into the targets, live or not. HAS_FIELD is not found so: see a column's `of`."""

    async def edges_from(self, sources: Sequence[str], kinds: Sequence[EdgeKind]) -> dict[EdgeId, Since]:
        """Edges of these kinds that the sources own, live or not."""

    async def since(self, edges: Sequence[EdgeId]) -> dict[EdgeId, Since]:
        """When these edges were first seen."""

    async def activities(self, owners: Sequence[str], as_of: int, window: int) -> dict[str, Activity]:
        """For each owner: of the reports that started by `as_of` and named datasets, the last `window` observed ones
        by (start, run, number), and the last one declared. Owners without any are left out."""

    async def stretches(self, spans: Sequence[Span], declared: bool, until: int) -> dict[Span, list[Stretch]]:
        """How owners' footprints followed each other: in each span the reports that started by `until`, declared or
        observed ones, by (start, run, number). Those that named no dataset make stretches of their own, which come
        first. Spans without any are left out. The cost grows with the reports."""

    async def neighbours(self, targets: Sequence[str], around: Around, as_of: int, window: int) -> Neighbours:
        """What is around targets, in one call: the edges into them, as `owners` gives them; what is live of their
        owners, as `activities` says; and `aliases` of what these read and write."""

    async def aliases(self, keys: Sequence[str]) -> dict[EdgeId, Since]:
        """Edges ALIAS and RENAMED_FROM with one of the keys at either end, whether they hold or not."""

    async def footprints(self, keys: Sequence[str]) -> dict[str, Footprint]:
        """Footprints by key."""

    async def facets(
        self, entities: Sequence[str], names: Sequence[str] | None, as_of: int, unit: str | None = None
    ) -> list[CurrentFacet]:
        """For each entity and facet the value last said by `as_of`: by any unit, or by the given one. Deleted ones are
        left out. `names` None means all. In the order of (entity, facet)."""

    async def first_said(self, values: Sequence[Value], after: int, until: int) -> dict[Value, SaidBy]:
        """Who said each of these values first after the one time and by the other, and when; those that nobody said
        then are left out. A unit speaks when it says a value first and last."""

    async def said_by(self, units: Sequence[str], names: Sequence[str]) -> list[Said]:
        """All that these units ever said of facets of these names, of whatever entity, in order; without deletions."""

    async def attempts(self, runs: Sequence[str]) -> dict[str, list[Attempt]]:
        """Attempts of runs, by number; runs without any are left out."""

    async def runs_of_job(self, job: str, as_of: int, after: Page | None, limit: int) -> list[Attempt]:
        """Attempts of a job that started by `as_of`, newest first by (start, run, number)."""

    async def runs_of_jobs(self, jobs: Sequence[str], since: int, until: int, limit: int) -> dict[str, list[Attempt]]:
        """Of each job the last `limit` attempts that started from `since` to `until`, newest first by (start, run,
        number). Jobs without any are left out."""

    async def uses_of_runs(self, runs: Sequence[str], roles: Collection[Role] = tuple(Role)) -> list[Use]:
        """What runs consumed and produced, or only one of these."""

    async def uses_of_dataset(self, dataset: str, role: Role, as_of: int, after: Page | None, limit: int) -> list[Use]:
        """Uses of a dataset in a role at `as_of` or before, newest first by (at, run, number)."""

    async def last_productions(
        self, datasets: Sequence[str], complete: int, as_of: int, limit: int
    ) -> dict[str, list[Use]]:
        """For each dataset its last `limit` productions at `as_of` or before that are complete to just this degree (see
        `Use`), newest first by (at, run, number), however many others there are; datasets without any are left out."""

    async def uses_between(
        self, datasets: Sequence[str], role: Role, since: int, until: int, limit: int
    ) -> dict[str, list[Use]]:
        """For each dataset its last `limit` uses in a role from `since` to `until`, newest first by (at, run, number).
        Datasets without any are left out."""

    async def uses_of_versions(self, versions: Sequence[str], roles: Collection[Role] = tuple(Role)) -> list[Use]:
        """Uses that name one of these versions by key, in these roles."""

    async def last_produced(self, readings: Sequence[Use]) -> dict[Use, Use]:
        """For each reading the use by which its dataset, under just this name, was produced last: at its time or
        before, by another attempt, of a partition that it read, and known to be complete or dropped. Readings without
        one are left out."""

    async def read_since(self, productions: Sequence[Use]) -> list[Use]:
        """What may have read what was produced: uses that consumed one of the datasets, under just this name, named no
        version, and read a partition that was produced; from the production's time on until the dataset is next
        produced: by a reading of the whole, any of it, else all partitions that were produced."""

    def dump(self) -> AsyncIterator[Iterable[str | int | None]]:
        """Every fact as a row (first the table's name), in one order on every store."""

    async def close(self) -> None:
        """Let the store go. No call may follow."""
