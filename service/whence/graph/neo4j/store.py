"""The graph store on Neo4j: what it can do, and which module does it."""

from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Self

from whence.graph.facts import Attempt, Batch, Contribution, EdgeId, EdgeKind, Failure, Node, Role, Since
from whence.graph.footprint import Footprint
from whence.graph.keeping.edges import LooksForEdges
from whence.graph.keeping.kept import Kept, Looks
from whence.graph.keeping.uses import LooksForUses
from whence.graph.live import Activity
from whence.graph.neo4j.activities import activities, footprints, stretches
from whence.graph.neo4j.contributions import contributions
from whence.graph.neo4j.database import Database
from whence.graph.neo4j.dump import table_rows
from whence.graph.neo4j.edges import aliases, edges_from, edges_into, since
from whence.graph.neo4j.facets import facets, facets_until, first_said, said_by
from whence.graph.neo4j.neighbours import neighbours
from whence.graph.neo4j.nodes import counts, named, nodes, search
from whence.graph.neo4j.runs import attempts, runs_of_job, runs_of_jobs
from whence.graph.neo4j.uses import (
    last_produced,
    last_productions,
    read_since,
    uses_between,
    uses_of_dataset,
    uses_of_runs,
    uses_of_versions,
)
from whence.graph.neo4j.writing import apply, cursor, failures
from whence.graph.port import (
    DUMPED,
    Around,
    CurrentFacet,
    Neighbours,
    Page,
    Place,
    Said,
    SaidBy,
    Span,
    Stretch,
    Value,
)
from whence_schemas.read import Use


