"""The graph store on Neo4j, 5.26 LTS or newer, as a graph that people can also browse.

Nodes of the graph carry the label `Node` and one for their kind; edges are relationships of their kind, uses are
relationships from the run to the dataset, attempts stand between their run and their job. Reports, claims, facets and
footprints are nodes without relationships, found by index. A batch is one transaction, which also moves the cursor of
the one `WhenceMeta` node; a unit's own rows are created without a look at what is there, which the cursor allows.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import product
from typing import Any, Self, TypeVar

from neo4j import AsyncGraphDatabase, AsyncManagedTransaction, AsyncSession, NotificationMinimumSeverity
from neo4j.exceptions import AuthError, DriverError, Neo4jError
from neo4j.exceptions import ConfigurationError as BadAddress

from whence.graph.derive import contribution_of, derive_again, makes_edges
from whence.graph.facts import (
    Attempt,
    Batch,
    Claim,
    Contribution,
    EdgeId,
    EdgeKind,
    Failure,
    Node,
    Report,
    Role,
    Rows,
    Since,
    Use,
)
from whence.graph.footprint import Footprint
from whence.graph.partitions import parts_of
from whence.graph.port import (
    LOOK_AHEAD,
    Activity,
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
    datasets_of,
    footprints_of,
    group_attempts,
    group_uses,
    stretches_of,
)
from whence.graph.queries import load_queries
from whence.graph.text import fold_text
from whence_schemas.errors import ConfigurationError, GraphUnavailable
from whence_schemas.identity import Kind, digest

log = logging.getLogger(__name__)

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        "node_key",
        "node_place",
        "attempt_job",
        "report_owner",
        "report_unit",
        "report_footprint",
        "claim_entity",
        "claim_unit",
        "claim_value",
        "consumed_dataset",
        "consumed_version",
        "produced_dataset",
        "produced_version",
        "facet_value",
        "footprint_key",
        "failure_entry",
    ),
    ("fill_within", "node_within"),
    ("produced_complete",),
)
"""Names of the statements that bring the database from each version to the next. Each may run again."""

_CYPHER = load_queries("neo4j.cypher")
_LABELS = {
    Kind.DATASET: "Dataset",
    Kind.JOB: "Job",
    Kind.RUN: "Run",
    Kind.COLUMN: "Column",
    Kind.DATASET_VERSION: "DatasetVersion",
    Kind.OWNER: "Owner",
    Kind.TAG: "Tag",
    Kind.CODE_VERSION: "CodeVersion",
    Kind.ASSERTION: "Assertion",
}
_ALL_EDGES = tuple(EdgeKind)
_INNER_EDGES = frozenset({EdgeKind.DERIVED_FROM, EdgeKind.TAGGED})
"""Kinds of edges that may start from another node than their owner."""
_TABLES = ("attempt", "claim", "edge", "facet", "footprint", "node", "report", "use")

_CONNECT_SECONDS = 5
_RETRY_SECONDS = 5
_ROW_BYTES = 1_000
_PORTION_BYTES = 5_000_000
"""Rows are sent in portions of this size (5,000 rows where none is large), which bounds the server's memory."""
_INDEXED_LENGTH = 200
"""Characters of a facet's name in the index; an index key has room for about 8 kB."""
_BETWEEN = "\0"
"""Between a node's folded name and namespace: no folded text has it, and it is less than any other character."""
_MAX = 2**63 - 1
_NEWEST = Page(_MAX, "\U0010ffff", _MAX)
_T = TypeVar("_T")
_Transaction = AsyncManagedTransaction
_Row = Sequence[Any]


