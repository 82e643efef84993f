"""What a provenance is of."""

import strawberry
from strawberry import ID

from whence_graphql.context import Info
from whence_graphql.lineage import NameInput, find_run
from whence_schemas.errors import InvalidQuestion
from whence_schemas.identity import dataset_key, job_key, run_key
from whence_schemas.provenance import ProvenanceQuestion


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
