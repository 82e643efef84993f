"""The impact of a change: what is touched with its proofs, who is to be told, counts first."""

from typing import Annotated

import strawberry

from whence_graphql import ports
from whence_graphql.analyses.impact.nodes import ImpactEnd, ImpactNode, ImpactOwner, ImpactTag
from whence_graphql.answer import Answer, answer_type, told
from whence_graphql.arguments import After, First
from whence_graphql.context import Info
from whence_graphql.describe import object_type, resolved
from whence_graphql.labels import Owner, Tag
from whence_graphql.node import LineageNode, load_nodes
from whence_graphql.paging import Connection, page_of
from whence_graphql.scalars import DateTime
from whence_schemas import impact
from whence_schemas.identity import Kind
from whence_schemas.impact import Change, EndKind, EndTouched, TagTouched, Touched
from whence_schemas.lineage import Granularity
from whence_schemas.read import Freshness, NodeRow


@object_type
class ImpactCounts:
    """How much is touched; owners and tags of what changes are counted too."""

    distance: int | None = strawberry.field(description="At this distance; null: at any.")
    datasets: int
    columns: int
    jobs: int
    recorded: int = strawberry.field(description="Of the datasets, columns and jobs: RECORDED,")
    inferred: int = strawberry.field(description="and INFERRED.")
    owners: int
    tags: int
    models: int
    reports: int


@answer_type
class Impact(Answer):
    """What a change touches downstream, and how fresh that is."""

    as_of: DateTime
    change: Change
    granularity: Granularity
    answer: strawberry.Private[ports.Impact]
    start_keys: strawberry.Private[tuple[str, ...]]

    @resolved
    async def starts(self, info: Info) -> list[LineageNode]:
        """What changes."""
        return await load_nodes(info, LineageNode, self.start_keys, self.as_of)

    @resolved
    async def counts(self, info: Info) -> ImpactCounts:
        """How much is touched."""
        found = (await self.answer.labels()).counts.values()
        total = impact.ImpactCounts(*map(sum, zip(*found, strict=True)))
        return ImpactCounts(distance=None, **total._asdict())

    @resolved
    async def by_distance(self, info: Info) -> list[ImpactCounts]:
        """How much is touched at each distance, nearest first."""
        found = (await self.answer.labels()).counts
        return [ImpactCounts(distance=distance, **counts._asdict()) for distance, counts in found.items()]

    @resolved
    async def touched(
        self,
        info: Info,
        kinds: Annotated[
            list[Kind], strawberry.argument(description="Only DATASET, COLUMN or JOB; none for all.")
        ] = [],  # noqa: B006  # it becomes the default in the schema
        first: First = 20,
        after: After = None,
    ) -> Connection[ImpactNode]:
        """Everything downstream, nearest first."""
        rows = [row for row in self.answer.touched if not kinds or row.key[0] in kinds]
        return page_of(info, rows, first, after, self._touched)

    @resolved
    async def owners(self, info: Info, first: First = 20, after: After = None) -> Connection[ImpactOwner]:
        """Owners to tell, by the `ownership` facets, nearest first."""
        return page_of(info, (await self.answer.labels()).owners, first, after, self._owner)

    @resolved
    async def tags(self, info: Info, first: First = 20, after: After = None) -> Connection[ImpactTag]:
        """Tags of what is touched, nearest first. At granularity COLUMN a column's tag goes with its values, unless
        they are masked."""
        return page_of(info, (await self.answer.labels()).tags, first, after, self._tag)

    @resolved
    async def ends(
        self,
        info: Info,
        kinds: Annotated[list[EndKind], strawberry.argument(description="Only these; none for all.")] = [],  # noqa: B006  # it becomes the default in the schema
        first: First = 20,
        after: After = None,
    ) -> Connection[ImpactEnd]:
        """Models and reports that are touched, nearest first: datasets whose `datasetType` is MODEL, ML_MODEL, REPORT,
        DASHBOARD or CHART, and jobs whose `jobType` is REPORT, DASHBOARD, CHART or EXPOSURE."""
        rows = [row for row in (await self.answer.labels()).ends if not kinds or row.kind in kinds]
        return page_of(info, rows, first, after, self._end)

    def _touched(self, row: Touched) -> ImpactNode:
        return ImpactNode(
            distance=row.distance, certainty=row.step.certainty, step=row.step, key=row.key, moment=self.as_of
        )

    def _owner(self, row: impact.OwnerTouched) -> ImpactOwner:
        owner = Owner.of(NodeRow(row.key, "", row.name), self.as_of)
        return ImpactOwner(owner=owner, distance=row.distance, assets=row.assets, place=row.nearest, moment=self.as_of)

    def _tag(self, row: TagTouched) -> ImpactTag:
        return ImpactTag(
            tag=Tag.of(NodeRow(row.tag, row.name, row.value), self.as_of),
            distance=row.distance,
            certainty=row.certainty,
            place=row.place,
            said_of=row.origin,
            moment=self.as_of,
        )

    def _end(self, row: EndTouched) -> ImpactEnd:
        return ImpactEnd(
            distance=row.distance,
            certainty=row.step.certainty,
            step=row.step,
            key=row.key,
            kind=row.kind,
            word=row.word,
            moment=self.as_of,
        )


def impact_of(answer: ports.Impact, question: impact.ImpactQuestion, fresh: Freshness) -> Impact:
    """The answer in GraphQL's types."""
    return Impact(
        as_of=DateTime(question.as_of),
        change=question.change,
        granularity=question.granularity,
        answer=answer,
        start_keys=question.starts,
        **told(answer.truncated, answer.notes, fresh),
    )
