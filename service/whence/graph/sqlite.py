"""The graph store on SQLite: embedded, in a file of its own.

One writer thread, a few reader threads; WAL, so that readers see the last commit and never wait.
``synchronous=NORMAL``: a crash of the machine may lose the last batches, which the cursor then says, and the log brings
them back.
"""

import asyncio
import sqlite3
import threading
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

import orjson

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
from whence_schemas.identity import Kind

_MIGRATIONS = ("schema", "format_2")
SCHEMA_VERSION = len(_MIGRATIONS)
_LABELS = {EdgeKind.OWNED_BY, EdgeKind.TAGGED}
_READERS = 2
_SQL = load_queries("sqlite.sql")
_MAX = 2**63 - 1
_NEWEST = Page(_MAX, "\U0010ffff", _MAX)
_T = TypeVar("_T")


class SQLiteGraphStore:
    """A graph in one SQLite file, or in memory (for tests and for a look at a few events)."""

    def __init__(self, path: Path | None, *, read_only: bool = False) -> None:
        """Open the store, and create it where it is not there.

        Raises:
            ConfigurationError: the file is no graph store, or one of a newer Whence.
        """
        self._path = path
        self._read_only = read_only
        self._writer = ThreadPoolExecutor(1, "whence-graph-write")
        self._readers = ThreadPoolExecutor(_READERS, "whence-graph-read") if path else self._writer
        self._connections = threading.local()
        self._open: list[sqlite3.Connection] = []
        self._writer.submit(self._migrate).result()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._uri(),
            uri=True,
            isolation_level=None,
            check_same_thread=False,  # closed from another thread
            cached_statements=256,
            timeout=30,
        )
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA cache_size = -8192")
        # Many of the pages that a batch dirties are those of the one before: copy them back once for some.
        connection.execute("PRAGMA wal_autocheckpoint = 8000")
        connection.execute("PRAGMA temp_store = MEMORY")
        self._open.append(connection)
        return connection

    def _uri(self) -> str:
        if self._path is None:
            return "file::memory:"  # private to the one connection, which the one thread uses
        if self._read_only:
            return f"{self._path.absolute().as_uri()}?mode=ro"
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return f"{self._path.absolute().as_uri()}?mode=rwc"

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._connections, "connection", None)
        if connection is None:
            connection = self._connections.connection = self._connect()
        return connection

    def _migrate(self) -> None:
        try:
            connection = self._connection()
            connection.execute("PRAGMA cache_size = -24576")  # the writer's: a batch dirties thousands of pages
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            steps = "".join(_SQL[step] for step in _MIGRATIONS[version:])
            if steps and not self._read_only:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.executescript(f"BEGIN; {steps} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT")
            elif steps and version:
                with closing(sqlite3.connect(f"{self._path}", isolation_level=None, timeout=30)) as writing:
                    writing.executescript(f"BEGIN IMMEDIATE; {steps} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT")
        except sqlite3.DatabaseError as error:
            raise ConfigurationError(
                f"{self._path} cannot be opened as a graph store: {error}. Set WHENCE_GRAPH to another file, or move "
                "this one away: the graph is then built again from the log"
            ) from error
        if version > SCHEMA_VERSION:
            raise ConfigurationError(
                f"{self._path} was written by a newer Whence (format {version}, this one knows {SCHEMA_VERSION}): "
                "upgrade Whence, or move the file away and run `whence rebuild`"
            )

    async def _read(self, work: Callable[[sqlite3.Connection], _T]) -> _T:
        return await self._run(self._readers, work)

    async def _run(self, pool: ThreadPoolExecutor, work: Callable[[sqlite3.Connection], _T]) -> _T:
        def call() -> _T:
            try:
                return work(self._connection())
            except sqlite3.OperationalError as error:
                raise GraphUnavailable(f"the graph store {self._path} does not answer: {error}") from error

        return await asyncio.get_running_loop().run_in_executor(pool, call)

    async def _fetch(self, query: str, parameters: Any) -> list[Any]:
        return await self._read(lambda c: c.execute(_SQL[query], parameters).fetchall())

    async def cursor(self) -> int:
        """How many log entries are folded in."""
        return int((await self._fetch("cursor", ()))[0][0])

    async def apply(self, batch: Batch) -> None:
        """Apply a batch, all of it or nothing."""
        await self._run(self._writer, lambda connection: _in_transaction(connection, _apply, batch))

    async def failures(self, limit: int) -> list[Failure]:
        """Events that could not be folded, by index."""
        return [Failure(*row) for row in await self._fetch("failures", (limit,))]

    async def clear(self) -> None:
        """Forget everything; the cursor is 0."""
        await self._run(self._writer, lambda c: c.executescript(f"BEGIN; {_SQL['clear']} COMMIT"))

    async def scrub(self) -> None:
        """Remove from the store's files what was erased."""
        await self._run(self._writer, _scrub)

    async def contributions(self, units: Sequence[str]) -> dict[str, Contribution]:
        """What these units' contributions were; units that have none are left out."""
        return await self._read(lambda connection: _contributions(connection, units))

    async def nodes(self, keys: Sequence[str]) -> dict[str, Node]:
        """Nodes by key."""
        return {row[0]: Node(*row) for row in await self._fetch("nodes", (_list(keys),))}

    async def counts(self) -> dict[str, int]:
        """Number of nodes of each kind."""
        return dict(await self._fetch("counts", ()))

    async def search(
        self, text: str, kinds: Sequence[str], after: Place | None, limit: int, namespace: str | None = None
    ) -> list[tuple[Place, Node]]:
        """Nodes whose name or namespace contains the text, by folded name."""

        def work(connection: sqlite3.Connection) -> list[tuple[Place, Node]]:
            place = after or Place("", "", "")
            query = _SQL["search" if namespace is None else "search_in"]
            found = []
            for kind in kinds:
                values = {"kind": kind, "text": fold_text(text), "limit": limit, **place._asdict()}
                rows = connection.execute(query, values if namespace is None else {**values, "in": namespace})
                found += [(Place(*row[:3]), Node(*row[2:])) for row in rows]
            return sorted(found)[:limit]

        return await self._read(work)

    async def named(self, name: str, kinds: Sequence[str], limit: int) -> list[Node]:
        """Nodes with exactly this name, case folded."""
        values = {"name": fold_text(name), "kinds": _list(kinds), "limit": limit}
        return [Node(*row) for row in await self._fetch("named", values)]

    async def owners(self, targets: Sequence[str], kinds: Sequence[EdgeKind]) -> list[EdgeId]:
        """Edges of these kinds into the targets."""
        return await self._read(lambda connection: _edges_into(connection, targets, kinds))

    async def edges_from(self, sources: Sequence[str], kinds: Sequence[EdgeKind]) -> dict[EdgeId, Since]:
        """Edges of these kinds that the sources own."""
        query = "labels_from" if _LABELS.issuperset(kinds) else "edges_from"
        return _edges(await self._fetch(query, {"owners": _list(sources), "kinds": _list(kinds)}))

    async def since(self, edges: Sequence[EdgeId]) -> dict[EdgeId, Since]:
        """When these edges were first seen."""
        return _edges(await self._fetch("since", (_list(tuple(edge) for edge in edges),)))

    async def activities(self, owners: Sequence[str], as_of: int, window: int) -> dict[str, Activity]:
        """The owners' last reports."""
        return await self._read(lambda connection: _activities(connection, owners, as_of, window))

    async def stretches(self, spans: Sequence[Span], declared: bool, until: int) -> dict[Span, list[Stretch]]:
        """How owners' footprints followed each other."""
        values = {"spans": _list(tuple(span) for span in spans), "declared": int(declared), "until": until}
        rows = await self._fetch("stretches", values)
        return stretches_of((Span(*row[:2]), row[2], Report(*row[3:])) for row in rows)

    async def neighbours(self, targets: Sequence[str], around: Around, as_of: int, window: int) -> Neighbours:
        """What is around targets, in one call."""

        return await self._read(lambda connection: _look_around(connection, targets, around, as_of, window))

    async def aliases(self, keys: Sequence[str]) -> dict[EdgeId, Since]:
        """Alias edges at either end of which one of the keys is."""
        return _edges(await self._fetch("aliases", {"keys": _list(keys)}))

    async def footprints(self, keys: Sequence[str]) -> dict[str, Footprint]:
        """Footprints by key."""
        return {key: Footprint.load(text) for key, text in await self._fetch("footprints", (_list(keys),))}

    async def facets(
        self, entities: Sequence[str], names: Sequence[str] | None, as_of: int, unit: str | None = None
    ) -> list[CurrentFacet]:
        """For each entity and facet the value last said."""

        def work(connection: sqlite3.Connection) -> list[CurrentFacet]:
            wanted = names
            if wanted is None:
                wanted = [row[1] for row in connection.execute(_SQL["facet_names"], (_list(entities),))]
            values = {"entities": _list(entities), "as_of": as_of, "unit": unit}
            rows: list[Any] = []
            for facet in dict.fromkeys(wanted):  # by one parameter each: in JSON, SQLite ends a name at a NUL
                rows += connection.execute(_SQL["facets"], {**values, "facet": facet})
            latest: dict[tuple[str, str], tuple[int, str, str]] = {}
            for entity, facet, *said in sorted(rows):
                latest[entity, facet] = (said[0], said[1], said[2])
            bodies = _bodies(connection, {value for _, value, _ in latest.values() if value})
            return [
                CurrentFacet(*key, value, bodies[value], at, by) for key, (at, value, by) in latest.items() if value
            ]

        return await self._read(work)

    async def first_said(self, values: Sequence[Value], after: int, until: int) -> dict[Value, SaidBy]:
        """Who said each of these values first in that time."""

        def work(connection: sqlite3.Connection) -> dict[Value, SaidBy]:
            found: dict[Value, SaidBy] = {}
            for value in dict.fromkeys(values):
                wanted = {**value._asdict(), "after": after, "until": until}
                for row in connection.execute(_SQL["first_said"], wanted):
                    found[value] = SaidBy(*row)
            return found

        return await self._read(work)

    async def said_by(self, units: Sequence[str], names: Sequence[str]) -> list[Said]:
        """All that these units ever said of these facets."""

        def work(connection: sqlite3.Connection) -> list[Said]:
            rows = sorted(connection.execute(_SQL["said_by"], {"units": _list(units), "names": _list(names)}))
            bodies = _bodies(connection, {row[-1] for row in rows})
            return [Said._make([*said, bodies[value]]) for *said, value in rows]

        return await self._read(work)

    async def attempts(self, runs: Sequence[str]) -> dict[str, list[Attempt]]:
        """Attempts of runs, by number."""
        found: dict[str, list[Attempt]] = {}
        for row in sorted(await self._fetch("attempts_of_units", (_list(runs),))):
            found.setdefault(row[0], []).append(Attempt(*row))
        return found

    async def runs_of_job(self, job: str, as_of: int, after: Page | None, limit: int) -> list[Attempt]:
        """Attempts of a job, newest first."""
        page = after or _NEWEST
        values = {"job": job, "as_of": as_of, "limit": limit, **page._asdict()}
        return [Attempt(*row) for row in await self._fetch("runs_of_job", values)]

    async def runs_of_jobs(self, jobs: Sequence[str], since: int, until: int, limit: int) -> dict[str, list[Attempt]]:
        """Of each job the last attempts within a time."""
        values = {"jobs": _list(jobs), "since": since, "until": until, "limit": limit}
        return group_attempts(await self._fetch("runs_of_jobs", values))

    async def uses_of_runs(self, runs: Sequence[str], roles: Collection[Role] = tuple(Role)) -> list[Use]:
        """What runs consumed and produced, or only one of these."""
        values = {"runs": _list(runs), "roles": _list(roles)}
        return [Use(*row) for row in sorted(await self._fetch("uses_of_runs", values))]

    async def uses_of_dataset(self, dataset: str, role: Role, as_of: int, after: Page | None, limit: int) -> list[Use]:
        """Uses of a dataset in a role, newest first."""
        page = after or _NEWEST
        values = {"dataset": dataset, "role": role, "as_of": as_of, "limit": limit, **page._asdict()}
        return [Use(*row) for row in await self._fetch("uses_of_dataset", values)]

    async def last_productions(
        self, datasets: Sequence[str], complete: int, as_of: int, limit: int
    ) -> dict[str, list[Use]]:
        """The last productions of each dataset that are complete to just this degree."""

        def work(connection: sqlite3.Connection) -> dict[str, list[Use]]:
            found: dict[str, list[Use]] = {}
            for dataset in datasets:
                values = {"dataset": dataset, "complete": complete, "as_of": as_of, "limit": limit}
                uses = [Use(*row) for row in connection.execute(_SQL["last_productions"], values)]
                if uses:
                    found[dataset] = uses
            return found

        return await self._read(work)

    async def uses_between(
        self, datasets: Sequence[str], role: Role, since: int, until: int, limit: int
    ) -> dict[str, list[Use]]:
        """For each dataset its last uses in a role within a time."""
        values = {"datasets": _list(datasets), "role": role, "since": since, "until": until, "limit": limit}
        return group_uses(await self._fetch("uses_between", values))

    async def uses_of_versions(self, versions: Sequence[str], roles: Collection[Role] = tuple(Role)) -> list[Use]:
        """Uses that name one of these versions, in these roles."""
        values = {"versions": _list(versions), "roles": _list(roles)}
        return [Use(*row) for row in sorted(await self._fetch("uses_of_versions", values))]

    async def last_produced(self, readings: Sequence[Use]) -> dict[Use, Use]:
        """For each reading the use by which its dataset was produced last."""
        wanted = [(use.dataset, use.at, use.run, use.number, parts_of(use.partitions)) for use in readings]
        rows = await self._fetch("last_produced", (orjson.dumps(wanted).decode(),))
        return {readings[row[0]]: Use(*row[1:]) for row in rows}

    async def read_since(self, productions: Sequence[Use], as_of: int) -> list[Use]:
        """Uses that may have consumed what was produced, without naming a version."""
        wanted = _list((use.dataset, use.at, parts_of(use.partitions)) for use in productions)
        return [Use(*row) for row in sorted(await self._fetch("read_since", {"made": wanted, "as_of": as_of}))]

    async def dump(self) -> AsyncIterator[Iterable[str | int | None]]:
        """Every fact as a row, in one order on every store."""
        for table, columns in DUMPED.items():
            listed = ", ".join(f'"{column}"' for column in columns)
            rows = await self._read(
                lambda c, table=table, listed=listed: c.execute(f"SELECT {listed} FROM {table}").fetchall()  # type: ignore[misc] # noqa: S608
            )
            for row in sorted((table, *row) for row in rows):
                yield row

    async def close(self) -> None:
        """Let the store go."""
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._writer.shutdown()
        self._readers.shutdown()
        for connection in self._open:
            connection.close()


