"""What changed between two times: nodes and edges with what shows them, columns, code and other facets."""

from typing import Annotated

import strawberry

from whence_graphql import ports
from whence_graphql.analyses.diff.assets import CodeDiff, ColumnDiff, FacetDiff, code_diff, column_diff, facet_diff
from whence_graphql.analyses.diff.graphs import EdgeDiff, NodeDiff
from whence_graphql.analyses.diff.showing import shown_by
from whence_graphql.answer import Answer, answer_type, told
from whence_graphql.arguments import After, First
from whence_graphql.context import Info
from whence_graphql.dataset import Dataset
from whence_graphql.describe import object_type, resolved
from whence_graphql.job import Job
from whence_graphql.lineage import edge_of, lineage_node
from whence_graphql.node import LineageNode, load_nodes, nodes_by_key
from whence_graphql.paging import Connection, page_of, rows_of
from whence_graphql.scalars import DateTime
from whence_schemas import diff
from whence_schemas.diff import Difference, DiffQuestion, Evidence
from whence_schemas.lineage import Granularity
from whence_schemas.read import Freshness

Differences = Annotated[list[Difference], strawberry.argument(description="Only these; none for all.")]


@object_type
class DiffCounts:
    """How much differs."""

    nodes_appeared: int
    nodes_vanished: int
    nodes_changed: int
    edges_appeared: int
    edges_vanished: int
    edges_changed: int


@answer_type
class Diff(Answer):
    """What changed in a lineage between two times, and how fresh that is."""

    from_: DateTime = strawberry.field(name="from")
    to: DateTime
    granularity: Granularity
    window: int
    truncated: bool = strawberry.field(
        description="Whether a limit cut one of the lineages: what lies beyond is not compared."
    )
    answer: strawberry.Private[ports.Diff]
    start_key: strawberry.Private[str]

    @resolved
    async def start(self, info: Info) -> LineageNode:
        """Where the lineages start."""
        return (await load_nodes(info, LineageNode, [self.start_key], self.to))[0]

    @resolved
    def counts(self) -> DiffCounts:
        """How many nodes and edges differ."""
        found = {
            f"{what}_{how.lower()}": sum(row.difference == how for row in rows)
            for what, rows in (("nodes", self.answer.nodes), ("edges", self.answer.edges))
            for how in Difference
        }
        return DiffCounts(**found)

    @resolved
    async def nodes(
        self,
        info: Info,
        differences: Differences = [],  # noqa: B006  # it becomes the default in the schema
        first: First = 20,
        after: After = None,
    ) -> Connection[NodeDiff]:
        """The nodes that differ, nearest first."""
        rows = [row for row in self.answer.nodes if not differences or row.difference in differences]
        shown = rows_of(rows, first, after)
        evidence = dict(zip((row.key for row in shown), await self.answer.node_evidence(shown), strict=True))
        return page_of(info, rows, first, after, lambda row: self._node(row, evidence[row.key]))

    @resolved
    async def edges(
        self,
        info: Info,
        differences: Differences = [],  # noqa: B006  # it becomes the default in the schema
        first: First = 20,
        after: After = None,
    ) -> Connection[EdgeDiff]:
        """The edges that differ, nearest first."""
        rows = [row for row in self.answer.edges if not differences or row.difference in differences]
        shown = rows_of(rows, first, after)
        evidence = dict(zip((row.key for row in shown), await self.answer.edge_evidence(shown), strict=True))
        return page_of(info, rows, first, after, lambda row: self._edge(row, evidence[row.key]))

    @resolved
    async def columns(self, info: Info, first: First = 20, after: After = None) -> Connection[ColumnDiff]:
        """Columns that differ, by the `schema` facets of datasets that are in both lineages, nearest first."""
        rows = (await self.answer.assets()).columns
        loaded = await nodes_by_key(info, Dataset, [row.dataset for row in rows_of(rows, first, after)], self.to)
        return page_of(info, rows, first, after, lambda row: column_diff(row, loaded[row.dataset], self.to))

    @resolved
    async def code(self, info: Info, first: First = 20, after: After = None) -> Connection[CodeDiff]:
        """Code that differs, of jobs that are in both lineages, nearest first."""
        rows = (await self.answer.assets()).code
        loaded = await nodes_by_key(info, Job, [row.job for row in rows_of(rows, first, after)], self.to)
        return page_of(info, rows, first, after, lambda row: code_diff(row, loaded[row.job], self.to))

    @resolved
    async def facets(self, info: Info, first: First = 20, after: After = None) -> Connection[FacetDiff]:
        """Other facets that differ, of jobs and datasets that are in both lineages, nearest first. Left out are those
        that the lineage itself tells, and a dataset's `version`."""
        rows = (await self.answer.assets()).facets
        loaded = await nodes_by_key(info, LineageNode, [row.entity for row in rows_of(rows, first, after)], self.to)
        return page_of(info, rows, first, after, lambda row: facet_diff(row, loaded[row.entity], self.to))

    def _node(self, row: diff.NodeDiff, evidence: Evidence) -> NodeDiff:
        return NodeDiff(
            difference=row.difference,
            distance=row.distance,
            before=lineage_node(row.before, self.from_) if row.before else None,
            after=lineage_node(row.after, self.to) if row.after else None,
            shown=shown_by(evidence, self.to),
        )

    def _edge(self, row: diff.EdgeDiff, evidence: Evidence) -> EdgeDiff:
        source, target = self.answer.ends(row)
        return EdgeDiff(
            difference=row.difference,
            distance=row.distance,
            before=edge_of(row.before) if row.before else None,
            after=edge_of(row.after) if row.after else None,
            source=lineage_node(source, self.to),
            target=lineage_node(target, self.to),
            shown=shown_by(evidence, self.to),
            owner=row.edge.by,
            moment=self.to,
        )


def diff_of(answer: ports.Diff, question: DiffQuestion, fresh: Freshness) -> Diff:
    """The answer in GraphQL's types."""
    return Diff(
        from_=DateTime(question.earlier),
        to=DateTime(question.later),
        granularity=question.granularity,
        window=question.window,
        answer=answer,
        start_key=question.start,
        **told(answer.truncated, answer.notes, fresh),
    )
