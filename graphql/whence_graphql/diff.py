"""What changed between two times: nodes and edges with what shows them, columns, code and other facets."""

from typing import Annotated

import strawberry
from pydantic_core import from_json
from strawberry.scalars import JSON

from whence_graphql import ports
from whence_graphql.answer import Answer, answer_type, told
from whence_graphql.arguments import After, First
from whence_graphql.context import Info
from whence_graphql.dataset import Dataset
from whence_graphql.describe import object_type, resolved
from whence_graphql.job import Job
from whence_graphql.lineage import LineageEdge, edge_of, lineage_node
from whence_graphql.node import LineageNode, load_node, load_nodes, nodes_by_key
from whence_graphql.paging import Connection, page_of, rows_of
from whence_graphql.run import Run
from whence_graphql.scalars import DateTime
from whence_schemas import diff
from whence_schemas.diff import ColumnChange, Difference, DiffQuestion, Evidence, SaidAt
from whence_schemas.lineage import Granularity
from whence_schemas.read import Freshness

Differences = Annotated[list[Difference], strawberry.argument(description="Only these; none for all.")]


@object_type
class Showing:
    """What showed something: an attempt of a run, or a declaration."""

    at: DateTime = strawberry.field(description="When it started, or was declared.")
    attempt: int | None = strawberry.field(description="The attempt's number, from 0; null of a declaration.")
    unit: strawberry.Private[str]
    moment: strawberry.Private[int]

    @resolved
    async def run(self, info: Info) -> Run | None:
        """The run; null of a declaration."""
        return await load_node(info, Run, self.unit, self.moment)


@object_type
class Shown:
    """What a difference rests on."""

    first: Showing | None = strawberry.field(description="What showed it first, after `from`.")
    last: Showing | None = strawberry.field(description="Where it vanished: what showed it last.")
    without: Showing | None = strawberry.field(
        description="Where it vanished: the first after `last` that counts and did not show it."
    )
    reach: bool = strawberry.field(
        description="Nothing of its own came or went: the way that leads there did, or a name."
    )


@object_type
class NodeDiff:
    """A dataset, column or job that is in one of the two lineages only, or has other names."""

    difference: Difference
    distance: int
    before: LineageNode | None
    after: LineageNode | None
    shown: Shown


@object_type
class EdgeDiff:
    """An edge that is in one of the two lineages only, or in both with other transformations, or observed or declared
    in one of them only. The ends are named here too, for they need not be on the same page."""

    difference: Difference
    distance: int
    before: LineageEdge | None
    after: LineageEdge | None
    source: LineageNode
    target: LineageNode
    shown: Shown
    owner: strawberry.Private[str]
    moment: strawberry.Private[int]

    @resolved
    async def by(self, info: Info) -> LineageNode | None:
        """The job or dataset that says so."""
        return await load_node(info, LineageNode, self.owner, self.moment)


@object_type
class ColumnDiff:
    """A column that was added, dropped or retyped, or the order of a dataset's columns."""

    dataset: Dataset
    path: str | None = strawberry.field(
        description="The column, with dots to nested fields; null where the order changed."
    )
    change: ColumnChange
    before: str | None = strawberry.field(description="Its type; or all columns in their order.")
    after: str | None
    said: Showing | None = strawberry.field(description="Where times are compared: what said so first.")


@object_type
class CodeState:
    """The version of a job's code, as far as it is told."""

    repository: str | None
    commit: str | None
    branch: str | None
    path: str | None
    dirty: bool | None = strawberry.field(description="Whether it had uncommitted changes.")
    source: str | None = strawberry.field(description="SHA-256 of the function's or task's source.")
    version: str | None = strawberry.field(description="What the orchestrator calls it.")


@object_type
class TextDiff:
    """A text that changed."""

    facet: str = strawberry.field(description="sql or sourceCode.")
    diff: str = strawberry.field(description="A unified diff without its head.")
    cut: bool = strawberry.field(description="Whether there is more of it.")


@object_type
class CodeDiff:
    """A job whose code changed."""

    job: Job
    before: CodeState
    after: CodeState
    texts: list[TextDiff]
    said: Showing | None = strawberry.field(description="Where times are compared: what said so first.")


@object_type
class FacetDiff:
    """A facet that says something else than before."""

    of: LineageNode = strawberry.field(description="The dataset, job or run.")
    name: str
    difference: Difference
    old: strawberry.Private[bytes | None]
    new: strawberry.Private[bytes | None]
    said: Showing | None = strawberry.field(description="Where times are compared: what said so first.")

    @resolved
    def before(self) -> JSON | None:
        """What it said."""
        return json_of(self.old)

    @resolved
    def after(self) -> JSON | None:
        """What it says."""
        return json_of(self.new)


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
            shown=_shown(evidence, self.to),
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
            shown=_shown(evidence, self.to),
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


def _shown(evidence: Evidence, moment: int) -> Shown:
    first, last, without = (showing(one, moment) for one in evidence[:3])
    return Shown(first=first, last=last, without=without, reach=evidence.reach)


def showing(found: diff.Showing | None, moment: int) -> Showing | None:
    """What showed something, in its type."""
    if found is None:
        return None
    return Showing(at=DateTime(found.at), attempt=found.number if found.run else None, unit=found.run, moment=moment)


def _said(said: SaidAt | None, moment: int) -> Showing | None:
    return Showing(at=DateTime(said.at), attempt=None, unit=said.unit, moment=moment) if said else None


def json_of(body: bytes | None) -> JSON | None:
    """JSON in its type."""
    return JSON(from_json(body)) if body is not None else None


def column_diff(row: diff.ColumnDiff, dataset: Dataset, moment: int) -> ColumnDiff:
    """A row in its type."""
    return ColumnDiff(
        dataset=dataset,
        path=row.path or None,
        change=row.change,
        before=row.before,
        after=row.after,
        said=_said(row.said, moment),
    )


def code_diff(row: diff.CodeDiff, job: Job, moment: int) -> CodeDiff:
    """A row in its type."""
    return CodeDiff(
        job=job,
        before=_code(row.before),
        after=_code(row.after),
        texts=[TextDiff(facet=text.facet, diff=text.diff, cut=text.cut) for text in row.texts],
        said=_said(row.said, moment),
    )


def _code(code: diff.Code) -> CodeState:
    return CodeState(**{name: value if value != "" else None for name, value in code._asdict().items()})


def facet_diff(row: diff.FacetDiff, of: LineageNode, moment: int) -> FacetDiff:
    """A row in its type."""
    return FacetDiff(
        of=of, name=row.facet, difference=row.difference, old=row.before, new=row.after, said=_said(row.said, moment)
    )
