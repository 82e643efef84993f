"""How two lineages differ: nodes and edges."""

import strawberry

from whence_graphql.analyses.diff.showing import Shown
from whence_graphql.context import Info
from whence_graphql.describe import object_type, resolved
from whence_graphql.lineage import LineageEdge
from whence_graphql.node import LineageNode, load_node
from whence_schemas.diff import Difference


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
