"""What a late dataset holds up."""

import strawberry

from whence_graphql.arguments import After, First
from whence_graphql.context import Info
from whence_graphql.dataset import Dataset
from whence_graphql.describe import object_type, resolved
from whence_graphql.labels import Owner
from whence_graphql.node import nodes_by_key
from whence_graphql.paging import Connection, Nearest, connect, ordered, rows_of
from whence_schemas import freshness
from whence_schemas.identity import owner_key
from whence_schemas.lineage import Limit
from whence_schemas.read import NodeRow


@object_type
class HeldUpDataset:
    """A dataset downstream of a late one."""

    dataset: Dataset
    distance: int = strawberry.field(description="Steps from dataset to dataset.")


@object_type
class HeldUpOwner:
    """An owner to tell."""

    owner: Owner
    distance: int = strawberry.field(description="Of the nearest that is theirs; 0 where it is the late one itself.")
    assets: int = strawberry.field(description="How many datasets and jobs are theirs, the late one included.")


@object_type
class HeldUp:
    """What a late dataset holds up: everything downstream of it."""

    datasets: int
    jobs: int
    truncated_by: Limit | None = strawberry.field(description="The limit that cut it, if any: there is more beyond.")
    found: strawberry.Private[freshness.HeldUp]
    moment: strawberry.Private[int]

    @resolved
    async def nearest(self, info: Info, first: First = 20, after: After = None) -> Connection[HeldUpDataset]:
        """The datasets, nearest first."""
        rows = rows_of(self.found.datasets, first, after)
        known = await nodes_by_key(info, Dataset, [row.key for row in rows], self.moment)
        return connect(
            info,
            [row for row in rows if row.key in known],
            first,
            after,
            lambda row: Nearest(row.distance, row.key),
            lambda row: HeldUpDataset(dataset=known[row.key], distance=row.distance),
        )

    @resolved
    async def owners(self, info: Info, first: First = 20, after: After = None) -> Connection[HeldUpOwner]:
        """Owners to tell, by the `ownership` facets, nearest first."""
        return ordered(
            info,
            self.found.owners,
            first,
            after,
            Nearest,
            lambda row: Nearest(row.distance, row.name),
            lambda row: HeldUpOwner(
                owner=Owner.of(NodeRow(owner_key(row.name), "", row.name), self.moment),
                distance=row.distance,
                assets=row.assets,
            ),
        )
