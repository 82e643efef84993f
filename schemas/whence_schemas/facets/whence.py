"""Custom facets of Whence's own. Their JSON Schemas are in ``schemas/json``."""

from typing import Any

from pydantic import Field

from .base import BaseFacet, Items, Number, Open

APPROVAL = "whence_approval"
"""Key of the `Approval` facet, with the prefix that OpenLineage asks of custom facets."""

CODE = "whence_code"
"""Key of the `Code` facet."""

PARAMETERS = "whence_parameters"
"""Key of the `Parameters` facet."""

RETRIEVAL = "whence_retrieval"
"""Key of the `Retrieval` facet."""

PREFECT = "whence_prefect"
"""Key of the `PrefectRun` facet."""


class Approval(BaseFacet):
    """`whence_approval` 1-0-0 of an input: a decision on the dataset, such as a model, that the run read.

    Attributes:
        approver: who decided, as a role or a pseudonymous id.
        decision: APPROVED, REJECTED or WITHDRAWN.
        version: the version decided on; the one that the run read where it is not said.
        decidedAt: when (ISO 8601); when the run ended where it is not said.
        reference: where the decision is documented.
    """

    approver: str
    decision: str
    version: str | None = None
    decidedAt: str | None = None
    reference: str | None = None


class Code(BaseFacet):
    """`whence_code` 1-0-0 of a run: what `sourceCodeLocation` has no room for.

    Attributes:
        dirty: whether there were changes that were not committed.
        sourceSha256: hash of the function's or task's source, in hexadecimal.
        version: what the orchestrator calls the version of the code.
    """

    dirty: bool | None = None
    sourceSha256: str | None = None
    version: str | None = None


class Parameter(Open):
    """A parameter of a run: its value (any JSON), or the hash of it where only that is recorded; with neither, null."""

    name: str
    value: Any = None
    sha256: str | None = None


class Parameters(BaseFacet):
    """`whence_parameters` 1-0-0 of a run: what it was started with."""

    parameters: Items[Parameter]


class Chunk(Open):
    """A part of a document that was retrieved. score: as the retriever gave it; rank: from 1, the best; sha256: of its
    text, in hexadecimal."""

    id: str
    score: Number | None = None
    rank: int | None = None
    sha256: str | None = None


class Retrieval(BaseFacet):
    """`whence_retrieval` 1-0-0 of an input: which parts of the document were retrieved, from which index."""

    collection: str
    chunks: Items[Chunk]


DAGSTER = "whence_dagster"
"""Key of the `DagsterRun` facet."""


class DagsterCodePointer(Open):
    """How Dagster finds the code of a run.

    Attributes:
        file: a Python file, as ``dagster ... --python-file`` takes it; or `module`, as ``--module-name`` does.
        attribute: what in it holds the definitions (``--attribute``).
        workingDirectory: where it is imported (``--working-directory``); relative files are relative to it.
        executable: the Python that ran it.
    """

    file: str | None = None
    module: str | None = None
    attribute: str | None = None
    workingDirectory: str | None = None
    executable: str | None = None


class DagsterRun(BaseFacet):
    """`whence_dagster` 1-0-0 of a run: how Dagster names it, and what to say to Dagster to do the same again.

    Attributes:
        runId: of the Dagster run; missing on a backfill, which contains runs.
        assetKeys: paths of the assets that the run, or the step, was to materialize, observe or check.
        partitionKey: of the one partition; `partitionKeys` where there are several.
        stepKey, mappingKey: of a step; the latter of one that is mapped over a dynamic output.
        attempt: of a step, from 0.
        parentRunId, rootRunId: the Dagster runs that this one tries again.
    """

    runId: str | None = None
    jobName: str
    codeLocation: str | None = None
    repository: str | None = None
    assetKeys: Items[Items[str]] = Field(default_factory=list)
    partitionKey: str | None = None
    partitionKeys: Items[str] = Field(default_factory=list)
    stepKey: str | None = None
    mappingKey: str | None = None
    attempt: int | None = None
    codePointer: DagsterCodePointer | None = None
    backfillId: str | None = None
    parentRunId: str | None = None
    rootRunId: str | None = None


class PrefectInput(Open):
    """A run whose result another used: for which parameter, and how Prefect knew it.

    Attributes:
        match: FUTURE, WAIT_FOR, IDENTITY (an object of the same id(), which may be another one by now) or UNKNOWN.
    """

    parameter: str
    runId: str
    match: str


class PrefectRun(BaseFacet):
    """`whence_prefect` 1-0-0 of a run: what Prefect calls it, and the state that it is in.

    Attributes:
        taskRunId, taskRunName, taskName, taskVersion: of a task run only.
        deploymentName: "flow/deployment", as `prefect deployment run` takes it.
        runCount: how often the run has run, this time included.
        upstreamCount: how many runs' results it used; `inputs` lists 1,000 at most.
    """

    flowRunId: str | None = None
    flowRunName: str | None = None
    flowName: str | None = None
    flowVersion: str | None = None
    taskRunId: str | None = None
    taskRunName: str | None = None
    taskName: str | None = None
    taskVersion: str | None = None
    deploymentId: str | None = None
    deploymentName: str | None = None
    deploymentVersion: str | None = None
    state: str | None = None
    runCount: Number | None = None
    inputs: Items[PrefectInput] = Field(default_factory=list)
    upstreamCount: Number | None = None


AIRFLOW = "whence_airflow"
"""Key of the `AirflowRun` facet."""


class AirflowAsset(Open):
    """What the extra of an asset, or of an event by which a task said that it updated one (`event`), said."""

    uri: str
    extra: dict[str, Any]
    event: bool


class AirflowRun(BaseFacet):
    """`whence_airflow` 1-0-0 of a run: what neither a standard facet nor those of Airflow's own provider say of it.

    Attributes:
        state: what Airflow calls the state of a try that did not end well: failed, skipped, upstream_failed or removed.
        backfillId: of the backfill that the DAG run belongs to.
        partitionKey: of the DAG run.
        assets: of the task.
    """

    state: str | None = None
    backfillId: int | None = None
    partitionKey: str | None = None
    assets: Items[AirflowAsset] = Field(default_factory=list)