class Neo4jGraphStore:
    """A graph in a Neo4j database of its own. It connects when it is first needed, and prepares the database then."""

    def __init__(self, uri: str, user: str, password: str, database: str | None = None) -> None:
        """Take note of where the database is; None is the user's home database.

        Raises:
            ConfigurationError: the address is none that the driver knows.
        """
        self._uri = uri
        self._database = database
        self._ready = False
        self._preparing = asyncio.Lock()
        try:
            self._driver = AsyncGraphDatabase.driver(
                uri,
                auth=(user, password),
                connection_timeout=_CONNECT_SECONDS,
                max_transaction_retry_time=_RETRY_SECONDS,
                notifications_min_severity=NotificationMinimumSeverity.OFF,
            )
        except (BadAddress, ValueError) as error:
            raise ConfigurationError(f"{uri} is no address of a Neo4j: {error}. Use neo4j://host:7687") from error
        self._bookmarks = AsyncGraphDatabase.bookmark_manager()  # so that reads see the writes, in a cluster too

    @classmethod
    async def open(cls, uri: str, user: str, password: str, database: str | None = None) -> Self:
        """A store that has tried to reach its database. One that does not answer yet is no error.

        Raises:
            ConfigurationError: the address or the password is wrong, or the database is one of a newer Whence.
        """
        store = cls(uri, user, password, database)
        try:
            await store._prepare()
        except GraphUnavailable as error:
            if isinstance(error.__cause__, AuthError):
                await store.close()
                raise ConfigurationError(f"Neo4j at {uri} refuses user {user!r} with this password") from error
            log.warning("%s", error)
        except BaseException:
            await store.close()
            raise
        return store

    async def close(self) -> None:
        """Let the store go."""
        await self._driver.close()

    def _session(self) -> AsyncSession:
        return self._driver.session(database=self._database, bookmark_manager=self._bookmarks)

    async def _prepare(self) -> None:
        """Bring the database to this version, once."""
        async with self._preparing:
            if not self._ready:
                with _unavailable(self._uri):
                    async with self._session() as session:
                        await _migrate(session, self._uri)
                self._ready = True

    async def _read(self, work: Callable[[_Transaction], Awaitable[_T]]) -> _T:
        if not self._ready:
            await self._prepare()
        with _unavailable(self._uri):
            async with self._session() as session:
                return await session.execute_read(work)

    async def _fetch(self, query: str, kind: str = "", **parameters: Any) -> list[list[Any]]:
        return await self._read(lambda tx: _rows(tx, query, kind, **parameters))

    async def _collect(self, query: str, kind: str = "", **parameters: Any) -> list[list[Any]]:
        return await self._read(lambda tx: _collected(tx, query, kind, **parameters))

    async def cursor(self) -> int:
        """How many log entries are folded in."""
        return await self._read(self._cursor)

    async def apply(self, batch: Batch) -> None:
        """Apply a batch, all of it or nothing."""
        if not self._ready:
            await self._prepare()
        with _unavailable(self._uri):
            async with self._session() as session:
                await session.execute_write(self._apply, batch)

    async def _apply(self, tx: _Transaction, batch: Batch) -> None:
        await _rows(tx, "lock")
        if batch.follows(await self._cursor(tx)):
            await _apply(tx, batch)

    async def _cursor(self, tx: _Transaction) -> int:
        rows = await _rows(tx, "cursor")
        if not rows:
            self._ready = False  # somebody emptied the database: prepare it again
            raise GraphUnavailable(f"the database at {self._uri} was emptied; the graph is built again from the log")
        return int(rows[0][0])

    async def failures(self, limit: int) -> list[Failure]:
        """Events that could not be folded, by index."""
        return [Failure(*row) for row in await self._fetch("failures", limit=limit)]

    async def clear(self) -> None:
        """Forget everything; the cursor is 0."""
        if not self._ready:
            await self._prepare()
        with _unavailable(self._uri):
            async with self._session() as session:
                await _clear(session)

    async def scrub(self) -> None:
        """Nothing: what was deleted lies in Neo4j's files until it writes over them; no client can make it."""

    async def contributions(self, units: Sequence[str]) -> dict[str, Contribution]:
        """What these units' contributions were; units that have none are left out."""
        return await self._read(lambda tx: _contributions(tx, units))

    async def nodes(self, keys: Sequence[str]) -> dict[str, Node]:
        """Nodes by key."""
        return {row[0]: Node(*row) for row in await self._collect("nodes", keys=_list(keys))}

    async def counts(self) -> dict[str, int]:
        """Number of nodes of each kind."""

        async def work(tx: _Transaction) -> dict[str, int]:
            found = {str(kind): (await _rows(tx, "counts", label))[0][0] for kind, label in _LABELS.items()}
            return {kind: number for kind, number in found.items() if number}

        return await self._read(work)

    async def search(
        self, text: str, kinds: Sequence[str], after: Place | None, limit: int, namespace: str | None = None
    ) -> list[tuple[Place, Node]]:
        """Nodes whose name or namespace contains the text, by folded name."""
        rows = await self._fetch(
            "search" if namespace is None else "search_in",
            namespace=namespace,
            kinds=_list(kinds),
            text=_sortable(fold_text(text)),
            limit=limit,
            place=_place(after.name, after.namespace) if after else "",
            key=after.key if after else "",
        )
        nodes = [Node(*row) for row in rows]
        found = [(Place(fold_text(node.name), fold_text(node.namespace), node.key), node) for node in nodes]
        return sorted(found)[:limit]

    async def named(self, name: str, kinds: Sequence[str], limit: int) -> list[Node]:
        """Nodes with exactly this name, case folded."""
        rows = await self._fetch("named", name=_place(fold_text(name), ""), kinds=_list(kinds), limit=limit)
        nodes = [Node(*row) for row in rows]
        return sorted(nodes, key=lambda node: (node.kind, fold_text(node.namespace), node.key))[:limit]

    async def owners(self, targets: Sequence[str], kinds: Sequence[EdgeKind]) -> list[EdgeId]:
        """Edges of these kinds into the targets."""
        return await self._read(lambda tx: _edges_into(tx, targets, kinds))

    async def edges_from(self, sources: Sequence[str], kinds: Sequence[EdgeKind]) -> dict[EdgeId, Since]:
        """Edges of these kinds that the sources own."""
        return await self._read(lambda tx: _edges_from(tx, sources, kinds))

    async def since(self, edges: Sequence[EdgeId]) -> dict[EdgeId, Since]:
        """When these edges were first seen."""
        return _edges(await self._collect("since", _types(_ALL_EDGES), edges=[tuple(edge) for edge in edges]))

    async def activities(self, owners: Sequence[str], as_of: int, window: int) -> dict[str, Activity]:
        """The owners' last reports."""
        return await self._read(lambda tx: _activities(tx, owners, as_of, window))

    async def stretches(self, spans: Sequence[Span], declared: bool, until: int) -> dict[Span, list[Stretch]]:
        """How owners' footprints followed each other."""
        wanted = [tuple(span) for span in dict.fromkeys(spans)]
        rows = await self._fetch("stretches", spans=wanted, declared=int(declared), until=until)
        return stretches_of(
            (Span(owner, after), place, Report(*report)) for owner, after, found in rows for place, *report in found
        )

    async def neighbours(self, targets: Sequence[str], around: Around, as_of: int, window: int) -> Neighbours:
        """What is around targets, in one call."""

        async def work(tx: _Transaction) -> Neighbours:
            asked, edges = await _look_around(tx, targets, around)
            owners = [edge.owner for edge in edges]
            activities = await _activities(tx, [*asked, *owners] if around.themselves else owners, as_of, window)
            footprints = await _footprints(tx, footprints_of(activities.values()))
            aliases = await _collected(tx, "aliases", keys=datasets_of(footprints.values()))
            return Neighbours(asked, edges, activities, footprints, _edges(aliases))

        return await self._read(work)

    async def aliases(self, keys: Sequence[str]) -> dict[EdgeId, Since]:
        """Alias edges at either end of which one of the keys is."""
        return _edges(await self._collect("aliases", keys=_list(keys)))

    async def footprints(self, keys: Sequence[str]) -> dict[str, Footprint]:
        """Footprints by key."""
        return await self._read(lambda tx: _footprints(tx, keys))

    async def facets(
        self, entities: Sequence[str], names: Sequence[str] | None, as_of: int, unit: str | None = None
    ) -> list[CurrentFacet]:
        """For each entity and facet the value last said, by (entity, facet)."""

        async def work(tx: _Transaction) -> list[CurrentFacet]:
            latest: dict[tuple[str, str], tuple[int, str, str]] = {}
            for entity, facet, *said in sorted(await _said(tx, entities, names, as_of, unit)):
                latest[entity, facet] = (said[0], said[1], said[2])
            bodies = await _bodies(tx, {value for _, value, _ in latest.values() if value})
            return [
                CurrentFacet(*key, value, bodies[value], at, by) for key, (at, value, by) in latest.items() if value
            ]

        return await self._read(work)

    async def first_said(self, values: Sequence[Value], after: int, until: int) -> dict[Value, SaidBy]:
        """Who said each of these values first in that time."""
        wanted = {(value.entity, _indexed(value.facet), value.value): value for value in values}
        rows = await self._fetch("first_said", values=list(wanted), after=after, until=until)
        return {wanted[entity, facet, value]: SaidBy(*said) for (entity, facet, value), said in rows if said}

    async def said_by(self, units: Sequence[str], names: Sequence[str]) -> list[Said]:
        """All that these units ever said of these facets."""

        async def work(tx: _Transaction) -> list[Said]:
            wanted = [_indexed(name) for name in names]
            rows = sorted(await _collected(tx, "said_by", units=_list(units), names=wanted))
            bodies = await _bodies(tx, {row[-1] for row in rows})
            return [Said._make([*said, bodies[value]]) for *said, value in rows]

        return await self._read(work)

    async def attempts(self, runs: Sequence[str]) -> dict[str, list[Attempt]]:
        """Attempts of runs, by number."""
        found: dict[str, list[Attempt]] = defaultdict(list)
        for row in sorted(await self._collect("attempts_of_runs", keys=_list(runs))):
            found[row[0]].append(Attempt(*row))
        return dict(found)

    async def runs_of_job(self, job: str, as_of: int, after: Page | None, limit: int) -> list[Attempt]:
        """Attempts of a job, newest first."""
        rows = await self._fetch("runs_of_job", job=job, limit=limit, **_before(after, as_of))
        return [Attempt(*row) for row in rows]

    async def runs_of_jobs(self, jobs: Sequence[str], since: int, until: int, limit: int) -> dict[str, list[Attempt]]:
        """Of each job the last attempts within a time."""
        rows = await self._collect("runs_of_jobs", jobs=_list(jobs), since=since, until=until, limit=limit)
        return group_attempts(rows)

    async def uses_of_runs(self, runs: Sequence[str], roles: Collection[Role] = tuple(Role)) -> list[Use]:
        """What runs consumed and produced, or only one of these."""
        rows = await self._collect("uses_of_runs", keys=_list(runs), roles=list(roles))
        return [Use(*row) for row in sorted(rows)]

    async def uses_of_dataset(self, dataset: str, role: Role, as_of: int, after: Page | None, limit: int) -> list[Use]:
        """Uses of a dataset in a role, newest first."""
        rows = await self._fetch("uses_of_dataset", Role(role), dataset=dataset, limit=limit, **_before(after, as_of))
        return [Use(*row) for row in rows]

    async def last_productions(
        self, datasets: Sequence[str], complete: int, as_of: int, limit: int
    ) -> dict[str, list[Use]]:
        """The last productions of each dataset that are complete to just this degree."""
        rows = await self._collect(
            "last_productions", datasets=_list(datasets), complete=complete, as_of=as_of, limit=limit
        )
        found: dict[str, list[Use]] = {}
        for use in sorted(map(Use._make, rows), key=lambda use: (use.at, use.run, use.number), reverse=True):
            found.setdefault(use.dataset, []).append(use)
        return found

    async def uses_between(
        self, datasets: Sequence[str], role: Role, since: int, until: int, limit: int
    ) -> dict[str, list[Use]]:
        """For each dataset its last uses in a role within a time."""
        within = {"since": since, "until": until, "limit": limit}
        return group_uses(await self._collect("uses_between", Role(role), datasets=_list(datasets), **within))

    async def uses_of_versions(self, versions: Sequence[str], roles: Collection[Role] = tuple(Role)) -> list[Use]:
        """Uses that name one of these versions, in these roles."""
        keys = _list(versions)

        async def work(tx: _Transaction) -> list[list[Any]]:
            return [row for role in roles for row in await _collected(tx, "uses_of_versions", Role(role), keys=keys)]

        return [Use(*row) for row in sorted(await self._read(work))]

    async def last_produced(self, readings: Sequence[Use]) -> dict[Use, Use]:
        """For each reading the use by which its dataset was produced last."""
        wanted = [
            [place, use.dataset, use.at, use.run, use.number, parts_of(use.partitions)]
            for place, use in enumerate(readings)
        ]
        rows = await self._collect("last_produced", readings=wanted)
        return {readings[row[0]]: Use(*row[1:]) for row in rows}

    async def read_since(self, productions: Sequence[Use], as_of: int) -> list[Use]:
        """Uses that may have consumed what was produced, without naming a version."""
        wanted = [[use.dataset, use.at, parts_of(use.partitions)] for use in productions]
        rows = await self._collect("read_since", productions=wanted, as_of=as_of)
        return sorted({Use(*row) for row in rows})

    async def dump(self) -> AsyncIterator[Iterable[str | int | None]]:
        """Every fact as a row, in one order on every store."""
        for table in _TABLES:
            rows = await self._fetch(f"dump_{table}", _types(_ALL_EDGES) if table == "edge" else "")
            for row in sorted((table, *row) for row in rows):
                yield row


