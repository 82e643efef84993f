"""Nodes and edges that follow from shared content: from a footprint, and from the value of a facet.

Pure functions of the content, so the graph can derive an owner's edges again from whatever rows are left.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from pydantic_core import from_json

from whence.graph.facts import Claim, Contribution, EdgeId, EdgeKind, Node, Report, Rows, Since
from whence.graph.footprint import Footprint, end_of
from whence_schemas.facets import read_facet
from whence_schemas.facets.base import DatasetRef, Ownership, Tags
from whence_schemas.facets.dataset import LifecycleStateChange, Symlinks
from whence_schemas.identity import Kind, column_key, dataset_key, owner_key, tag_key

_KEY_LENGTH = 23


class Derived(NamedTuple):
    """Nodes that a piece of content names, and the edges that it makes."""

    nodes: tuple[Node, ...]
    edges: tuple[EdgeId, ...]


def edges_of_report(report: Report, footprint: Footprint) -> dict[EdgeId, Since]:
    """Edges of the report's owner, seen first when the report started."""
    since = Since(None, report.start) if report.declared else Since(report.start, None)
    return dict.fromkeys(_edges_of_footprint(report.owner, footprint), since)


@lru_cache(maxsize=64)
def _edges_of_footprint(owner: str, footprint: Footprint) -> tuple[EdgeId, ...]:
    return tuple(_footprint_edges(owner, footprint))


def _footprint_edges(owner: str, footprint: Footprint) -> Iterator[EdgeId]:
    if owner[0] == Kind.JOB:
        for key in footprint.parents:
            yield EdgeId(owner, EdgeKind.PART_OF, owner, key)
        for key in footprint.reads:
            yield EdgeId(owner, EdgeKind.READS, owner, key)
        for key in footprint.writes:
            yield EdgeId(owner, EdgeKind.WRITES, owner, key)
    else:  # a dataset that declares its own lineage
        for key in footprint.reads:
            yield EdgeId(owner, EdgeKind.DERIVED_FROM, owner, key)
    for edge in footprint.columns:
        yield EdgeId(
            owner,
            EdgeKind.DERIVED_FROM,
            end_of(edge.output, edge.field),
            end_of(edge.source, edge.source_field),
        )


def edges_of_claim(unit: str, claim: Claim, body: bytes) -> dict[EdgeId, Since]:
    """Edges of the entity that follow from a facet's value, first seen when the unit first said it."""
    if not makes_edges(claim):
        return {}
    since = Since(claim.first, None) if unit[0] == Kind.RUN else Since(None, claim.first)
    return dict.fromkeys(derived_from_facet(claim.entity, claim.facet, claim.value, body).edges, since)


def makes_edges(claim: Claim) -> bool:
    """Whether edges or nodes can follow from a claim: it says a value of a job's or a dataset's own facet."""
    if not claim.value or claim.facet not in _READERS or len(claim.entity) != _KEY_LENGTH:
        return False
    return claim.entity[0] == Kind.DATASET or (claim.entity[0] == Kind.JOB and claim.facet not in _OF_DATASETS_ONLY)


_derived: dict[tuple[str, str, str], Derived] = {}
_DERIVED_LIMIT = 1_024


def derived_from_facet(entity: str, facet: str, value: str, body: bytes) -> Derived:
    """What follows from the facet's content (JSON), remembered by its address."""
    key = (entity, facet, value)
    found = _derived.get(key)
    if found is None:
        if len(_derived) >= _DERIVED_LIMIT:
            _derived.clear()
        found = _derived[key] = _derive(entity, facet, from_json(body))
    return found


def _derive(entity: str, facet: str, value: Any) -> Derived:
    nodes: dict[str, Node] = {}
    edges: dict[EdgeId, None] = {}
    for kind, source, node in _READERS[facet](entity, value):
        if node.key != source:
            nodes[node.key] = node
            edges[EdgeId(entity, kind, source, node.key)] = None
    return Derived(tuple(nodes.values()), tuple(edges))


Found = Iterator[tuple[EdgeKind, str, Node]]
"""What a facet's content says: kind of edge, its source and the node that is its target."""


def _schema(entity: str, value: Any) -> Found:
    fields = value.get("fields") if isinstance(value, dict) else None
    for field in fields if isinstance(fields, list) else ():
        name = field.get("name") if isinstance(field, dict) else None
        if name and isinstance(name, str):
            yield EdgeKind.HAS_FIELD, entity, _column(entity, name)


