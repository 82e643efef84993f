"""Breadth-first traversal over runs and the dataset versions that they consumed and produced."""

from whence.graph.facts import Attempt, EdgeKind, Role, State, Use
from whence.graph.port import GraphStore
from whence.lineage.containers import contained_jobs
from whence.lineage.names import Names
from whence.lineage.traversal import UNSEEN, Budget, add_edge, both_ways
from whence.lineage.versions import consumers_of, newest_first, producer_of
from whence_schemas.identity import KIND_NAMES, Kind
from whence_schemas.lineage import LineageEdge, LineageGraph, LineageNode, Question, Seen


class RunTraversal:
    """Lineage of a run; of a job its latest run, of a dataset the run that produced its current version."""

    def __init__(self, store: GraphStore, names: Names, question: Question) -> None:
        self._store = store
        self._names = names
        self._question = question
        self._budget = Budget(question.max_nodes, question.seconds)
        self._graph = LineageGraph()
        self._attempts: dict[str, list[Attempt]] = {}

    async def run(self) -> LineageGraph:
        """Answer the question."""
        starts = await self._starts(self._question.start)
        for upstream in both_ways(self._question.direction):
            await self._walk(starts, upstream=upstream)
        self._graph.truncated = self._budget.reached
        self._graph.notes += self._names.notes
        return self._graph

    async def _starts(self, start: str) -> list[str]:
        if start[0] == Kind.RUN:
            return await self._contained([start])
        if start[0] == Kind.JOB:
            own = await self._store.runs_of_job(start, self._question.as_of, None, 1)
            if own:
                return await self._contained([own[0].run])
            # A container may only be known from what it contains.
            jobs = await contained_jobs(self._store, start, self._question.as_of, self._question.window)
            latest = [await self._store.runs_of_job(job, self._question.as_of, None, 1) for job in jobs]
            return [attempts[0].run for attempts in latest if attempts]
        await self._names.join([start])
        names = self._names.members(start)
        async for use in newest_first(self._store, names, Role.PRODUCED, self._question.as_of):
            if use.complete:
                return [use.run] if use.complete > 0 else []
        return []

    async def _contained(self, runs: list[str]) -> list[str]:
        """Runs with all runs that they contain, to any depth."""
        found = dict.fromkeys(runs)
        frontier = runs
        while frontier and not self._budget.exceeded(len(found)):
            inner = await self._store.since(await self._store.owners(frontier, [EdgeKind.CHILD_OF]))
            started = sorted(edge.owner for edge, since in inner.items() if since.by(self._question.as_of))
            frontier = [run for run in dict.fromkeys(started) if run not in found]
            found.update(dict.fromkeys(frontier))
        return list(found)

    async def _walk(self, starts: list[str], *, upstream: bool) -> None:
        frontier = starts
        visited = set(starts)
        distance = 0
        while frontier and not self._budget.exceeded(len(self._graph.nodes)):
            await self._note_runs(frontier, distance)
            if distance == self._question.depth:
                return
            distance += 1
            reached: dict[str, None] = {}
            for use in await self._store.uses_of_runs(frontier):
                if (use.role == Role.CONSUMED) == upstream and not self._budget.exceeded(len(self._graph.nodes)):
                    found = await (self._consumed(use, distance) if upstream else self._produced(use, distance))
                    reached.update(dict.fromkeys(found))
            frontier = [run for run in reached if run not in visited]
            visited.update(frontier)

    async def _consumed(self, use: Use, distance: int) -> list[str]:
        await self._names.join([use.dataset])
        produced = await producer_of(self._store, self._names.members(use.dataset), use)
        if produced is None:
            await self._note_use(use, use.version or use.dataset, distance)
            return []
        await self._note_runs([produced.run], distance)
        await self._note_use(produced, produced.version, distance)
        await self._note_use(use, produced.version, distance)
        return [produced.run]

    async def _produced(self, use: Use, distance: int) -> list[str]:
        await self._names.join([use.dataset])
        await self._note_use(use, use.version, distance)
        consumers = await consumers_of(self._store, self._names.members(use.dataset), use, self._question.as_of)
        await self._note_runs([consumer.run for consumer in consumers], distance)
        for consumer in consumers:
            await self._note_use(consumer, use.version, distance)
        return [consumer.run for consumer in consumers]

    async def _note_runs(self, runs: list[str], distance: int) -> None:
        new = [run for run in dict.fromkeys(runs) if run not in self._graph.nodes]
        attempts = await self._store.attempts(new)
        nodes = await self._store.nodes([*new, *(a.job for found in attempts.values() for a in found)])
        for run in new:
            self._attempts[run] = attempts.get(run, [])
            last = self._attempts[run][-1] if self._attempts[run] else None
            job = nodes.get(last.job) if last else None
            place = (job.namespace, job.name) if job else ("", "")
            state = last.state if last else ""
            name = nodes[run].name if run in nodes else ""
            self._graph.nodes[run] = LineageNode(run, Kind.RUN.name, *place, name, distance, state=state)

    async def _note_use(self, use: Use, version: str, distance: int) -> None:
        """Note a version (or a dataset of which no version is known) and the edge of a use to it."""
        if version not in self._graph.nodes:
            key = self._names.representative(use.dataset)
            node = (await self._store.nodes([key])).get(key)
            if node is None:
                return
            kind = KIND_NAMES[version[0]]
            field = use.label if version[0] == Kind.DATASET_VERSION else ""
            self._graph.nodes[version] = LineageNode(version, kind, node.namespace, node.name, field, distance)
        basis = ""
        if use.role == Role.CONSUMED:
            basis = "NAMED" if use.version else "INFERRED" if version[0] == Kind.DATASET_VERSION else ""
        add_edge(self._graph, LineageEdge(use.run, version, use.role, self._seen(use), use.run, basis=basis))

    def _seen(self, use: Use) -> Seen:
        attempts = self._attempts.get(use.run, [])
        if use.number >= len(attempts):
            return UNSEEN
        attempt = attempts[use.number]
        return Seen(
            1, len(attempts), int(attempt.state in (State.FAIL, State.ABORT)), False, attempt.start, attempt.last
        )
