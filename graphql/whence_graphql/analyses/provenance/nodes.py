"""What a provenance is made of: attempts with code and parameters, and versions."""

import strawberry
from strawberry import ID
from strawberry.scalars import JSON

from whence_graphql import ports
from whence_graphql.attempt import Attempt
from whence_graphql.context import Info
from whence_graphql.dataset import Dataset
from whence_graphql.describe import object_type, resolved
from whence_graphql.facet import load_model
from whence_graphql.labels import CodeVersion
from whence_graphql.node import LineageNode, load_node, load_nodes
from whence_graphql.run import Run
from whence_graphql.version import DatasetVersion
from whence_schemas import provenance
from whence_schemas.facets.run import ExecutionParameters
from whence_schemas.facets.whence import PARAMETERS, Parameters
from whence_schemas.identity import Kind
from whence_schemas.provenance import Asset
from whence_schemas.read import NodeRow
from whence_schemas.times import EVER


@object_type
class Parameter:
    """What an attempt was started with."""

    name: str
    value: JSON | None
    sha256: str | None = strawberry.field(description="Of the value, where only that is recorded; in hexadecimal.")


@object_type
class AttemptCode:
    """The code of an attempt."""

    dirty: bool | None = strawberry.field(description="Whether it had changes that were not committed; null: not told.")
    source_sha256: str | None = strawberry.field(description="Of the function's or task's source, in hexadecimal.")
    version: str | None = strawberry.field(description="What the orchestrator calls the version of the code.")
    keys: strawberry.Private[tuple[str, ...]]
    moment: strawberry.Private[int]

    @resolved
    async def commits(self, info: Info) -> list[CodeVersion]:
        """The commits that it executed, of their repositories."""
        return await load_nodes(info, CodeVersion, self.keys, self.moment)


@object_type
class ProvenanceNode:
    """An attempt or a version in a provenance."""

    id: ID = strawberry.field(description="Names it in this answer's edges.")
    distance: int = strawberry.field(description="Steps from attempt to attempt, along the shortest path.")
    answer: strawberry.Private[ports.Provenance]
    moment: strawberry.Private[int]

    @resolved
    async def path(self, info: Info) -> list[LineageNode]:
        """A shortest path from the start: runs and versions in turn; a dataset where no version of it is known."""
        keys = self.answer.path(self.id)
        return [found for key in keys if (found := await _node(info, self.answer, key, self.moment)) is not None]


@object_type
class ProvenanceAttempt(ProvenanceNode):
    """An attempt: in PROV's words an activity."""

    row: strawberry.Private[provenance.AttemptNode]

    @resolved
    async def run(self, info: Info) -> Run | None:
        """The run that it is an attempt of."""
        return await load_node(info, Run, self.row.run, self.moment)

    @resolved
    async def attempt(self, info: Info) -> Attempt | None:
        """The attempt itself: its number, state and times."""
        rows = await info.context.loaders.attempts.load(self.row.run)
        return Attempt.of(rows[self.row.number], self.moment) if self.row.number < len(rows) else None

    @resolved
    async def code(self, info: Info) -> AttemptCode | None:
        """The code that it executed, as far as it is recorded; null where nothing of it is."""
        code = (await self.answer.labels()).code.get(self.row.key)
        if code is None:
            return None
        facet = code.facet
        return AttemptCode(
            dirty=facet.dirty if facet else None,
            source_sha256=facet.sourceSha256 if facet else None,
            version=facet.version if facet else None,
            keys=code.versions,
            moment=self.moment,
        )

    @resolved
    async def parameters(self, info: Info) -> list[Parameter]:
        """What it was started with, by its facets `whence_parameters` and `executionParameters`."""
        own = await load_model(info, self.row.key, Parameters, PARAMETERS, EVER)
        standard = await load_model(info, self.row.key, ExecutionParameters, "executionParameters", EVER)
        found = [(one.name, one.value, one.sha256) for one in (own.parameters if own else ())]
        found += [(one.name or one.key, one.value, None) for one in (standard.parameters if standard else ())]
        return [Parameter(name=name, value=JSON(value), sha256=sha256) for name, value, sha256 in found]


@object_type
class ProvenanceVersion(ProvenanceNode):
    """A version of a dataset, or a dataset of which no version is known: in PROV's words an entity."""

    row: strawberry.Private[provenance.VersionNode]

    @resolved
    async def dataset(self, info: Info) -> Dataset | None:
        """The dataset."""
        return await load_node(info, Dataset, self.row.dataset, self.moment)

    @resolved
    async def version(self, info: Info) -> DatasetVersion | None:
        """The version; null where none is known."""
        return await _version(info, self.row, self.moment)

    @resolved
    async def asset(self, info: Info) -> Asset:
        """What the dataset is."""
        return (await self.answer.labels()).assets.get(self.row.dataset, Asset.OTHER)

    @resolved
    async def source(self, info: Info) -> bool:
        """Whether it is a source: nobody is known to have produced it, or to write the dataset."""
        return self.row.key in (await self.answer.labels()).sources


async def _version(info: Info, row: provenance.VersionNode, moment: int) -> DatasetVersion | None:
    """The version of a row; None where none is known."""
    if row.key[0] != Kind.DATASET_VERSION:
        return None
    dataset = await info.context.loaders.node.load(row.dataset)
    if dataset is None:
        return None
    if row.production is not None:
        return DatasetVersion.produced_as(row.production, dataset, moment)
    return DatasetVersion.of(NodeRow(row.key, dataset.namespace, dataset.name, row.label), moment)


async def _node(info: Info, answer: ports.Provenance, key: str, moment: int) -> LineageNode | None:
    """A node of a path."""
    attempt = answer.attempts.get(key)
    if attempt is None and key[0] == Kind.DATASET_VERSION:
        return await _version(info, answer.versions[key], moment)
    return await load_node(info, LineageNode, attempt.run if attempt else key, moment)
