"""Breadth-first traversal over datasets and jobs.

One step goes from datasets through the jobs that write (upstream) or read (downstream) them to the datasets on the
other side. Written once, above the port; each step costs a fixed number of queries, whatever its width.
"""

import asyncio
import json
import time
from collections.abc import Iterable
from typing import TypeVar

from whence.graph.canonical import canonical_json
from whence.graph.facts import EdgeId, EdgeKind, Since
from whence.graph.live import Live
from whence.graph.port import GraphStore
from whence.lineage.containers import contained_jobs
from whence.lineage.live import LiveOwners
from whence.lineage.names import Names
from whence.lineage.passing import passing
from whence_schemas.identity import KIND_NAMES, Kind
from whence_schemas.lineage import (
    Direction,
    Limit,
    LineageEdge,
    LineageGraph,
    LineageNode,
    Question,
    Seen,
)

UNSEEN = Seen(0, 0, 0, False, 0, 0)
"""Of an edge that no attempt that counts shows, such as the container of a job without datasets."""

_T = TypeVar("_T", bound=tuple[str, ...] | str)
_N = TypeVar("_N")


class Budget:
    """Limits of one answer."""

    def __init__(self, max_nodes: int, seconds: float) -> None:
        self._max_nodes = max_nodes
        self._deadline = time.monotonic() + seconds
        self.reached: Limit | None = None

    def exceeded(self, nodes: int) -> bool:
        """Whether a limit is reached, now or before."""
        if self.reached is None and nodes > self._max_nodes:
            self.reached = Limit.NODES
        if self.reached is None and time.monotonic() > self._deadline:
            self.reached = Limit.TIME
        return self.reached is not None

    def nearest(self, distances: dict[_T, int]) -> dict[_T, int]:
        """The nearest of the nodes found, as many as an answer may have, in an order that is always the same."""
        return dict(self.cut(sorted(distances.items(), key=lambda item: (item[1], item[0]))))

    def cut(self, nodes: list[_N]) -> list[_N]:
        """The first of the nodes found, as many as an answer may have."""
        if len(nodes) > self._max_nodes:
            self.reached = self.reached or Limit.NODES
        return nodes[: self._max_nodes]


def both_ways(direction: Direction) -> list[bool]:
    """The ways to walk, each as whether it is upstream."""
    return [way for way, other in ((True, Direction.DOWNSTREAM), (False, Direction.UPSTREAM)) if direction != other]