@contextmanager
def _unavailable(uri: str) -> Iterator[None]:
    """Tell of whatever goes wrong with the database as GraphUnavailable."""
    try:
        yield
    except (DriverError, Neo4jError, OSError) as error:
        raise GraphUnavailable(
            f"Neo4j at {uri} does not do what it is asked: {error}. See whether it runs, and whether user and password "
            "fit; the graph catches up by itself"
        ) from error


@cache
def _text(query: str, kind: str) -> str:
    """A statement's text; `kind` is made of a closed list's labels or types, so there are few texts to plan."""
    return _CYPHER[query].replace("KIND", kind) if kind else _CYPHER[query]


def _types(kinds: Collection[EdgeKind]) -> str:
    return "|".join(kind for kind in EdgeKind if kind in kinds)


def _list(values: Iterable[_T]) -> list[_T]:
    """The distinct values, as a list: the driver takes no other collection."""
    return list(dict.fromkeys(values))


async def _rows(tx: _Transaction, query: str, kind: str = "", **parameters: Any) -> list[list[Any]]:
    result = await tx.run(_text(query, kind), parameters)
    return await result.values()


async def _collected(tx: _Transaction, query: str, kind: str = "", **parameters: Any) -> list[list[Any]]:
    """Rows of a statement that collects them in one record."""
    found: list[list[Any]] = (await _rows(tx, query, kind, **parameters))[0][0]
    return found