def _column_lineage(entity: str, value: Any) -> Found:
    fields = value.get("fields") if isinstance(value, dict) else None
    for name in fields if isinstance(fields, dict) else ():
        if name:
            yield EdgeKind.HAS_FIELD, entity, _column(entity, name)


def _column(dataset: str, name: str) -> Node:
    return Node(column_key(dataset, name), Kind.COLUMN, "", name, dataset)


def _ownership(entity: str, value: Any) -> Found:
    facet = read_facet(Ownership, value)
    for owner in facet.owners if facet else ():
        yield EdgeKind.OWNED_BY, entity, Node(owner_key(owner.name), Kind.OWNER, "", owner.name)


def _tags(entity: str, value: Any) -> Found:
    facet = read_facet(Tags, value)
    for tag in facet.tags if facet else ():
        field = tag.field if tag.field and entity[0] == Kind.DATASET else ""
        if field:
            yield EdgeKind.HAS_FIELD, entity, _column(entity, field)
        yield EdgeKind.TAGGED, end_of(entity, field), tag_node(tag.key, tag.value)


def _symlinks(entity: str, value: Any) -> Found:
    facet = read_facet(Symlinks, value)
    for other in facet.identifiers if facet else ():
        if other.name:
            yield EdgeKind.ALIAS, entity, _dataset(other)


def _lifecycle(entity: str, value: Any) -> Found:
    facet = read_facet(LifecycleStateChange, value)
    if facet and facet.lifecycleStateChange.upper() == "RENAME" and facet.previousIdentifier:
        yield EdgeKind.RENAMED_FROM, entity, _dataset(facet.previousIdentifier)


def _dataset(named: DatasetRef) -> Node:
    return Node(dataset_key(named.namespace, named.name), Kind.DATASET, named.namespace, named.name)


_READERS: dict[str, Callable[[str, Any], Found]] = {
    "schema": _schema,
    "columnLineage": _column_lineage,
    "ownership": _ownership,
    "tags": _tags,
    "symlinks": _symlinks,
    "lifecycleStateChange": _lifecycle,
}
_OF_DATASETS_ONLY = frozenset({"schema", "columnLineage", "symlinks", "lifecycleStateChange"})


def tag_node(key: str, value: str | None) -> Node:
    """The node of a tag."""
    return Node(tag_key(key, value or ""), Kind.TAG, key, value or "")


def merge(edges: dict[EdgeId, Since], more: dict[EdgeId, Since]) -> None:
    """Add edges to a dictionary of edges; where one is there already, the earlier times stand."""
    for edge, since in more.items():
        known = edges.get(edge)
        edges[edge] = since if known is None else known.merge(since)


def contribution_of(
    unit: str,
    rows: Rows,
    own_edges: dict[EdgeId, Since],
    bodies: dict[str, bytes],
    footprints: dict[str, Footprint],
) -> Contribution:
    """A contribution from its stored rows and the content that its edges follow from."""
    edges = dict(own_edges)
    for report in rows.reports:
        merge(edges, edges_of_report(report, footprints[report.footprint]))
    for claim in rows.claims:
        if makes_edges(claim):
            merge(edges, edges_of_claim(unit, claim, bodies[claim.value]))
    facets = {claim.value: bodies.get(claim.value, b"") for claim in rows.claims if claim.value}
    used = {report.footprint: footprints[report.footprint] for report in rows.reports}
    return Contribution(unit, rows, edges, frozenset(), facets, used)


def derive_again(
    owner: str,
    reports: Iterable[tuple[str, int, int]],
    claims: Iterable[tuple[str, str, str, int]],
    footprints: dict[str, Footprint],
    bodies: dict[str, bytes],
) -> dict[EdgeId, Since]:
    """All edges of a job or dataset, from what is left of its rows.

    reports: (footprint, declared, first start); claims: (facet, value, kind of the unit that said it, first).
    """
    edges: dict[EdgeId, Since] = {}
    for footprint, declared, start in reports:
        report = Report(owner, declared, 1, start, "", 0, footprint, "", start)
        merge(edges, edges_of_report(report, footprints[footprint]))
    for facet, value, unit, first in claims:
        claim = Claim(owner, facet, value, first, first)
        if makes_edges(claim):
            merge(edges, edges_of_claim(unit, claim, bodies[value]))
    return edges