class DatasetTraversal:
    """Lineage of a dataset or job at the granularity of datasets."""

    def __init__(self, store: GraphStore, names: Names, question: Question) -> None:
        self._store = store
        self._names = names
        self._question = question
        self._live = LiveOwners(store, question.as_of, question.window, names)
        self._budget = Budget(question.max_nodes, question.seconds)
        self._distances: dict[str, int] = {}
        self._edges: dict[EdgeId, Seen] = {}

    async def run(self) -> LineageGraph:
        """Answer the question."""
        start = self._question.start
        when = self._question.as_of, self._question.window
        jobs = await contained_jobs(self._store, start, *when) if start[0] == Kind.JOB else {}
        ways = both_ways(self._question.direction)
        await asyncio.gather(*(self._walk(start, jobs, upstream=upstream) for upstream in ways))
        return await self._answer()

    async def _walk(self, start: str, jobs: dict[str, str], *, upstream: bool) -> None:
        frontier = [start]
        distance = 0
        visited = set(await self._visit(frontier, 0)) if start[0] == Kind.DATASET else set()
        if jobs:
            await self._live.fetch(jobs)
            self._visit_jobs(jobs)
            distance = 1
            found = [key for job in jobs for key in self._leave_job(job, upstream=upstream)]
            visited = set(frontier := await self._visit(found, 1))
        while frontier and distance < self._question.depth and not self._budget.exceeded(len(self._distances)):
            distance += 1
            found = await self._step(frontier, distance, upstream=upstream)
            reached = await self._visit(found, distance)
            frontier = [key for key in reached if key not in visited]
            visited.update(frontier)

    def _visit_jobs(self, jobs: dict[str, str]) -> None:
        for job, parent in jobs.items():
            self._distances.setdefault(job, 0)
            live = self._live[job]
            if parent:
                seen = live.seen(lambda footprint, parent=parent: parent in footprint.parents) if live else None  # type: ignore[misc]
                self._edges[EdgeId(job, EdgeKind.PART_OF, job, parent)] = seen or UNSEEN

    async def _visit(self, keys: Iterable[str], distance: int) -> list[str]:
        """Note datasets by the name that stands for them; returns these."""
        keys = list(dict.fromkeys(keys))
        await self._names.join(key for key in keys if key[0] == Kind.DATASET)
        reached = list(dict.fromkeys(self._names.representative(key) for key in keys))
        for key in reached:
            if key not in self._distances or distance < self._distances[key]:
                self._distances[key] = distance
        return reached

    async def _step(self, frontier: list[str], distance: int, *, upstream: bool) -> list[str]:
        """Datasets on the other side of the jobs next to the frontier; jobs and edges are noted on the way."""
        members = [member for key in frontier for member in self._names.members(key)]
        hops = self._question.depth - distance + 1
        reached: dict[str, None] = {}
        for member, owners in (await passing(self._live, members, hops, upstream=upstream)).items():
            for owner, live in owners.items():
                reached.update(dict.fromkeys(self._cross(member, owner, live, distance, upstream=upstream)))
        return list(reached)

    def _cross(self, dataset: str, owner: str, live: Live, distance: int, *, upstream: bool) -> Iterable[str]:
        others = live.inputs_of(dataset) if upstream else live.outputs_of(dataset)
        if owner[0] == Kind.DATASET:  # it declares itself what it derives from
            return self._derive(owner, live, others if upstream else [owner], None if upstream else dataset)
        self._distances[owner] = min(distance, self._distances.get(owner, distance))  # the other way may be shorter
        self._note(owner, EdgeKind.WRITES if upstream else EdgeKind.READS, dataset, live)
        for other in others:
            self._note(owner, EdgeKind.READS if upstream else EdgeKind.WRITES, other, live)
        return others

    def _derive(self, owner: str, live: Live, reached: Iterable[str], source: str | None) -> Iterable[str]:
        for key in reached if source is None else [source]:
            seen = live.seen(lambda footprint, key=key: key in footprint.reads)  # type: ignore[misc]
            if seen:
                self._edges[EdgeId(owner, EdgeKind.DERIVED_FROM, owner, key)] = seen
        return reached

    def _leave_job(self, job: str, *, upstream: bool) -> Iterable[str]:
        live = self._live[job]
        if live is None:
            return ()
        found = live.reads() if upstream else live.writes()
        for dataset in found:
            self._note(job, EdgeKind.READS if upstream else EdgeKind.WRITES, dataset, live)
        return found

    def _note(self, job: str, kind: EdgeKind, dataset: str, live: Live) -> None:
        edge = EdgeId(job, kind, job, dataset)
        if edge not in self._edges:
            reads = kind == EdgeKind.READS
            seen = live.seen(lambda footprint: dataset in (footprint.reads if reads else footprint.writes))
            if seen:
                self._edges[edge] = seen

    async def _answer(self) -> LineageGraph:
        distances = self._budget.nearest(self._distances)
        graph = LineageGraph(truncated=self._budget.reached, notes=list(self._names.notes))
        await add_nodes(graph, self._store, self._names, distances)
        owners = sorted({edge.owner for edge in self._edges})
        first = await self._store.edges_from(owners, [EdgeKind.READS, EdgeKind.WRITES, EdgeKind.PART_OF])
        declaring = [owner for owner in owners if owner[0] == Kind.DATASET]
        if declaring:
            first |= await self._store.edges_from(declaring, [EdgeKind.DERIVED_FROM])
        for edge, seen in self._edges.items():
            source, target = self._names.representative(edge.source), self._names.representative(edge.target)
            if source in graph.nodes and target in graph.nodes:
                add_edge(
                    graph, LineageEdge(source, target, edge.kind, since_first(seen, first.get(edge)), by=edge.owner)
                )
        return graph


def since_first(seen: Seen, since: Since | None) -> Seen:
    """With the time when the edge was seen or declared first, ever."""
    earliest = min((at for at in since or () if at is not None), default=seen.first)
    return seen._replace(first=earliest) if earliest < seen.first else seen


def add_edge(graph: LineageGraph, edge: LineageEdge) -> None:
    """Add an edge. Names of one dataset, and transformations of one column, may make several edges one: it keeps the
    better seen, and all transformations."""
    key = (edge.source, edge.kind, edge.target, edge.by)
    known = graph.edges.get(key)
    if known is not None:
        better = edge if edge.seen.attempts > known.seen.attempts else known
        edge = better._replace(transformations=_union(known.transformations, edge.transformations))
    graph.edges[key] = edge


def _union(one: str, other: str) -> str:
    """Two lists of transformations (canonical JSON) as one."""
    if other in (one, "[]"):
        return one
    found = json.loads(one)
    found += [transformation for transformation in json.loads(other) if transformation not in found]
    return canonical_json(found).decode()


async def add_nodes(graph: LineageGraph, store: GraphStore, names: Names, distances: dict[str, int]) -> None:
    """Add datasets and jobs with their names and distances."""
    members = [member for key in distances for member in names.members(key)]
    nodes = await store.nodes(members)
    for key, distance in distances.items():
        if key in nodes:
            node = nodes[key]
            others = tuple((nodes[m].namespace, nodes[m].name) for m in names.members(key)[1:] if m in nodes)
            kind = KIND_NAMES[node.kind]
            graph.nodes[key] = LineageNode(key, kind, node.namespace, node.name, "", distance, others)