async def _migrate(session: AsyncSession, uri: str) -> None:
    """Apply the migrations that the database has not seen; finish a `clear` that was cut short."""

    async def run(query: str, **parameters: Any) -> list[list[Any]]:
        result = await session.run(_CYPHER[query], parameters)
        return await result.values()

    await run("meta_constraint")
    [[version, clearing]] = await run("meta")
    if version > len(MIGRATIONS):
        raise ConfigurationError(
            f"the database at {uri} was written by a newer Whence (format {version}, this one knows "
            f"{len(MIGRATIONS)}): upgrade Whence, or empty the database and run `whence rebuild`"
        )
    for number, names in enumerate(MIGRATIONS[version:], start=version + 1):
        for name in names:
            await run(name)
        await run("await_indexes")
        await run("set_version", version=number)
    if clearing:
        await _clear(session)


async def _clear(session: AsyncSession) -> None:
    """Delete everything, in many transactions: no transaction holds a large graph."""
    for query in ("begin_clear", "clear_relationships", "clear_nodes", "end_clear"):
        kind = _types(_ALL_EDGES) if query == "clear_relationships" else ""
        await (await session.run(_text(query, kind))).consume()


async def _apply(tx: _Transaction, batch: Batch) -> None:
    """The rows of a batch. Nodes come before what stands on them, and go last."""
    await _remove_rows(tx, batch)
    for kind, nodes in _node_rows(batch.nodes).items():
        await _write(tx, "add_nodes", nodes, _LABELS[Kind(kind)])
    await _add_rows(tx, batch)
    await _write(tx, "add_facets", list(batch.facets.items()), content=True)
    documents = [(key, footprint.document) for key, footprint in batch.footprints.items()]
    await _write(tx, "add_footprints", documents, content=True)
    edges = dict(batch.edges)
    if batch.replaced:
        owners = sorted(batch.replaced)
        await _rows(tx, "remove_inner_edges", _types(_INNER_EDGES), owners=owners)
        await _rows(tx, "remove_edges", _types(_ALL_EDGES), owners=owners)  # last: the others are found by WRITES
        edges.update(await _derive_again(tx, [owner for owner in owners if owner[0] != Kind.RUN]))
    for type_, rows in _edge_rows(edges).items():
        await _write(tx, "add_edges", rows, EdgeKind(type_))
    await _release(tx, batch)
    await _write(tx, "add_failures", [tuple(failure) for failure in batch.failures])
    await _rows(tx, "release_failures", entries=sorted(batch.released_failures))
    await _rows(tx, "set_cursor", cursor=batch.cursor)


