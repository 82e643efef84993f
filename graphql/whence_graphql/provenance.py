"""The provenance of one version: counts first, then attempts, versions, the edges between them, decisions and gaps."""

from typing import Annotated

import strawberry
from strawberry import ID

from whence_graphql import ports
from whence_graphql.answer import Answer, answer_type, told
from whence_graphql.arguments import After, First
from whence_graphql.context import Info
from whence_graphql.describe import object_type, resolved
from whence_graphql.lineage import NameInput, find_run
from whence_graphql.paging import Connection, page_of
from whence_graphql.provenance_nodes import (
    Decision,
    ProvenanceAttempt,
    ProvenanceCode,
    ProvenanceGap,
    ProvenanceGeneration,
    ProvenanceModel,
    ProvenanceUse,
    ProvenanceVersion,
)
from whence_graphql.scalars import DateTime
from whence_schemas import provenance
from whence_schemas.errors import InvalidQuestion
from whence_schemas.identity import dataset_key, job_key, run_key
from whence_schemas.lineage import Direction
from whence_schemas.provenance import Asset, ProvenanceQuestion
from whence_schemas.read import Freshness


@strawberry.input(description="Names one version of a dataset; without `version` and `run` the current one.")
class VersionInput:
    """A version of a dataset."""

    namespace: str
    name: str
    version: str | None = strawberry.field(default=None, description="What its `version` facet calls it.")
    run: ID | None = strawberry.field(default=None, description="A run id, or a run's `id`: what that run produced.")


@strawberry.input(one_of=True, description="What a provenance is of: one of these.")
class ProvenanceStart:
    """What a provenance is of; exactly one is set."""

    dataset: VersionInput | None = strawberry.UNSET
    run: ID | None = strawberry.field(default=strawberry.UNSET, description="A run id, or a run's `id`.")
    job: NameInput | None = strawberry.field(default=strawberry.UNSET, description="Its newest run is meant.")
    version: ID | None = strawberry.field(default=strawberry.UNSET, description="The `id` of a DatasetVersion.")


async def version_question(info: Info, of: ProvenanceStart, as_of: int) -> ProvenanceQuestion:
    """The question that a start asks."""
    if of.dataset:
        key, run = dataset_key(of.dataset.namespace, of.dataset.name), of.dataset.run
        return ProvenanceQuestion(key, as_of, of.dataset.version or "", await _run(info, run) if run else "")
    if of.run:
        return ProvenanceQuestion(await _run(info, of.run), as_of)
    if of.job:
        return ProvenanceQuestion(job_key(of.job.namespace, of.job.name), as_of)
    if of.version and of.version[0] == "V":
        return ProvenanceQuestion(of.version, as_of)
    raise InvalidQuestion("give `of` one of dataset, run, job and version, the last as the `id` of a DatasetVersion")


async def _run(info: Info, named: str) -> str:
    row = await find_run(info, named)
    return row.key if row else run_key(named)


@object_type
class ProvenanceCounts:
    """How much is in the answer. The version that is asked about does not count."""

    attempts: int
    runs: int
    datasets: int = strawberry.field(description="Those with versions in it, and those of which none is known.")
    versions: int
    sources: int = strawberry.field(description="Versions, and datasets of which none is known, that nobody produced.")
    code_versions: int = strawberry.field(description="Commits.")
    dirty: int = strawberry.field(description="Attempts whose code had changes that were not committed.")
    without_code: int = strawberry.field(description="Attempts of which no code is recorded.")
    named: int = strawberry.field(description="Uses: the reader named the version;")
    inferred: int = strawberry.field(description="the version follows from times;")
    unknown: int = strawberry.field(description="no version is known.")
    models: int
    answers: int
    prompts: int
    documents: int
    indexes: int


