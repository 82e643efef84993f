"""Custom facets of Whence's own. Their JSON Schemas are in ``schemas/json``."""

from pydantic import Field

from .base import BaseFacet, Items, Number, Open

APPROVAL = "whence_approval"
"""Key of the `Approval` facet, with the prefix that OpenLineage asks of custom facets."""

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
