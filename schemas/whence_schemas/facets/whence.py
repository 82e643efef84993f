"""Custom facets of Whence's own. Their JSON Schemas are in ``schemas/json``."""

from pydantic import Field

from .base import BaseFacet, Items, Open

APPROVAL = "whence_approval"
"""Key of the `Approval` facet, with the prefix that OpenLineage asks of custom facets."""


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
