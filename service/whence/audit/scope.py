"""The scope of an export: what is asked for, and which runs and log entries that means.

A **run** is in scope if it is named, ran a job that is named, used a dataset that is named, is contained in such a
run, or lies upstream. With a time range, only if one of its events was *received* in it. Then all of its events are in
scope, so that no run is shown in half, and so are all declarations of its job and its datasets. Tombstones of these
entries are in scope, and so are the records by which one key of the log vouches for the next.

Receipt times, not event times: receipt is what this log witnessed itself and committed to in the leaf, while an
event's time is its producer's claim. An event that arrives late, or is dated back, belongs to the range in which it
came; so exports of one quarter after the other leave no gap between them.

What is found lies in a temporary SQLite file that has no name: a set on disk that drops what comes twice and gives it
back in order, so that memory does not grow with the log (but for the events of one page of units).
"""

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from types import TracebackType
from typing import Any, Self

from whence.audit.archive import index_line
from whence.audit.subject import received
from whence.eventlog.leaf import EVENT
from whence.eventlog.port import Entry, EventLog
from whence.graph.facts import EdgeKind, Node, Role
from whence.graph.port import GraphStore, Page
from whence.lineage.answer import MAX_DEPTH, MAX_WINDOW, lineage
from whence.lineage.containers import contained_jobs
from whence.lineage.names import Names
from whence_schemas.errors import GraphUnavailable, InvalidQuestion, NotFound
from whence_schemas.identity import KIND_NAMES, Kind, dataset_key
from whence_schemas.lineage import Direction, Granularity, Question
from whence_schemas.times import EVER, format_time, now

SCOPED_KINDS = (Kind.DATASET, Kind.JOB, Kind.RUN)
"""What a scope can name."""

_PAGE = 1_000
_INDICES = 256
_UNITS = 256
"""Units whose events are in memory at once."""
_PAGE_BYTES = 16 * 2**20
_MAX_NODES = 1_000_000
_SECONDS = 3_600.0


@dataclass(frozen=True, slots=True)
class Scope:
    """What an export is asked to hold; everything, where nothing is named.

    nodes, upstream_of: keys of datasets, jobs and runs. since, until: receipt times in microseconds since the epoch,
    from and before.
    """

    nodes: tuple[str, ...] = ()
    upstream_of: tuple[str, ...] = ()
    since: int | None = None
    until: int | None = None

    def __post_init__(self) -> None:
        """Check it.

        Raises:
            InvalidQuestion: it names what is neither dataset, job nor run, or its time range is empty.
        """
        for key in (*self.nodes, *self.upstream_of):
            if key[:1] not in SCOPED_KINDS:
                raise InvalidQuestion(f"{key[:80]!r} is no id of a dataset, job or run: GraphQL gives it as `id`")
        if self.since is not None and self.until is not None and self.since >= self.until:
            raise InvalidQuestion("the time range is empty: `since` must come before `until`")

    @property
    def names_nodes(self) -> bool:
        """Whether it is limited to what is named or lies upstream."""
        return bool(self.nodes or self.upstream_of)

    @property
    def is_everything(self) -> bool:
        """Whether nothing limits it."""
        return not self.names_nodes and self.since is None and self.until is None

    def holds(self, entry: Entry) -> bool:
        """Whether the entry was received in the time range. Of what was erased that cannot be told: it is not."""
        if self.since is None and self.until is None:
            return True
        at = received(entry) if entry.kind == EVENT else None
        if at is None:
            return False
        return (self.since is None or self.since <= at) and (self.until is None or at < self.until)

    async def describe(self, graph: GraphStore) -> dict[str, Any]:
        """The scope as JSON, with names.

        Raises:
            NotFound: it names what is not in the graph.
        """
        found = await graph.nodes([*self.nodes, *self.upstream_of])
        for key in (*self.nodes, *self.upstream_of):
            if key not in found:
                raise NotFound(f"{key} is not in the graph: find what you mean with search")
        return {
            "everything": self.is_everything,
            "nodes": [_described(found[key]) for key in self.nodes],
            "upstreamOf": [_described(found[key]) for key in self.upstream_of],
            "receivedSince": None if self.since is None else format_time(self.since),
            "receivedBefore": None if self.until is None else format_time(self.until),
        }


def _described(node: Node) -> dict[str, str]:
    return {"kind": KIND_NAMES[node.kind].lower(), "id": node.key, "namespace": node.namespace, "name": node.name}