def _in_transaction(
    connection: sqlite3.Connection, work: Callable[[sqlite3.Connection, Batch], None], batch: Batch
) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        work(connection, batch)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _apply(connection: sqlite3.Connection, batch: Batch) -> None:
    def many(query: str, rows: Iterable[Sequence[Any]]) -> None:
        connection.executemany(_SQL[query], rows)

    if not batch.follows(connection.execute(_SQL["cursor"]).fetchone()[0]):
        return
    removed, added = batch.removed.items(), batch.added.items()
    many("remove_attempt", (row[:2] for _, rows in removed for row in rows.attempts))
    many("remove_report", (row[:6] for _, rows in removed for row in rows.reports))
    many("remove_claim", ((*row, unit) for unit, rows in removed for row in rows.claims))
    many("remove_use", (row[:4] for _, rows in removed for row in rows.uses))
    many("add_attempt", (row for _, rows in added for row in rows.attempts))
    many("add_report", ((*row, unit) for unit, rows in added for row in rows.reports))
    many("add_claim", ((*row, unit) for unit, rows in added for row in rows.claims))
    many("add_use", (row for _, rows in added for row in rows.uses))
    many("add_facet", batch.facets.items())
    many("add_footprint", ((key, footprint.document) for key, footprint in batch.footprints.items()))
    edges = dict(batch.edges)
    for owner in sorted(batch.replaced):
        connection.execute(_SQL["remove_edges"], (owner,))
        if owner[0] != Kind.RUN:
            edges.update(_derive_again(connection, owner))
    many("add_edge", ((*edge, *since) for edge, since in edges.items()))
    many("add_node", (_node_row(node) for node in batch.nodes.values()))
    many("release_facet", ((value,) for value in batch.released_facets))
    many("release_footprint", ((key,) for key in batch.released_footprints))
    for key in sorted(batch.released_nodes, reverse=True):
        connection.execute(_SQL["release_node"], (key,))
    many("add_failure", batch.failures)
    many("release_failure", ((entry,) for entry in batch.released_failures))
    if batch.erases:
        connection.execute(_SQL["set_remains"])
    connection.execute(_SQL["set_cursor"], (batch.cursor,))


