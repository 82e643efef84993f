"""Custom facets of Whence's own. Their JSON Schemas are in ``schemas/json``."""

from typing import Any

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