@answer_type
class Provenance(Answer):
    """What one version, or the attempts of a run, rest on, or what rests on them; and how fresh that is."""

    as_of: DateTime
    direction: Direction
    answer: strawberry.Private[ports.Provenance]

    @resolved
    async def counts(self, info: Info) -> ProvenanceCounts:
        """How much it is."""
        return ProvenanceCounts(**(await self.answer.labels()).counts._asdict())

    @resolved
    async def attempts(self, info: Info, first: First = 20, after: After = None) -> Connection[ProvenanceAttempt]:
        """The attempts, nearest first."""
        return page_of(info, list(self.answer.attempts.values()), first, after, self._attempt)

    @resolved
    async def versions(
        self,
        info: Info,
        assets: Annotated[list[Asset], strawberry.argument(description="Only these; none for all.")] = [],  # noqa: B006  # it becomes the default in the schema
        sources: Annotated[bool, strawberry.argument(description="Only sources.")] = False,
        first: First = 20,
        after: After = None,
    ) -> Connection[ProvenanceVersion]:
        """The versions, nearest first."""
        rows = list(self.answer.versions.values())
        if assets or sources:
            labels = await self.answer.labels()
            rows = [row for row in rows if not assets or labels.assets.get(row.dataset, Asset.OTHER) in assets]
            rows = [row for row in rows if not sources or row.key in labels.sources]
        return page_of(info, rows, first, after, self._version)

    @resolved
    async def used(self, info: Info, first: First = 100, after: After = None) -> Connection[ProvenanceUse]:
        """Which attempt used which version, nearest first."""
        return page_of(info, self.answer.used, first, after, ProvenanceUse.of)

    @resolved
    async def generated(self, info: Info, first: First = 100, after: After = None) -> Connection[ProvenanceGeneration]:
        """Which version was generated by which attempt, nearest first."""
        return page_of(info, self.answer.generated, first, after, ProvenanceGeneration.of)

    @resolved
    async def code(self, info: Info, first: First = 20, after: After = None) -> Connection[ProvenanceCode]:
        """The commits that the attempts executed, nearest first."""
        return page_of(info, (await self.answer.labels()).codes, first, after, self._code)

    @resolved
    async def decisions(self, info: Info, first: First = 20, after: After = None) -> Connection[Decision]:
        """Who approved, rejected or withdrew the versions; nearest version first, of each the earliest decision."""
        return page_of(info, await self.answer.decisions(), first, after, self._decision)

    @resolved
    async def models(self, info: Info, first: First = 20, after: After = None) -> Connection[ProvenanceModel]:
        """The models among the datasets, and when each was trained last."""
        return page_of(info, await self.answer.models(), first, after, self._model)

    @resolved
    async def gaps(self, info: Info, first: First = 20, after: After = None) -> Connection[ProvenanceGap]:
        """What is not known, or not certain, nearest first."""
        return page_of(info, (await self.answer.labels()).gaps, first, after, self._gap)

    def _attempt(self, row: provenance.AttemptNode) -> ProvenanceAttempt:
        return ProvenanceAttempt(id=ID(row.key), distance=row.distance, answer=self.answer, moment=self.as_of, row=row)

    def _version(self, row: provenance.VersionNode) -> ProvenanceVersion:
        return ProvenanceVersion(id=ID(row.key), distance=row.distance, answer=self.answer, moment=self.as_of, row=row)

    def _code(self, row: provenance.CodeRow) -> ProvenanceCode:
        return ProvenanceCode(
            distance=row.distance, attempts=row.attempts, dirty=row.dirty, key=row.key, moment=self.as_of
        )

    def _decision(self, row: provenance.Decision) -> Decision:
        return Decision(
            approver=row.approval.approver,
            decision=row.approval.decision,
            at=DateTime(row.at),
            reference=row.approval.reference,
            agrees=row.agrees,
            version=self._version(self.answer.versions[row.version]),
            by=row.use.run,
        )

    def _model(self, row: provenance.ModelRow) -> ProvenanceModel:
        trained = DateTime(row.trained.at) if row.trained else None
        return ProvenanceModel(
            distance=row.distance, trained_at=trained, current=row.current, row=row, moment=self.as_of
        )

    def _gap(self, row: provenance.Gap) -> ProvenanceGap:
        attempt, version = self.answer.attempts.get(row.node), self.answer.versions.get(row.node)
        return ProvenanceGap(
            kind=row.kind,
            distance=row.distance,
            attempt=self._attempt(attempt) if attempt else None,
            version=self._version(version) if version else None,
        )


def provenance_of(answer: ports.Provenance, question: ProvenanceQuestion, fresh: Freshness) -> Provenance:
    """The answer in GraphQL's types."""
    return Provenance(
        as_of=DateTime(question.as_of),
        direction=question.direction,
        answer=answer,
        **told(answer.truncated, answer.notes, fresh),
    )