def _scrub(connection: sqlite3.Connection) -> None:
    """Write the file anew and cut off its WAL: only then it holds no copy of a deleted row for certain."""
    if not connection.execute(_SQL["remains"]).fetchall():
        return
    connection.execute("PRAGMA temp_store = FILE")  # the file is written there first
    try:
        connection.execute("VACUUM")
    finally:
        connection.execute("PRAGMA temp_store = MEMORY")
    if connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
        raise sqlite3.OperationalError("another program is reading the graph, so that erased bytes stay in its files")
    connection.execute(_SQL["clear_remains"])


def _node_row(node: Node) -> tuple[str, ...]:
    return (*node, fold_text(node.name), fold_text(node.namespace))


def _derive_again(connection: sqlite3.Connection, owner: str) -> dict[EdgeId, Since]:
    reports = connection.execute(_SQL["reports_by_footprint"], (owner,)).fetchall()
    claims = connection.execute(_SQL["claims_by_value"], (owner,)).fetchall()
    footprints = _footprints(connection, {row[0] for row in reports})
    bodies = _bodies(connection, {row[1] for row in claims})
    return derive_again(owner, reports, claims, footprints, bodies)


def _contributions(connection: sqlite3.Connection, units: Sequence[str]) -> dict[str, Contribution]:
    wanted = (_list(units),)
    attempts, uses, reports, claims = (defaultdict[str, list[Any]](list) for _ in range(4))
    for row in connection.execute(_SQL["attempts_of_units"], wanted):
        attempts[row[0]].append(Attempt(*row))
    for row in connection.execute(_SQL["uses_of_runs"], {"runs": _list(units), "roles": _list(Role)}):
        uses[row[0]].append(Use(*row))
    for row in connection.execute(_SQL["reports_of_units"], wanted):
        reports[row[-1]].append(Report(*row[:-1]))
    for row in connection.execute(_SQL["claims_of_units"], wanted):
        claims[row[-1]].append(Claim(*row[:-1]))
    edges: dict[str, dict[EdgeId, Since]] = defaultdict(dict)
    runs = (_list(unit for unit in units if unit[0] == Kind.RUN),)
    for edge, since in _edges(connection.execute(_SQL["edges_of_owners"], runs)).items():
        edges[edge.owner][edge] = since
    footprints = _footprints(connection, {report.footprint for rows in reports.values() for report in rows})
    bodies = _bodies(connection, {claim.value for rows in claims.values() for claim in rows if makes_edges(claim)})
    return {
        unit: contribution_of(
            unit,
            Rows(*(frozenset(rows[unit]) for rows in (attempts, reports, claims, uses))),
            edges[unit],
            bodies,
            footprints,
        )
        for unit in attempts.keys() | reports.keys() | claims.keys()
    }


