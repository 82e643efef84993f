"""Lineage: the question's start, and the graph that answers it."""

from collections.abc import Callable
from functools import lru_cache
from typing import Annotated, TypeVar, cast

import strawberry
from pydantic_core import from_json
from strawberry import ID

from whence_graphql.answer import Progress, answer_type, progress
from whence_graphql.context import Info
from whence_graphql.describe import object_type, resolved
from whence_graphql.link import Seen, evidence
from whence_graphql.node import LineageNode, load_nodes, node_of
from whence_graphql.scalars import Basis, DateTime, LineageEdgeKind
from whence_schemas import lineage
from whence_schemas.errors import InvalidQuestion
from whence_schemas.identity import column_key, dataset_key, job_key, run_key
from whence_schemas.lineage import Granularity, Limit, LineageGraph
from whence_schemas.read import Freshness, NodeRow

_Item = TypeVar("_Item")

GraphFirst = Annotated[int | None, strawberry.argument(description="How many to give; all by default.")]
GraphAfter = Annotated[ID | None, strawberry.argument(description="The `id` of the last one of the page before.")]


@strawberry.input(description="Names a dataset or job.")
class NameInput:
    """A dataset or job by name."""

    namespace: str
    name: str


@strawberry.input(description="Names a column: a field of a dataset.")
class ColumnInput:
    """A column by name."""

    namespace: str
    name: str
    field: str


@strawberry.input(one_of=True, description="Where a lineage starts: one of these.")
class LineageStart:
    """Where a lineage starts; exactly one is set."""

    dataset: NameInput | None = strawberry.UNSET
    job: NameInput | None = strawberry.UNSET
    run: ID | None = strawberry.field(default=strawberry.UNSET, description="A run id, or a run's `id`.")
    column: ColumnInput | None = strawberry.UNSET


async def start_of(info: Info, of: LineageStart) -> tuple[str, Granularity]:
    """Key of the start, and the granularity that goes with it."""
    if of.dataset:
        return dataset_key(of.dataset.namespace, of.dataset.name), Granularity.DATASET
    if of.job:
        return job_key(of.job.namespace, of.job.name), Granularity.DATASET
    if of.run:
        row = await find_run(info, of.run)
        return row.key if row else run_key(of.run), Granularity.RUN
    if of.column:
        return column_key(dataset_key(of.column.namespace, of.column.name), of.column.field), Granularity.COLUMN
    raise InvalidQuestion("give `of` one of dataset, job, run and column")


async def find_run(info: Info, named: str) -> NodeRow | None:
    """The run with this run id (a UUID in any case and form), or with this key."""
    rows = await info.context.loaders.node.load_many([run_key(named), named])
    return next((row for row in rows if row is not None and row.key[0] == "R"), None)


@object_type
class Transformation:
    """How a source column becomes its target."""

    type: str | None = strawberry.field(description="DIRECT: values flow. INDIRECT: it decides which values do.")
    subtype: str | None = strawberry.field(description="Such as IDENTITY, AGGREGATION, FILTER or JOIN.")
    description: str | None
    masking: bool | None = strawberry.field(description="Whether the source cannot be seen in the target.")


@object_type
class LineageEdge:
    """An edge: its ends are ids of nodes in the answer. A job points to what it reads and writes, a column or dataset
    to what it derives from, a run to what it consumed and produced."""

    source: ID
    target: ID
    kind: LineageEdgeKind
    by: ID | None = strawberry.field(description="The job, dataset or run that says so.")
    basis: Basis | None = strawberry.field(description="Of CONSUMED: how it is known which version was read.")
    observed: bool = strawberry.field(description="Whether an attempt that counts showed it.")
    declared: bool = strawberry.field(description="Whether a declaration that holds names it.")
    seen: Seen
    first_seen: DateTime | None = strawberry.field(description="Seen or declared first, ever.")
    last_seen: DateTime | None = strawberry.field(description="Seen last, of the attempts that count, or declared.")
    said: strawberry.Private[str]

    @resolved
    def id(self) -> ID:
        """Names it in this and later answers."""
        return ID(f"{self.source}:{self.kind}:{self.target}:{self.by or ''}")

    @resolved
    def transformations(self) -> list[Transformation]:
        """Of columns: how the source becomes the target."""
        return transformations(self.said)


@lru_cache(maxsize=1_024)
def transformations(said: str) -> list[Transformation]:
    """Transformations from their JSON."""
    return [
        Transformation(
            type=one.get("type"),
            subtype=one.get("subtype"),
            description=one.get("description"),
            masking=one.get("masking"),
        )
        for one in from_json(said)
    ]


@answer_type
class Lineage(Progress):
    """A lineage graph, and how fresh it is."""

    as_of: DateTime
    truncated: bool = strawberry.field(description="Whether a limit cut it: there is more beyond.")
    truncated_by: Limit | None
    notes: list[str] = strawberry.field(description="What the reader should know, in sentences.")
    node_count: int
    edge_count: int
    graph: strawberry.Private[LineageGraph]
    start_key: strawberry.Private[str]

    @resolved
    async def start(self, info: Info) -> LineageNode:
        """Where it starts."""
        return (await load_nodes(info, LineageNode, [self.start_key], self.as_of))[0]

    @resolved
    async def nodes(self, info: Info, first: GraphFirst = None, after: GraphAfter = None) -> list[LineageNode]:
        """Its nodes, nearest first in each direction. Each is its full object."""
        rows = _page(list(self.graph.nodes.values()), first, after, lambda row: row.key)
        return [lineage_node(row, self.as_of) for row in rows]

    @resolved
    async def edges(self, info: Info, first: GraphFirst = None, after: GraphAfter = None) -> list[LineageEdge]:
        """Its edges, in an order that is always the same."""
        edges = [edge_of(row) for _, row in sorted(self.graph.edges.items())]
        return _page(edges, first, after, LineageEdge.id) if first is not None or after else edges


def lineage_of(graph: LineageGraph, start: str, as_of: int, fresh: Freshness) -> Lineage:
    """The answer in GraphQL's types."""
    return Lineage(
        as_of=DateTime(as_of),
        truncated=graph.truncated is not None,
        truncated_by=graph.truncated,
        notes=graph.notes,
        node_count=len(graph.nodes),
        edge_count=len(graph.edges),
        graph=graph,
        start_key=start,
        **progress(fresh),
    )


def _page(items: list[_Item], first: int | None, after: str | None, key: Callable[[_Item], str]) -> list[_Item]:
    begin = 0
    if after is not None:
        found = next((place for place, item in enumerate(items) if key(item) == after), None)
        if found is None:
            raise InvalidQuestion("`after` is no id in this answer: page with the same question and `asOf`")
        begin = found + 1
    if first is not None and first < 0:
        raise InvalidQuestion(f"first is {first}, but must not be below 0")
    return items[begin:] if first is None else items[begin : begin + first]


def lineage_node(row: lineage.LineageNode, moment: int) -> LineageNode:
    """A node of a lineage in its type."""
    node = cast(LineageNode, node_of(NodeRow(row.key, row.namespace, row.name, row.field, row.state), moment))
    node.distance = row.distance
    return node


def edge_of(row: lineage.LineageEdge) -> LineageEdge:
    """An edge of a lineage in its type."""
    return LineageEdge(
        source=ID(row.source),
        target=ID(row.target),
        kind=cast(LineageEdgeKind, row.kind),  # the schema finds the value by its text, which is what this is
        by=ID(row.by) if row.by else None,
        basis=cast(Basis, row.basis) if row.basis else None,
        said=row.transformations,
        **evidence(row.seen),
    )