class Neo4jGraphStore:
    """A graph in a Neo4j database of its own. It connects when it is first needed, and prepares the database then."""

    def __init__(self, uri: str, user: str, password: str, database: str | None = None) -> None:
        """Take note of where the database is; None is the user's home database.

        Raises:
            ConfigurationError: the address is none that the driver knows.
        """
        self._database = Database(uri, user, password, database)
        self._kept = Kept(self._looks())

    @classmethod
    async def open(cls, uri: str, user: str, password: str, database: str | None = None) -> Self:
        """A store that has tried to reach its database. One that does not answer yet is no error.

        Raises:
            ConfigurationError: the address or the password is wrong, or the database is one of a newer Whence.
        """
        store = cls(uri, user, password, database)
        await store._database.try_to_open()
        return store

    def _looks(self) -> Looks:
        reading = self._database.reading
        return Looks(
            self.cursor,
            reading(nodes),
            LooksForEdges(reading(aliases), reading(edges_from), reading(edges_into)),
            reading(neighbours),
            reading(facets_until),
            LooksForUses(reading(uses_of_runs), reading(uses_of_versions), reading(last_produced), reading(read_since)),
        )

    def question(self) -> AbstractAsyncContextManager[None]:
        """For one question: what another process wrote is looked for when it begins."""
        return self._kept.watch.question()

    async def cursor(self) -> int:
        """How many log entries are folded in."""
        return await self._database.read(cursor)

    async def apply(self, batch: Batch) -> None:
        """Apply a batch, all of it or nothing."""
        with self._kept.watch.applying(batch):
            await self._database.write(apply, batch)

    async def failures(self, limit: int) -> list[Failure]:
        """Events that could not be folded, by index."""
        return await self._database.read(failures, limit)

    async def clear(self) -> None:
        """Forget everything; the cursor is 0."""
        self._kept.watch.clear()
        await self._database.clear()

    async def scrub(self) -> None:
        """Nothing: what was deleted lies in Neo4j's files until it writes over them; no client can make it."""

    async def contributions(self, units: Sequence[str]) -> dict[str, Contribution]:
        """What these units' contributions were; units that have none are left out."""
        return await self._database.read(contributions, units)

    async def nodes(self, keys: Sequence[str]) -> dict[str, Node]:
        """Nodes by key."""
        return await self._kept.nodes.get(keys)

    async def counts(self) -> dict[str, int]:
        """Number of nodes of each kind."""
        return await self._database.read(counts)

    async def search(
        self, text: str, kinds: Sequence[str], after: Place | None, limit: int, namespace: str | None = None
    ) -> list[tuple[Place, Node]]:
        """Nodes whose name or namespace contains the text, by folded name."""
        return await self._database.read(search, text, kinds, after, limit, namespace)

    async def named(self, name: str, kinds: Sequence[str], limit: int) -> list[Node]:
        """Nodes with exactly this name, case folded."""
        return await self._database.read(named, name, kinds, limit)

    async def owners(self, targets: Sequence[str], kinds: Sequence[EdgeKind]) -> list[EdgeId]:
        """Edges of these kinds into the targets."""
        return await self._kept.edges.owners(targets, kinds)

    async def edges_from(self, sources: Sequence[str], kinds: Sequence[EdgeKind]) -> dict[EdgeId, Since]:
        """Edges of these kinds that the sources own."""
        return await self._kept.edges.edges_from(sources, kinds)

    async def since(self, edges: Sequence[EdgeId]) -> dict[EdgeId, Since]:
        """When these edges were first seen."""
        return await self._database.read(since, edges)

    async def aliases(self, keys: Sequence[str]) -> dict[EdgeId, Since]:
        """Alias edges at either end of which one of the keys is."""
        return await self._kept.edges.aliases(keys)

    async def neighbours(self, targets: Sequence[str], around: Around, as_of: int, window: int) -> Neighbours:
        """What is around targets, in one call."""
        return await self._kept.nearby.get(targets, around, as_of, window)

    async def activities(self, owners: Sequence[str], as_of: int, window: int) -> dict[str, Activity]:
        """The owners' last reports."""
        return await self._database.read(activities, owners, as_of, window)

    async def stretches(self, spans: Sequence[Span], declared: bool, until: int) -> dict[Span, list[Stretch]]:
        """How owners' footprints followed each other."""
        return await self._database.read(stretches, spans, declared, until)

    async def footprints(self, keys: Sequence[str]) -> dict[str, Footprint]:
        """Footprints by key."""
        return await self._database.read(footprints, keys)

    async def facets(
        self, entities: Sequence[str], names: Sequence[str] | None, as_of: int, unit: str | None = None
    ) -> list[CurrentFacet]:
        """For each entity and facet the value last said, by (entity, facet)."""
        if names is None or unit is not None:
            return await self._database.read(facets, entities, names, as_of, unit)
        return await self._kept.facets.get(entities, names, as_of)

    async def first_said(self, values: Sequence[Value], after: int, until: int) -> dict[Value, SaidBy]:
        """Who said each of these values first in that time."""
        return await self._database.read(first_said, values, after, until)

    async def said_by(self, units: Sequence[str], names: Sequence[str]) -> list[Said]:
        """All that these units ever said of these facets."""
        return await self._database.read(said_by, units, names)

    async def attempts(self, runs: Sequence[str]) -> dict[str, list[Attempt]]:
        """Attempts of runs, by number."""
        return await self._database.read(attempts, runs)

    async def runs_of_job(self, job: str, as_of: int, after: Page | None, limit: int) -> list[Attempt]:
        """Attempts of a job, newest first."""
        return await self._database.read(runs_of_job, job, as_of, after, limit)

    async def runs_of_jobs(self, jobs: Sequence[str], since: int, until: int, limit: int) -> dict[str, list[Attempt]]:
        """Of each job the last attempts within a time."""
        return await self._database.read(runs_of_jobs, jobs, since, until, limit)

    async def uses_of_runs(self, runs: Sequence[str], roles: Collection[Role] = tuple(Role)) -> list[Use]:
        """What runs consumed and produced, or only one of these."""
        return await self._kept.uses.of_runs(runs, roles)

    async def uses_of_versions(self, versions: Sequence[str], roles: Collection[Role] = tuple(Role)) -> list[Use]:
        """Uses that name one of these versions, in these roles."""
        return await self._kept.uses.of_versions(versions, roles)

    async def uses_of_dataset(self, dataset: str, role: Role, as_of: int, after: Page | None, limit: int) -> list[Use]:
        """Uses of a dataset in a role, newest first."""
        return await self._database.read(uses_of_dataset, dataset, role, as_of, after, limit)

    async def uses_between(
        self, datasets: Sequence[str], role: Role, since: int, until: int, limit: int
    ) -> dict[str, list[Use]]:
        """For each dataset its last uses in a role within a time."""
        return await self._database.read(uses_between, datasets, role, since, until, limit)

    async def last_productions(
        self, datasets: Sequence[str], complete: int, as_of: int, limit: int
    ) -> dict[str, list[Use]]:
        """The last productions of each dataset that are complete to just this degree."""
        return await self._database.read(last_productions, datasets, complete, as_of, limit)

    async def last_produced(self, readings: Sequence[Use]) -> dict[Use, Use]:
        """For each reading the use by which its dataset was produced last."""
        return await self._kept.uses.last_produced(readings)

    async def read_since(self, productions: Sequence[Use]) -> list[Use]:
        """Uses that may have consumed what was produced, without naming a version."""
        return await self._kept.uses.read_since(productions)

    async def dump(self) -> AsyncIterator[Iterable[str | int | None]]:
        """Every fact as a row, in one order on every store."""
        for table in DUMPED:
            rows = await self._database.read(table_rows, table)
            for row in sorted((table, *row) for row in rows):
                yield row

    async def close(self) -> None:
        """Let the store go."""
        await self._database.close()