def _list(values: Iterable[Any]) -> str:
    """The distinct values as the parameter of a query."""
    return orjson.dumps(list(dict.fromkeys(values))).decode()


def _edges_into(connection: sqlite3.Connection, targets: Sequence[str], kinds: Sequence[EdgeKind]) -> list[EdgeId]:
    values = {"targets": _list(targets), "kinds": _list(kinds)}
    return [EdgeId(*row) for row in connection.execute(_SQL["edges_into"], values)]


def _look_around(
    connection: sqlite3.Connection, targets: Sequence[str], around: Around, as_of: int, window: int
) -> Neighbours:
    """What is around targets, hop by hop: what is live of the owners found says where they lead."""
    asked = dict.fromkeys(targets)
    seen = Neighbours([], [], {}, {}, {})
    new = list(asked)
    for hop in range(1, around.hops + 1):
        found = _edges_into(connection, new, around.kinds)
        seen.edges.extend(found)
        owners = {edge.owner for edge in found}.union(new if around.themselves else ()) - seen.activities.keys()
        live = _activities(connection, sorted(owners), as_of, window)
        seen.activities.update(live)
        footprints = _footprints(connection, footprints_of(live.values()) - seen.footprints.keys())
        seen.footprints.update(footprints)
        if hop == around.hops or not found or len(asked) > LOOK_AHEAD:
            break
        new = [key for key in _onward(footprints.values(), around.onward) if key not in asked]
        asked.update(dict.fromkeys(new))
    aliases = _aliases(connection, datasets_of(seen.footprints.values()))
    return seen._replace(targets=list(asked), aliases=aliases)


