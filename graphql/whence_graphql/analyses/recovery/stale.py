"""What is stale and why, what is still good, and what to fall back to."""

from typing import cast

import strawberry
from pydantic_core import from_json
from strawberry.scalars import JSON

from whence_graphql.context import Info
from whence_graphql.describe import object_type, resolved
from whence_graphql.node import LineageNode, load_node, node_of
from whence_graphql.scalars import Basis, DateTime
from whence_graphql.version import partition_list
from whence_schemas import recovery
from whence_schemas.impact import Certainty
from whence_schemas.read import NodeRow
from whence_schemas.recovery import Cause, GoodReason, Reason


@object_type
class RecoveryCause:
    """Why an attempt, or what it made, is not good."""

    reason: Reason
    basis: Basis | None = strawberry.field(description="How it is known what it read; null where it read nothing.")
    cause: strawberry.Private[Cause]
    moment: strawberry.Private[int]

    @resolved
    async def run(self, info: Info) -> LineageNode | None:
        """The run; null where a dataset itself, or a job that did not run, is meant."""
        return await load_node(info, LineageNode, self.cause.run, self.moment)

    @resolved
    async def read(self, info: Info) -> LineageNode | None:
        """The version (or the dataset, where none is known) that it read, and that is not good."""
        return await _version(info, self.cause.dataset, self.cause.version, self.cause.label, self.moment)


@object_type
class RecoveryStale:
    """A version that is not good, or a dataset of which one is missing."""

    reason: Reason
    distance: int = strawberry.field(description="Runs from what was asked about.")
    certainty: Certainty = strawberry.field(description="RECORDED where every version on the path was named.")
    current: bool = strawberry.field(description="Whether readers still get it, or still miss it.")
    at: DateTime = strawberry.field(description="When it was produced; of a missing one, since when it is.")
    row: strawberry.Private[recovery.StaleVersion]
    moment: strawberry.Private[int]

    @resolved
    async def dataset(self, info: Info) -> LineageNode | None:
        """The dataset."""
        return await load_node(info, LineageNode, self.row.dataset, self.moment)

    @resolved
    async def version(self, info: Info) -> LineageNode | None:
        """The version; null where it is missing."""
        row = self.row
        return await _version(info, row.dataset, row.version, row.label, self.moment) if row.version else None

    @resolved
    async def run(self, info: Info) -> LineageNode | None:
        """The run that produced it."""
        return await load_node(info, LineageNode, self.row.run, self.moment)

    @resolved
    def partitions(self) -> JSON | None:
        """The partitions that are meant, as a list; null where it is the whole, or an unknown part."""
        return partition_list(self.row.partitions)

    @resolved
    def path(self) -> list[RecoveryCause]:
        """A shortest path from what was asked about, which proves it."""
        return path_of(self.row.cause, self.moment)


@object_type
class RecoveryFallback:
    """The last good version of a stale dataset, or of one of its partitions."""

    good_now: bool = strawberry.field(description="Whether readers get good versions now.")
    produced_at: DateTime | None = strawberry.field(description="Null where no good version is known.")
    row: strawberry.Private[recovery.Fallback]
    moment: strawberry.Private[int]

    @resolved
    async def dataset(self, info: Info) -> LineageNode | None:
        """The dataset."""
        return await load_node(info, LineageNode, self.row.dataset, self.moment)

    @resolved
    def partition(self) -> JSON | None:
        """The partition; null for the whole."""
        return JSON(from_json(self.row.partition)) if self.row.partition else None

    @resolved
    async def version(self, info: Info) -> LineageNode | None:
        """The version; null where no good one is known."""
        row = self.row
        return await _version(info, row.dataset, row.version, row.label, self.moment) if row.version else None

    @resolved
    async def run(self, info: Info) -> LineageNode | None:
        """The run that produced it."""
        return await load_node(info, LineageNode, self.row.run, self.moment)


@object_type
class RecoveryGood:
    """A job or dataset downstream, by what jobs read and write now, that need not be made again."""

    reason: GoodReason
    distance: int = strawberry.field(description="Steps from dataset to dataset.")
    row: strawberry.Private[recovery.GoodNode]
    moment: strawberry.Private[int]

    @resolved
    async def node(self, info: Info) -> LineageNode | None:
        """The job or dataset."""
        return await load_node(info, LineageNode, self.row.key, self.moment)

    @resolved
    async def made_good_by(self, info: Info) -> LineageNode | None:
        """Of a job that is good AGAIN, the run that made it so."""
        return await load_node(info, LineageNode, self.row.run, self.moment)


@object_type
class RecoveryUnresolved:
    """A reading on the way that names a version nobody is known to have made: it is not counted as stale."""

    label: str
    row: strawberry.Private[recovery.Unresolved]
    moment: strawberry.Private[int]

    @resolved
    async def run(self, info: Info) -> LineageNode | None:
        """The run that read it."""
        return await load_node(info, LineageNode, self.row.run, self.moment)

    @resolved
    async def dataset(self, info: Info) -> LineageNode | None:
        """The dataset."""
        return await load_node(info, LineageNode, self.row.dataset, self.moment)


def path_of(cause: Cause, moment: int) -> list[RecoveryCause]:
    """A path from what was asked about to a cause, in its type."""
    found = []
    for one in cause.path():
        basis = (Basis.NAMED if one.named else Basis.INFERRED) if one.run and one.dataset else None
        found.append(RecoveryCause(reason=one.reason, basis=basis, cause=one, moment=moment))
    return found


def certainty_of(cause: Cause) -> Certainty:
    """How certain the path to a cause is."""
    return Certainty.RECORDED if cause.recorded else Certainty.INFERRED


async def _version(info: Info, dataset: str, version: str, label: str, moment: int) -> LineageNode | None:
    """A version; the dataset where none is known."""
    if not version:
        return await load_node(info, LineageNode, dataset, moment)
    row = await info.context.loaders.node.load(dataset)
    return cast(LineageNode, node_of(NodeRow(version, row.namespace, row.name, label), moment)) if row else None