async def _remove_rows(tx: _Transaction, batch: Batch) -> None:
    removed = batch.removed.items()
    await _write(tx, "remove_attempts", [row[:2] for _, rows in removed for row in rows.attempts])
    await _write(tx, "remove_reports", [row[:6] for _, rows in removed for row in rows.reports])
    await _write(tx, "remove_claims", [_claim_row(unit, row) for unit, rows in removed for row in rows.claims])
    await _write(tx, "remove_uses", [row[:4] for _, rows in removed for row in rows.uses])


async def _add_rows(tx: _Transaction, batch: Batch) -> None:
    added = batch.added.items()
    await _write(tx, "add_attempts", [tuple(row) for _, rows in added for row in rows.attempts])
    await _write(tx, "add_reports", [(*row, unit) for unit, rows in added for row in rows.reports])
    await _write(tx, "add_claims", [_claim_row(unit, row) for unit, rows in added for row in rows.claims])
    uses: dict[str, list[_Row]] = defaultdict(list)
    for _, rows in added:
        for use in rows.uses:
            uses[use.role].append((*use[:5], use.version or None, *use[6:]))
    for role, of_role in uses.items():
        await _write(tx, "add_uses", of_role, Role(role))


async def _release(tx: _Transaction, batch: Batch) -> None:
    for query, keys in (
        ("release_facets", batch.released_facets),
        ("release_footprints", batch.released_footprints),
        ("release_nodes", batch.released_nodes),
    ):
        if keys:
            await _rows(tx, query, keys=sorted(keys))


