"""Breadth-first traversal over runs and the dataset versions that they consumed and produced."""

from typing import NamedTuple

from whence.graph.facts import Attempt, Node, Role, State
from whence.graph.port import GraphStore
from whence.lineage.containers import contained_jobs, contained_runs
from whence.lineage.names import Names
from whence.lineage.traversal import UNSEEN, Budget, add_edge, both_ways
from whence.lineage.versions import newest_first, productions_read, readers_of
from whence_schemas.identity import KIND_NAMES, Kind
from whence_schemas.lineage import LineageEdge, LineageGraph, LineageNode, Question, Seen
from whence_schemas.read import Use


class _Passage(NamedTuple):
    """What was passed from the run that produced it, where that is known, to those that read it. runs: those on the
    other side."""

    readings: list[Use]
    produced: Use | None
    runs: list[str]

    def uses(self) -> list[Use]:
        """All of them, the production first."""
        return [self.produced, *self.readings] if self.produced else self.readings


class RunTraversal:
    """Lineage of a run; of a job its latest run, of a dataset the run that produced its current version."""

    def __init__(self, store: GraphStore, names: Names, question: Question) -> None:
        self._store = store
        self._names = names
        self._question = question
        self._budget = Budget(question.max_nodes, question.seconds)
        self._graph = LineageGraph()
        self._attempts: dict[str, list[Attempt]] = {}
        self._nodes: dict[str, Node] = {}

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
            return await contained_runs(self._store, [start], self._question.as_of)
        if start[0] == Kind.JOB:
            own = await self._store.runs_of_job(start, self._question.as_of, None, 1)
            if own:
                return await contained_runs(self._store, [own[0].run], self._question.as_of)
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

    async def _walk(self, starts: list[str], *, upstream: bool) -> None:
        frontier = starts
        visited = set(starts)
        distance = 0
        await self._load_runs(starts)
        self._note_runs(starts, distance)
        while frontier and not self._budget.exceeded(len(self._graph.nodes)):
            if distance == self._question.depth:
                return
            distance += 1
            found = await (self._consumed(frontier) if upstream else self._produced(frontier))
            reached = await self._note(found, distance)
            frontier = [run for run in reached if run not in visited]
            visited.update(frontier)

    async def _consumed(self, runs: list[str]) -> list[_Passage]:
        """What runs consumed, each with the run that produced it."""
        uses = await self._uses(runs, Role.CONSUMED)
        made = await productions_read(self._store, self._names, uses)
        return [_Passage([use], made.get(use), [made[use].run] if use in made else []) for use in uses]

    async def _produced(self, runs: list[str]) -> list[_Passage]:
        """What runs produced, with the runs that consumed it."""
        uses = await self._uses(runs, Role.PRODUCED)
        readers = await readers_of(self._store, self._names, uses, self._question.as_of)
        return [_Passage(readers[use], use, [reader.run for reader in readers[use]]) for use in uses]

    async def _uses(self, runs: list[str], role: Role) -> list[Use]:
        uses = await self._store.uses_of_runs(runs, [role])
        await self._names.join(use.dataset for use in uses)
        return uses

    async def _note(self, passages: list[_Passage], distance: int) -> list[str]:
        """Note what was passed from run to run, as far as the budget goes; returns the runs on the other side."""
        await self._load_runs([run for passage in passages for run in passage.runs])
        datasets = {self._names.representative(use.dataset) for passage in passages for use in passage.uses()}
        nodes = await self._store.nodes(sorted(datasets))
        reached: dict[str, None] = {}
        for passage in passages:
            if self._budget.exceeded(len(self._graph.nodes)):
                break
            self._note_runs(passage.runs, distance)
            for use in passage.uses():
                version = passage.produced.version if passage.produced else use.version or use.dataset
                self._note_use(use, version, nodes.get(self._names.representative(use.dataset)), distance)
            reached.update(dict.fromkeys(passage.runs))
        return list(reached)

    async def _load_runs(self, runs: list[str]) -> None:
        """Read what runs are called."""
        new = [run for run in dict.fromkeys(runs) if run not in self._attempts]
        attempts = await self._store.attempts(new)
        self._attempts |= {run: attempts.get(run, []) for run in new}
        self._nodes |= await self._store.nodes([*new, *(a.job for found in attempts.values() for a in found)])

    def _note_runs(self, runs: list[str], distance: int) -> None:
        for run in runs:
            if run not in self._graph.nodes:
                last = self._attempts[run][-1] if self._attempts[run] else None
                job = self._nodes.get(last.job) if last else None
                place = (job.namespace, job.name) if job else ("", "")
                state = last.state if last else ""
                name = self._nodes[run].name if run in self._nodes else ""
                self._graph.nodes[run] = LineageNode(run, Kind.RUN.name, *place, name, distance, state=state)

    def _note_use(self, use: Use, version: str, dataset: Node | None, distance: int) -> None:
        """Note a version (or a dataset of which no version is known) and the edge of a use to it."""
        if version not in self._graph.nodes:
            if dataset is None:
                return
            kind = KIND_NAMES[version[0]]
            field = use.label if version[0] == Kind.DATASET_VERSION else ""
            place = dataset.namespace, dataset.name
            self._graph.nodes[version] = LineageNode(version, kind, *place, field, distance)
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
