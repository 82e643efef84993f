"""What follows from a provenance: its commits, decisions, gaps and models."""

import strawberry

from whence_graphql.analyses.provenance.nodes import ProvenanceAttempt, ProvenanceVersion
from whence_graphql.context import Info
from whence_graphql.dataset import Dataset
from whence_graphql.describe import object_type, resolved
from whence_graphql.labels import CodeVersion
from whence_graphql.node import load_node
from whence_graphql.run import Run
from whence_graphql.scalars import DateTime
from whence_graphql.version import DatasetVersion
from whence_schemas import provenance
from whence_schemas.provenance import GapKind


@object_type
class ProvenanceCode:
    """A commit that attempts executed."""

    distance: int = strawberry.field(description="Of the nearest of them.")
    attempts: int = strawberry.field(description="How many did.")
    dirty: int = strawberry.field(description="How many of these with changes that were not committed.")
    key: strawberry.Private[str]
    moment: strawberry.Private[int]

    @resolved
    async def commit(self, info: Info) -> CodeVersion | None:
        """The commit, of its repository."""
        return await load_node(info, CodeVersion, self.key, self.moment)


@object_type
class Decision:
    """An approval, a rejection or a withdrawal of a version, by the input facet `whence_approval`."""

    approver: str
    decision: str = strawberry.field(description="APPROVED, REJECTED or WITHDRAWN.")
    at: DateTime = strawberry.field(description="When it was decided; when the run ended where that is not said.")
    reference: str | None = strawberry.field(description="Where it is documented.")
    agrees: bool = strawberry.field(description="Whether the version that it names is the one that its run read.")
    version: ProvenanceVersion = strawberry.field(description="What it is on: the version that its run read.")
    by: strawberry.Private[str]

    @resolved
    async def run(self, info: Info) -> Run | None:
        """The run that is the act of deciding."""
        return await load_node(info, Run, self.by, self.version.moment)


@object_type
class ProvenanceGap:
    """Something that is not known, or not certain."""

    kind: GapKind
    distance: int
    attempt: ProvenanceAttempt | None = strawberry.field(description="Where it is of an attempt.")
    version: ProvenanceVersion | None = strawberry.field(description="Where it is of a version.")


@object_type
class ProvenanceModel:
    """A model in a provenance, and how it stands."""

    distance: int = strawberry.field(description="Of its nearest version.")
    trained_at: DateTime | None = strawberry.field(
        description="When its current version was written; null: it has none."
    )
    current: bool = strawberry.field(description="Whether the current version is in this answer.")
    row: strawberry.Private[provenance.ModelRow]
    moment: strawberry.Private[int]

    @resolved
    async def dataset(self, info: Info) -> Dataset | None:
        """The model, as a dataset."""
        return await load_node(info, Dataset, self.row.key, self.moment)

    @resolved
    async def version(self, info: Info) -> DatasetVersion | None:
        """Its current version."""
        made = self.row.trained
        row = await info.context.loaders.node.load(made.dataset) if made else None
        return DatasetVersion.produced_as(made, row, self.moment) if made and row else None