async def _write(tx: _Transaction, query: str, rows: Sequence[_Row], kind: str = "", content: bool = False) -> None:
    """Run a statement on rows, in portions; `content` if the rows' second column may be large.

    Raises:
        GraphUnavailable: something that a row stands on was not there. The batch is not applied then.
    """
    for portion in _portions(rows, content):
        result = await _rows(tx, query, kind, rows=portion)
        wanted = sum(len(row[2]) for row in portion) if query == "add_edges" else len(portion)
        if result and result[0][0] != wanted:
            raise GraphUnavailable(
                f"{query}: {wanted - result[0][0]} of {wanted} rows refer to nodes that the graph does not have. If "
                "this stays, run `whence rebuild`"
            )


def _portions(rows: Sequence[_Row], content: bool) -> Iterator[list[_Row]]:
    portion: list[_Row] = []
    size = 0
    for row in rows:
        weight = _ROW_BYTES + (len(row[1]) if content else 0)
        if portion and size + weight > _PORTION_BYTES:
            yield portion
            portion, size = [], 0
        portion.append(row)
        size += weight
    if portion:
        yield portion


def _node_rows(nodes: Mapping[str, Node]) -> dict[str, list[_Row]]:
    """Rows of `add_nodes` by kind."""
    rows: dict[str, list[_Row]] = defaultdict(list)
    for key in sorted(nodes):
        node = nodes[key]
        rows[node.kind].append((*node, _place(fold_text(node.name), fold_text(node.namespace))))
    return rows


