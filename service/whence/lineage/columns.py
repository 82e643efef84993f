"""Breadth-first traversal over columns: along the column edges of live reports."""

import asyncio
from collections.abc import Callable, Iterable
from typing import NamedTuple

from whence.graph.facts import EdgeId, EdgeKind
from whence.graph.footprint import ColumnEdge, Footprint, end_of
from whence.graph.live import Live
from whence.graph.port import Around, GraphStore
from whence.lineage.live import LiveOwners
from whence.lineage.names import Names
from whence.lineage.traversal import Budget, add_edge, both_ways, since_first
from whence_schemas.identity import KIND_NAMES, Kind, column_key, dataset_of_column
from whence_schemas.lineage import LineageEdge, LineageGraph, LineageNode, Question, Seen


class Column(NamedTuple):
    """A field of a dataset (by key), or with an empty field the dataset as a whole."""

    dataset: str
    field: str


class ColumnTraversal:
    """Lineage of a column, or of all columns of a dataset."""

    def __init__(self, store: GraphStore, names: Names, question: Question) -> None:
        self._store = store
        self._names = names
        self._question = question
        self._live = LiveOwners(store, question.as_of, question.window, names)
        self._budget = Budget(question.max_nodes, question.seconds)
        self._distances: dict[Column, int] = {}
        self._edges: dict[tuple[Column, Column, str, str], tuple[Seen, EdgeId]] = {}
        self._fields: dict[str, list[str]] = {}

    async def run(self) -> LineageGraph:
        """Answer the question."""
        starts = await self._starts(self._question.start)
        ways = both_ways(self._question.direction)
        await asyncio.gather(*(self._walk(starts, upstream=upstream) for upstream in ways))
        return await self._answer()

    async def _starts(self, start: str) -> list[Column]:
        if start[0] == Kind.COLUMN:
            nodes = await self._store.nodes([start])
            return [Column(dataset_of_column(start), nodes[start].name)] if start in nodes else []
        await self._names.join([start])
        return [column for member in self._names.members(start) for column in await self._columns_of(member)]

    async def _columns_of(self, dataset: str) -> list[Column]:
        """Columns that the dataset itself has, and those that jobs next to it name."""
        await self._load_fields([dataset])
        owners = [edge.owner for edge in await self._live.into([dataset], Around([EdgeKind.READS, EdgeKind.WRITES]))]
        fields = dict.fromkeys(self._fields[dataset])
        for _, live in self._live.known(owners):
            for footprint in live.footprints():
                for ends in (footprint.by_output, footprint.by_source):
                    fields.update((field, None) for key, field in ends if key == dataset and field)
        return [Column(dataset, field) for field in sorted(fields)]

    async def _walk(self, starts: list[Column], *, upstream: bool) -> None:
        frontier = list(dict.fromkeys(await self._visit(starts, 0)))
        visited = set(frontier)
        distance = 0
        while frontier and distance < self._question.depth and not self._budget.exceeded(len(self._distances)):
            distance += 1
            found = await (self._upstream(frontier) if upstream else self._downstream(frontier))
            reached = await self._visit(found, distance)
            frontier = [column for column in dict.fromkeys(reached) if column not in visited and column.field]
            visited.update(frontier)

    async def _visit(self, columns: Iterable[Column], distance: int) -> list[Column]:
        columns = list(columns)
        await self._names.join(column.dataset for column in columns)
        reached = [self._standing(column) for column in columns]
        for column in reached:
            if column not in self._distances or distance < self._distances[column]:
                self._distances[column] = distance
        return reached

    def _standing(self, column: Column) -> Column:
        return Column(self._names.representative(column.dataset), column.field)

    def _members(self, columns: Iterable[Column]) -> list[Column]:
        return [Column(member, c.field) for c in columns for member in self._names.members(c.dataset)]

    async def _upstream(self, frontier: list[Column]) -> list[Column]:
        """Sources of columns, those of the dataset as a whole included."""
        columns = self._members(frontier)
        datasets = list(dict.fromkeys(column.dataset for column in columns))
        writers: dict[str, list[str]] = {dataset: [dataset] for dataset in datasets}
        for edge in await self._live.into(datasets, Around([EdgeKind.WRITES], themselves=True)):
            writers[edge.target].append(edge.owner)
        reached: dict[Column, None] = {}
        for column in columns:
            for owner, live in self._live.known(writers[column.dataset]):
                for source in _sources(live, column):
                    self._note(column, source, owner, live)
                    reached[Column(source.source, source.source_field)] = None
        return list(reached)

    async def _downstream(self, frontier: list[Column]) -> list[Column]:
        """Columns that derive from these, or from their datasets as a whole."""
        columns = self._members(frontier)
        readers = await self._readers(columns)
        found = [
            (column, owner, live, edge)
            for column in columns
            for owner, live in self._live.known(readers[column])
            for edge in _targets(live, column)
        ]
        await self._load_fields(edge.output for _, _, _, edge in found if not edge.field)
        reached: dict[Column, None] = {}
        for _, owner, live, edge in found:
            for field in [edge.field] if edge.field else self._fields[edge.output]:
                self._note(Column(edge.output, field), edge, owner, live)
                reached[Column(edge.output, field)] = None
        return list(reached)

    async def _readers(self, columns: list[Column]) -> dict[Column, list[str]]:
        targets: dict[str, list[Column]] = {}
        for column in columns:
            targets.setdefault(column_key(*column), []).append(column)
            targets.setdefault(column.dataset, []).append(column)
        readers: dict[Column, dict[str, None]] = {column: {} for column in columns}
        for edge in await self._live.into(list(targets), Around([EdgeKind.DERIVED_FROM])):
            for column in targets[edge.target]:
                readers[column][edge.owner] = None
        return {column: list(owners) for column, owners in readers.items()}

    async def _load_fields(self, datasets: Iterable[str]) -> None:
        new = [dataset for dataset in dict.fromkeys(datasets) if dataset not in self._fields]
        if new:
            edges = await self._store.edges_from(new, [EdgeKind.HAS_FIELD])
            known = [edge.target for edge, since in edges.items() if since.by(self._question.as_of)]
            nodes = await self._store.nodes(known)
            self._fields.update((dataset, []) for dataset in new)
            for node in nodes.values():
                self._fields[node.of].append(node.name)

    def _note(self, column: Column, edge: ColumnEdge, owner: str, live: Live) -> None:
        source = Column(edge.source, edge.source_field)
        key = (column, source, owner, edge.transformations)
        if key not in self._edges:
            seen = live.seen(lambda footprint: edge in footprint.by_output.get((edge.output, edge.field), ()))
            if seen:
                ends = end_of(edge.output, edge.field), end_of(edge.source, edge.source_field)
                self._edges[key] = (seen, EdgeId(owner, EdgeKind.DERIVED_FROM, *ends))

    async def _answer(self) -> LineageGraph:
        distances = self._budget.nearest(self._distances)
        graph = LineageGraph(truncated=self._budget.reached, notes=list(self._names.notes))
        datasets = list(dict.fromkeys(m for c in distances for m in self._names.members(c.dataset)))
        nodes = await self._store.nodes(datasets)
        for column, distance in distances.items():
            if (node := nodes.get(column.dataset)) is not None:
                key = end_of(*column)
                kind = KIND_NAMES[key[0]]
                names = [nodes[m] for m in self._names.members(column.dataset)[1:] if m in nodes]
                others = tuple((name.namespace, name.name) for name in names)
                graph.nodes[key] = LineageNode(key, kind, node.namespace, node.name, column.field, distance, others)
        first = await self._store.since(list({edge: None for _, edge in self._edges.values()}))
        for (column, source, owner, said), (seen, edge) in self._edges.items():
            ends = end_of(*self._standing(column)), end_of(*self._standing(source))
            if ends[0] in graph.nodes and ends[1] in graph.nodes:
                seen = since_first(seen, first.get(edge))
                add_edge(graph, LineageEdge(*ends, EdgeKind.DERIVED_FROM, seen, owner, said))
        return graph


def _sources(live: Live, column: Column) -> Iterable[ColumnEdge]:
    return _edges(live, lambda f: [*f.by_output.get(column, ()), *f.by_output.get((column.dataset, ""), ())])


def _targets(live: Live, column: Column) -> Iterable[ColumnEdge]:
    return _edges(live, lambda f: [*f.by_source.get(column, ()), *f.by_source.get((column.dataset, ""), ())])


def _edges(live: Live, pick: Callable[[Footprint], list[ColumnEdge]]) -> Iterable[ColumnEdge]:
    return dict.fromkeys(edge for footprint in live.footprints() for edge in pick(footprint))
