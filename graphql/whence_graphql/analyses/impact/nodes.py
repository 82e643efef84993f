"""What is touched: nodes with their paths, owners and tags."""

from typing import cast

import strawberry

from whence_graphql.context import Info
from whence_graphql.describe import object_type, resolved
from whence_graphql.labels import Owner, Tag
from whence_graphql.lineage import Transformation, transformations
from whence_graphql.node import LineageNode, node_of
from whence_schemas.impact import Certainty, EndKind, Place, Step
from whence_schemas.read import NodeRow


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


async def _node(info: Info, place: Place, moment: int) -> LineageNode | None:
    """The node of a place. A column is told by its dataset: under another name of it, it is no node of its own."""
    row = await info.context.loaders.node.load(place.asset)
    if row is None:
        return None
    found = NodeRow(place.key, row.namespace, row.name, place.field)
    return cast(LineageNode, node_of(found, moment))
