"""What a provenance is made of: attempts with code and parameters, versions, and what leads from one to another."""

import strawberry
from pydantic_core import from_json
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
from whence_graphql.scalars import Basis, DateTime
from whence_graphql.version import EVER, DatasetVersion
from whence_schemas import provenance
from whence_schemas.facets.run import ExecutionParameters
from whence_schemas.facets.whence import PARAMETERS, RETRIEVAL, Parameters
from whence_schemas.facets.whence import Retrieval as RetrievalFacet
from whence_schemas.identity import Kind
from whence_schemas.provenance import Asset, GapKind
from whence_schemas.read import NodeRow


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


@object_type
class Chunk:
    """A part of a document that was retrieved."""

    id: str
    score: float | None = strawberry.field(description="As the retriever gave it.")
    rank: int | None = strawberry.field(description="From 1, the best.")
    sha256: str | None = strawberry.field(description="Of its text, in hexadecimal.")


@object_type
class Retrieval:
    """How a document came into an answer."""

    collection: str = strawberry.field(description="The index in which it was found.")
    chunks: list[Chunk] = strawberry.field(description="The parts of it that were retrieved.")


@object_type
class ProvenanceUse:
    """That an attempt used a version."""

    attempt: ID
    version: ID
    distance: int
    basis: Basis | None = strawberry.field(description="How the version is known; null where none is.")
    row: strawberry.Private[provenance.Used]

    @classmethod
    def of(cls, row: provenance.Used) -> "ProvenanceUse":
        """The use of a row."""
        basis = Basis(row.known) if row.known in Basis.__members__ else None
        return cls(attempt=ID(row.attempt), version=ID(row.version), distance=row.distance, basis=basis, row=row)

    @resolved
    def partitions(self) -> JSON | None:
        """The partitions that were read, as a list; null where it is the whole, or an unknown part."""
        return _partitions(self.row.use.partitions)

    @resolved
    async def retrieval(self, info: Info) -> Retrieval | None:
        """Of a document: what was retrieved of it, by the facet `whence_retrieval`."""
        found = await load_model(info, self.row.key, RetrievalFacet, RETRIEVAL, EVER)
        if found is None:
            return None
        chunks = [Chunk(id=one.id, score=one.score, rank=one.rank, sha256=one.sha256) for one in found.chunks]
        info.context.budget.spend(len(chunks))
        return Retrieval(collection=found.collection, chunks=chunks)


@object_type
class ProvenanceGeneration:
    """That a version was generated by an attempt."""

    attempt: ID
    version: ID
    distance: int
    row: strawberry.Private[provenance.Generated]

    @classmethod
    def of(cls, row: provenance.Generated) -> "ProvenanceGeneration":
        """The generation of a row."""
        return cls(attempt=ID(row.attempt), version=ID(row.version), distance=row.distance, row=row)

    @resolved
    def partitions(self) -> JSON | None:
        """The partitions that were written, as a list; null where it is the whole, or an unknown part."""
        return _partitions(self.row.use.partitions)


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


def _partitions(partitions: str) -> JSON | None:
    return JSON([from_json(text) for text in from_json(partitions)]) if partitions else None


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