def _place(folded_name: str, folded_namespace: str) -> str:
    """Both as one text that is ordered as the two are."""
    return _sortable(f"{folded_name}{_BETWEEN}{folded_namespace}")


def _sortable(text: str) -> str:
    """The text without characters beyond U+FFFE; each is three others that sort as it does.

    Neo4j's indexes compare by code point, as Python and SQLite do, but Cypher's own `<` and ORDER BY by UTF-16. Which
    of them answers is the planner's choice, so texts that are compared must have one order in both.
    """
    if text.isascii() or max(text) < "\uffff":
        return text
    return "".join(
        c if c < "\uffff" else f"\uffff{chr(0xE000 + (ord(c) >> 12))}{chr(0xE000 + (ord(c) & 0xFFF))}" for c in text
    )


def _edge_rows(edges: Mapping[EdgeId, Since]) -> dict[str, list[_Row]]:
    """Rows of `add_edges` by kind: those of one owner from one source are one row."""
    rows: dict[str, dict[tuple[str, str], list[_Row]]] = defaultdict(lambda: defaultdict(list))
    for edge in sorted(edges):
        rows[edge.kind][edge.owner, edge.source].append((edge.target, *edges[edge]))
    return {kind: [(*start, targets) for start, targets in of_kind.items()] for kind, of_kind in rows.items()}


def _claim_row(unit: str, claim: Claim) -> _Row:
    """A row of `add_claims` and `remove_claims`; with the facet's full name only where the index has another."""
    entity, facet, value, first, last = claim
    indexed = _indexed(facet)
    return entity, indexed, last, value, first, unit, None if indexed == facet else facet


def _indexed(facet: str) -> str:
    """A facet's name as the index has it: short, sortable, and another for each name."""
    return _sortable(facet if len(facet) <= _INDEXED_LENGTH else facet[:_INDEXED_LENGTH] + digest(facet))


async def _derive_again(tx: _Transaction, owners: Sequence[str]) -> dict[EdgeId, Since]:
    """All edges of jobs and datasets, from what is left of their rows."""
    reports: dict[str, list[tuple[str, int, int]]] = defaultdict(list)
    for owner, footprint, declared, start in await _rows(tx, "reports_by_footprint", owners=owners):
        reports[owner].append((footprint, declared, start))
    claims: dict[str, list[tuple[str, str, str, int]]] = defaultdict(list)
    for owner, facet, value, unit, first in await _rows(tx, "claims_by_value", owners=owners):
        if makes_edges(Claim(owner, facet, value, first, first)):
            claims[owner].append((facet, value, unit, first))
    footprints = await _footprints(tx, {row[0] for rows in reports.values() for row in rows})
    bodies = await _bodies(tx, {row[1] for rows in claims.values() for row in rows})
    edges: dict[EdgeId, Since] = {}
    for owner in owners:
        edges.update(derive_again(owner, reports[owner], claims[owner], footprints, bodies))
    return edges


async def _contributions(tx: _Transaction, units: Sequence[str]) -> dict[str, Contribution]:
    keys = _list(units)
    attempts, uses = defaultdict(list), defaultdict(list)
    reports, claims = defaultdict(list), defaultdict(list)
    for row in await _collected(tx, "attempts_of_runs", keys=keys):
        attempts[row[0]].append(Attempt(*row))
    for row in await _collected(tx, "uses_of_runs", keys=keys, roles=list(Role)):
        uses[row[0]].append(Use(*row))
    for row in await _collected(tx, "reports_of_units", keys=keys):
        reports[row[-1]].append(Report(*row[:-1]))
    for row in await _collected(tx, "claims_of_units", keys=keys):
        claims[row[-1]].append(Claim(*row[:-1]))
    edges: dict[str, dict[EdgeId, Since]] = defaultdict(dict)
    for edge, since in (await _edges_from(tx, [key for key in keys if key[0] == Kind.RUN], _ALL_EDGES)).items():
        edges[edge.owner][edge] = since
    footprints = await _footprints(tx, {report.footprint for rows in reports.values() for report in rows})
    making = {claim.value for rows in claims.values() for claim in rows if makes_edges(claim)}
    bodies = await _bodies(tx, making)
    return {
        unit: contribution_of(
            unit,
            Rows(*(frozenset(rows[unit]) for rows in (attempts, reports, claims, uses))),  # type: ignore[arg-type]
            edges[unit],
            bodies,
            footprints,
        )
        for unit in attempts.keys() | reports.keys() | claims.keys()
    }


