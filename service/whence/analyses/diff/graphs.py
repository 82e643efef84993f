"""How two lineage graphs differ, and which footprints show an edge."""

import json
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from whence.graph.canonical import canonical_json
from whence.graph.facts import EdgeKind
from whence.graph.footprint import ColumnEdge, Footprint
from whence_schemas.diff import Difference, EdgeDiff, NodeDiff
from whence_schemas.identity import KIND_NAMES, Kind, dataset_key
from whence_schemas.lineage import LineageEdge, LineageGraph, LineageNode

Shows = Callable[[Footprint], bool]


def compare_nodes(before: LineageGraph, after: LineageGraph) -> list[NodeDiff]:
    """The nodes that differ, nearest first."""
    found = []
    for key in before.nodes.keys() | after.nodes.keys():
        was, now = before.nodes.get(key), after.nodes.get(key)
        if was is None or now is None or set(was.names) != set(now.names):
            distance = min(node.distance for node in (was, now) if node is not None)
            found.append(NodeDiff(key, distance, _difference(was, now), was, now))
    return sorted(found, key=lambda row: (row.distance, row.key))


def compare_edges(before: LineageGraph, after: LineageGraph) -> list[EdgeDiff]:
    """The edges that differ, nearest first."""
    found = []
    for ends in before.edges.keys() | after.edges.keys():
        was, now = before.edges.get(ends), after.edges.get(ends)
        if was is None or now is None or _basis(was) != _basis(now):
            graphs = [graph for graph, edge in ((before, was), (after, now)) if edge is not None]
            distance = min(graph.nodes[end].distance for graph in graphs for end in (ends[0], ends[2]))
            found.append(EdgeDiff(":".join(ends), distance, _difference(was, now), was, now))
    return sorted(found, key=lambda row: (row.distance, row.key))


def _difference(before: object, after: object) -> Difference:
    if before is None:
        return Difference.APPEARED
    return Difference.CHANGED if after is not None else Difference.VANISHED


def _basis(edge: LineageEdge) -> tuple[frozenset[str], bool, bool]:
    """What an edge says and rests on; in how many attempts it was seen makes no difference."""
    return _parts(edge.transformations), edge.seen.attempts > 0, edge.seen.declared


class _End(NamedTuple):
    """An end of an edge: the keys of all its names; of a column those of its dataset, and the field."""

    keys: frozenset[str]
    field: str


def _end(node: LineageNode) -> _End:
    if node.kind == KIND_NAMES[Kind.JOB]:
        return _End(frozenset([node.key]), "")
    return _End(frozenset(dataset_key(*name) for name in [(node.namespace, node.name), *node.names]), node.field)


def shows(edge: LineageEdge, graph: LineageGraph) -> Shows:
    """Whether a footprint of the edge's owner shows the edge, under any of the names that its ends have there."""
    source, target = _end(graph.nodes[edge.source]), _end(graph.nodes[edge.target])
    match edge.kind:
        case EdgeKind.READS:
            return lambda footprint: not target.keys.isdisjoint(footprint.reads)
        case EdgeKind.WRITES:
            return lambda footprint: not target.keys.isdisjoint(footprint.writes)
        case EdgeKind.PART_OF:
            return lambda footprint: not target.keys.isdisjoint(footprint.parents)
    if not source.field and not target.field:  # a dataset that declares what it derives from
        return lambda footprint: not target.keys.isdisjoint(footprint.reads)
    return lambda footprint: bool(_derivations(footprint, source, target))


def shows_more(edge: LineageEdge, graph: LineageGraph, than: str) -> Shows:
    """Whether a footprint shows a column edge with a transformation that is none of those given (JSON)."""
    source, target = _end(graph.nodes[edge.source]), _end(graph.nodes[edge.target])
    known = _parts(than)
    return lambda footprint: any(
        not _parts(found.transformations) <= known for found in _derivations(footprint, source, target)
    )


def _derivations(footprint: Footprint, source: _End, target: _End) -> list[ColumnEdge]:
    """How a footprint shows that a column derives from another; what all of a dataset derives from, each of its columns
    does."""
    return [
        found
        for dataset in source.keys
        for field in {source.field, ""}
        for found in footprint.by_output.get((dataset, field), ())
        if found.source in target.keys and found.source_field == target.field
    ]


@lru_cache(maxsize=1_024)
def _parts(transformations: str) -> frozenset[str]:
    """The transformations (JSON), in no order."""
    return frozenset(canonical_json(one).decode() for one in json.loads(transformations))
