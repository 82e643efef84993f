"""Which runs and log entries a scope means. In memory is one page of them at a time."""

import asyncio
import re
from collections.abc import Sequence

from whence.audit.scope import Scope
from whence.audit.selected import Selected
from whence.eventlog.port import EventLog
from whence.graph.facts import EdgeKind, Role
from whence.graph.port import GraphStore, Page
from whence.lineage.answer import MAX_DEPTH, MAX_WINDOW, lineage
from whence.lineage.containers import contained_jobs
from whence.lineage.names import Names
from whence_schemas.errors import GraphUnavailable, InvalidQuestion
from whence_schemas.identity import Kind, dataset_key
from whence_schemas.lineage import Direction, Granularity, Question
from whence_schemas.times import EVER, now

_PAGE = 1_000
_PAGE_BYTES = 16 * 2**20
_MAX_NODES = 1_000_000
_SECONDS = 3_600.0


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