async def _footprints(tx: _Transaction, keys: Iterable[str]) -> dict[str, Footprint]:
    rows = await _collected(tx, "footprints", keys=_list(keys))
    return {key: Footprint.load(document) for key, document in rows}


async def _bodies(tx: _Transaction, values: Collection[str]) -> dict[str, bytes]:
    return dict(await _rows(tx, "facet_bodies", keys=list(values))) if values else {}


def _edges(rows: Iterable[_Row]) -> dict[EdgeId, Since]:
    return {EdgeId(*row[:4]): Since(*row[4:]) for row in rows}


async def _edges_into(tx: _Transaction, targets: Sequence[str], kinds: Collection[EdgeKind]) -> list[EdgeId]:
    types = _types([kind for kind in kinds if kind != EdgeKind.HAS_FIELD])
    rows = await _collected(tx, "edges_into", types, targets=_list(targets)) if types else []
    return [EdgeId(*row) for row in rows]


async def _look_around(tx: _Transaction, targets: Sequence[str], around: Around) -> tuple[list[str], list[EdgeId]]:
    """Targets, hop by hop, and the edges into them."""
    asked = dict.fromkeys(targets)
    found = await _edges_into(tx, targets, around.kinds)
    edges = list(found)
    for _ in range(1, around.hops):
        if not found or len(asked) > LOOK_AHEAD:
            break
        sources = _list(edge.source for edge in found)
        rows = await _collected(tx, "onward", _types(around.kinds), sources=sources, onward=list(around.onward))
        new = [EdgeId(*row) for row in rows if row[3] not in asked]
        asked.update((edge.target, None) for edge in new)
        found = [edge for edge in new if edge.owner]
        edges += found
    return list(asked), edges


async def _edges_from(tx: _Transaction, owners: Sequence[str], kinds: Collection[EdgeKind]) -> dict[EdgeId, Since]:
    found: dict[EdgeId, Since] = {}
    for query, asked in (("edges_from", kinds), ("inner_edges_from", [k for k in kinds if k in _INNER_EDGES])):
        if types := _types(asked):
            found |= _edges(await _collected(tx, query, types, owners=_list(owners)))
    return found


async def _activities(tx: _Transaction, owners: Iterable[str], as_of: int, window: int) -> dict[str, Activity]:
    found: dict[str, Activity] = {}
    for report in map(
        Report._make, await _collected(tx, "activities", owners=_list(owners), as_of=as_of, window=window)
    ):
        activity = found.setdefault(report.owner, Activity([], None))
        if report.declared:
            found[report.owner] = activity._replace(declared=report)
        else:
            activity.observed.append(report)
    return found


async def _said(
    tx: _Transaction, entities: Sequence[str], names: Sequence[str] | None, as_of: int, unit: str | None
) -> list[list[Any]]:
    """What may be the value of the entities' facets: rows of (entity, facet, time, value, unit)."""
    indexed = None if names is None else [_indexed(name) for name in names]
    if unit is not None:
        return await _rows(tx, "facets_of_unit", unit=unit, entities=list(entities), names=indexed, as_of=as_of)
    pairs = await _facets_of(tx, _list(entities)) if indexed is None else _list(product(entities, indexed))
    return await _rows(tx, "facets", pairs=pairs, as_of=as_of)


async def _facets_of(tx: _Transaction, entities: list[str]) -> list[_Row]:
    """Each entity's facets, found by leaps through the index: a job may have a million claims of ten facets."""
    found: list[_Row] = []
    places: list[_Row] = [(entity, "") for entity in entities]
    while places:
        places = list(await _rows(tx, "next_facets", places=places))
        found += places
    return found


def _before(after: Page | None, as_of: int) -> dict[str, Any]:
    """Parameters of a page that begins after the given one's last row."""
    page = after or _NEWEST
    return {**page._asdict(), "until": min(as_of, page.at)}
