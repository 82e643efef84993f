"""The impact of a change: what is touched with its proofs, who is to be told, counts first."""

from typing import Annotated, cast

import strawberry

from whence_graphql import ports
from whence_graphql.answer import Answer, answer_type, told
from whence_graphql.arguments import After, First
from whence_graphql.context import Info
from whence_graphql.describe import object_type, resolved
from whence_graphql.labels import Owner, Tag
from whence_graphql.lineage import Transformation, transformations
from whence_graphql.node import LineageNode, load_nodes, node_of
from whence_graphql.paging import Connection, page_of
from whence_graphql.scalars import DateTime
from whence_schemas import impact
from whence_schemas.identity import Kind
from whence_schemas.impact import Certainty, Change, EndKind, EndTouched, Place, Step, TagTouched, Touched
from whence_schemas.lineage import Granularity
from whence_schemas.read import Freshness, NodeRow


@object_type
class ImpactStep:
    """A step of a path."""

    place: strawberry.Private[Place]
    actor: strawberry.Private[str]
    said: strawberry.Private[str]
    moment: strawberry.Private[int]
    certainty: Certainty = strawberry.field(description="Of the path up to here.")

    @resolved
    async def node(self, info: Info) -> LineageNode | None:
        """Where it leads: a job that reads what is before it, or what is made of that."""
        return await _node(info, self.place, self.moment)

    @resolved
    async def by(self, info: Info) -> LineageNode | None:
        """The job (or dataset) that makes the node of what is before it; null of a job, and at the start."""
        return await _node(info, Place(self.actor, self.actor), self.moment) if self.actor else None

    @resolved
    def transformations(self) -> list[Transformation]:
        """Of columns: how the one before becomes this one."""
        return transformations(self.said)


@object_type
class ImpactNode:
    """A dataset, column or job that is touched."""

    distance: int = strawberry.field(description="Steps from dataset to dataset, along the shortest path.")
    certainty: Certainty = strawberry.field(description="Of the path: that of its least certain step.")
    step: strawberry.Private[Step]
    key: strawberry.Private[str]
    moment: strawberry.Private[int]

    @resolved
    async def node(self, info: Info) -> LineageNode | None:
        """What is touched. A dataset may be touched as a whole, or by its columns: the path tells."""
        place = self.step.place
        whole = place if place.key == self.key else Place(place.asset, place.asset)
        return await _node(info, whole, self.moment)

    @resolved
    async def path(self, info: Info) -> list[ImpactStep]:
        """A shortest path from what changes, which proves it; of the shortest ones one of the most certain."""
        return [
            ImpactStep(place=step.place, actor=step.by, said=step.said, certainty=step.certainty, moment=self.moment)
            for step in self.step.path()
        ]


@object_type
class ImpactEnd(ImpactNode):
    """A model or a report that is touched."""

    kind: EndKind
    word: str = strawberry.field(description="What its `datasetType` or `jobType` facet calls it.")


@object_type
class ImpactOwner:
    """An owner to tell."""

    owner: Owner
    distance: int = strawberry.field(description="Of the nearest that is theirs; 0 where it is what changes.")
    assets: int = strawberry.field(description="How many datasets and jobs are theirs, what changes included.")
    place: strawberry.Private[Place]
    moment: strawberry.Private[int]

    @resolved
    async def nearest(self, info: Info) -> LineageNode | None:
        """One of the nearest that are theirs."""
        return await _node(info, self.place, self.moment)


@object_type
class ImpactTag:
    """A tag of something that is touched, or that changes."""

    tag: Tag
    distance: int
    certainty: Certainty = strawberry.field(
        description="RECORDED where a facet says the tag of the node; INFERRED where it came along columns, unmasked."
    )
    place: strawberry.Private[Place]
    said_of: strawberry.Private[Place]
    moment: strawberry.Private[int]

    @resolved
    async def node(self, info: Info) -> LineageNode | None:
        """What bears the tag."""
        return await _node(info, self.place, self.moment)

    @resolved
    async def origin(self, info: Info) -> LineageNode | None:
        """What the facet says it of: the node itself, or the column that it comes from."""
        return await _node(info, self.said_of, self.moment)


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


async def _node(info: Info, place: Place, moment: int) -> LineageNode | None:
    """The node of a place. A column is told by its dataset: under another name of it, it is no node of its own."""
    row = await info.context.loaders.node.load(place.asset)
    if row is None:
        return None
    found = NodeRow(place.key, row.namespace, row.name, place.field)
    return cast(LineageNode, node_of(found, moment))