def _onward(footprints: Iterable[Footprint], kinds: Sequence[EdgeKind]) -> Iterable[str]:
    """What is read or written, each once."""
    reads = chain.from_iterable(footprint.reads for footprint in footprints if EdgeKind.READS in kinds)
    writes = chain.from_iterable(footprint.writes for footprint in footprints if EdgeKind.WRITES in kinds)
    return dict.fromkeys(chain(reads, writes))


def _aliases(connection: sqlite3.Connection, keys: Sequence[str]) -> dict[EdgeId, Since]:
    return _edges(connection.execute(_SQL["aliases"], {"keys": _list(keys)}))


def _activities(connection: sqlite3.Connection, owners: Sequence[str], as_of: int, window: int) -> dict[str, Activity]:
    found: dict[str, Activity] = {}
    values = {"owners": _list(owners), "as_of": as_of, "window": window}
    for row in map(Report._make, connection.execute(_SQL["activities"], values)):
        activity = found.setdefault(row.owner, Activity([], None))
        if row.declared:
            found[row.owner] = activity._replace(declared=row)
        else:
            activity.observed.append(row)
    return found


def _footprints(connection: sqlite3.Connection, keys: set[str]) -> dict[str, Footprint]:
    rows = connection.execute(_SQL["footprints"], (_list(sorted(keys)),))
    return {key: Footprint.load(document) for key, document in rows}


def _bodies(connection: sqlite3.Connection, values: set[str]) -> dict[str, bytes]:
    return dict(connection.execute(_SQL["facet_bodies"], (_list(sorted(values)),)))


def _edges(rows: Iterable[Sequence[Any]]) -> dict[EdgeId, Since]:
    return {EdgeId(*row[:4]): Since(*row[4:]) for row in rows}


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