class Selected:
    """What a scope means: a `Selection`, and the indices of its log entries. A context; it ends with its file."""

    def __init__(self, scope: Scope, size: int) -> None:
        """An empty one, over the log's first `size` entries."""
        self.since = scope.since
        self.until = scope.until
        self.size = size
        self._file = sqlite3.connect("", isolation_level=None, check_same_thread=False)  # on disk, and without a name
        self._file.execute("CREATE TABLE node (selected INTEGER, key TEXT, PRIMARY KEY (selected, key)) WITHOUT ROWID")
        self._file.execute("CREATE TABLE entry (idx INTEGER PRIMARY KEY)")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    @property
    def datasets(self) -> list[str]:
        """Keys of the datasets, sorted."""
        return [key for page in self._keys(Kind.DATASET) for key in page]

    @property
    def jobs(self) -> list[str]:
        """Keys of the jobs, sorted."""
        return [key for page in self._keys(Kind.JOB) for key in page]

    async def runs(self) -> AsyncIterator[list[str]]:
        """Keys of the runs, sorted, in pages."""
        for page in self._keys(Kind.RUN):
            yield page

    @property
    def count(self) -> int:
        """Number of entries."""
        found: int = self._file.execute("SELECT count(*) FROM entry").fetchone()[0]
        return found

    def indices(self) -> Iterator[list[int]]:
        """Indices of the entries, ascending, in pages."""
        query = "SELECT idx FROM entry WHERE idx > ? ORDER BY idx LIMIT ?"
        last = -1
        while page := [index for (index,) in self._file.execute(query, (last, _INDICES))]:
            yield page
            last = page[-1]

    def digest(self) -> str:
        """Hexadecimal SHA-256 over the indices, each in decimal with a newline."""
        digest = sha256()
        for page in self.indices():
            digest.update(b"".join(map(index_line, page)))
        return digest.hexdigest()

    # Filling it

    def propose(self, units: Iterable[str]) -> None:
        """Note units that are in scope if the time range holds one of their events."""
        self._write("INSERT OR IGNORE INTO node VALUES (0, ?)", ((unit,) for unit in units))

    def proposed(self) -> Iterator[list[str]]:
        """The units proposed, in pages."""
        return self._keys("", _UNITS, selected=0)

    def add_nodes(self, keys: Iterable[str]) -> None:
        """Add runs, jobs and datasets, by key."""
        self._write("INSERT OR IGNORE INTO node VALUES (1, ?)", ((key,) for key in keys))

    def add_entries(self, entries: Iterable[Entry]) -> None:
        """Add log entries."""
        self._write("INSERT OR IGNORE INTO entry VALUES (?)", ((entry.index,) for entry in entries))

    def declarations(self) -> Iterator[list[str]]:
        """Units of the declarations of its jobs and datasets, in pages."""
        yield from self._keys(Kind.DATASET, _UNITS)
        yield from self._keys(Kind.JOB, _UNITS)

    def _write(self, statement: str, rows: Iterable[tuple[str | int]]) -> None:
        with self._file:
            self._file.execute("BEGIN")
            self._file.executemany(statement, rows)

    def _keys(self, prefix: str, limit: int = _PAGE, selected: int = 1) -> Iterator[list[str]]:
        """Keys that begin so, sorted, in pages."""
        query = "SELECT key FROM node WHERE selected = ? AND key > ? AND key < ? ORDER BY key LIMIT ?"
        last, end = prefix, prefix + "~"  # which no key holds
        while page := [key for (key,) in self._file.execute(query, (selected, last, end, limit))]:
            yield page
            last = page[-1]


async def select(
    scope: Scope,
    log: EventLog,
    graph: GraphStore,
    never_alias: Sequence[re.Pattern[str]] = (),
    size: int | None = None,
) -> Selected:
    """What the scope means in the log's first `size` entries; by default in those that are in the graph now, as a log
    that grows all the time is always a little longer. The caller closes it, as a context.

    Raises:
        NotFound: it names what is not in the graph.
        InvalidQuestion: what lies upstream is too much for one export.
        GraphUnavailable: the graph is behind `size`, or does not answer.
        LogUnavailable: the log cannot be read now.
    """
    cursor = await graph.cursor()
    if size is None:
        size = min(cursor, await log.size())
    if cursor < size:
        raise GraphUnavailable(f"the graph is {size - cursor} entries behind the log: try again when it has caught up")
    await scope.describe(graph)
    selected = Selected(scope, size)
    try:
        await _Selecting(scope, log, graph, never_alias, selected).run()
    except BaseException:
        selected.__exit__(None, None, None)
        raise
    return selected


class _Selecting:
    """Fills what is selected."""

    def __init__(
        self,
        scope: Scope,
        log: EventLog,
        graph: GraphStore,
        never_alias: Sequence[re.Pattern[str]],
        selected: Selected,
    ) -> None:
        self._scope = scope
        self._log = log
        self._graph = graph
        self._never_alias = never_alias
        self._selected = selected

    async def run(self) -> None:
        """Fill it."""
        if self._scope.names_nodes:
            await self._propose_named()
        else:
            await self._scan()
        await self._admit()
        await self._add_context()
        if not self._scope.is_everything:
            await self._add_declarations()

    async def _add_declarations(self) -> None:
        """Add what declares the jobs and datasets, and by which the log's keys vouch for each other."""
        for units in self._selected.declarations():
            for entries in (await self._log.read_units(units, self._selected.size)).values():
                self._selected.add_entries(entries)
        records = (await self._log.read_units([""], self._selected.size)).get("", [])
        self._selected.add_entries(record for record in records if record.kind == "key")

    async def _propose_named(self) -> None:
        for key in self._scope.nodes:
            match Kind(key[0]):
                case Kind.DATASET:
                    await self._propose_dataset(key)
                case Kind.JOB:
                    for job in await contained_jobs(self._graph, key, self._question(key).as_of, MAX_WINDOW):
                        await self._propose_job(job)
                case _:
                    await self._propose_runs([key])
        for key in self._scope.upstream_of:
            await self._propose_upstream(key)

    async def _propose_dataset(self, dataset: str) -> None:
        names = Names(self._graph, EVER, self._never_alias)
        await names.join([dataset])
        members = names.members(dataset)
        self._selected.add_nodes(members)
        declaring = await self._graph.owners(members, [EdgeKind.READS, EdgeKind.WRITES])
        self._selected.add_nodes(edge.owner for edge in declaring)
        for member in members:
            for role in Role:
                await self._propose_uses(member, role)

    async def _propose_uses(self, dataset: str, role: Role) -> None:
        after: Page | None = None
        while uses := await self._graph.uses_of_dataset(dataset, role, EVER, after, _PAGE):
            await self._propose_runs(list(dict.fromkeys(use.run for use in uses)))
            after = Page(uses[-1].at, uses[-1].run, uses[-1].number)

    async def _propose_job(self, job: str) -> None:
        self._selected.add_nodes([job])
        after: Page | None = None
        while attempts := await self._graph.runs_of_job(job, EVER, after, _PAGE):
            await self._propose_runs(list(dict.fromkeys(attempt.run for attempt in attempts)))
            after = Page(attempts[-1].start, attempts[-1].run, attempts[-1].number)

    async def _propose_runs(self, runs: list[str]) -> None:
        """Propose runs and what they contain, to any depth."""
        known: set[str] = set()
        while runs:
            self._selected.propose(runs)
            known.update(runs)
            contained = await self._graph.owners(runs, [EdgeKind.CHILD_OF])
            runs = list(dict.fromkeys(edge.owner for edge in contained if edge.owner not in known))

    async def _propose_upstream(self, start: str) -> None:
        """Of a run, the very runs that led to it. Of a dataset or job, every run of the jobs that lie upstream."""
        graph = await lineage(self._graph, self._question(start), self._never_alias)
        if graph.truncated:
            raise InvalidQuestion(f"more than {_MAX_NODES:,} nodes lie upstream, which is too much for one export")
        for node in graph.nodes.values():
            if node.key[0] == Kind.DATASET:
                self._selected.add_nodes([node.key, *(dataset_key(*name) for name in node.names)])
            elif node.key[0] == Kind.JOB:
                await self._propose_job(node.key)
            elif node.key[0] == Kind.RUN:
                self._selected.propose([node.key])
        if start[0] == Kind.DATASET:
            await self._propose_uses(start, Role.PRODUCED)

    def _question(self, start: str) -> Question:
        granularity = Granularity.RUN if start[0] == Kind.RUN else Granularity.DATASET
        limits = {"depth": MAX_DEPTH, "window": MAX_WINDOW, "max_nodes": _MAX_NODES, "seconds": _SECONDS}
        return Question(start, max(now(), self._scope.until or 0), Direction.UPSTREAM, granularity, **limits)  # type: ignore[arg-type]

    async def _scan(self) -> None:
        """Propose every unit with an event in the time range; of everything, take the entries at once."""
        at = 0
        while at < self._selected.size:
            entries = await self._log.read(at, min(_PAGE, self._selected.size - at), _PAGE_BYTES)
            at = entries[-1].index + 1
            if self._scope.is_everything:
                self._selected.add_entries(entries)
                self._selected.add_nodes(entry.unit for entry in entries if entry.unit)
            else:
                found = await asyncio.to_thread(lambda page: [e.unit for e in page if self._scope.holds(e)], entries)
                self._selected.propose(filter(None, found))

    async def _admit(self) -> None:
        """Take those of the units proposed that have an event in the time range, whole."""
        for units in self._selected.proposed():
            for unit, entries in (await self._log.read_units(units, self._selected.size)).items():
                if any(map(self._scope.holds, entries)):
                    self._selected.add_nodes([unit])
                    self._selected.add_entries(entries)

    async def _add_context(self) -> None:
        """Add the runs' jobs and datasets."""
        async for runs in self._selected.runs():
            self._selected.add_nodes(use.dataset for use in await self._graph.uses_of_runs(runs))
            attempts = await self._graph.attempts(runs)
            self._selected.add_nodes({attempt.job for found in attempts.values() for attempt in found})
