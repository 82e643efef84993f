"""The facet `whence_airflow`. Its JSON Schema is in Whence's ``schemas/json``."""

from typing import Any, ClassVar

import attr
from openlineage.client.facet_v2 import RunFacet

from whence_collector.standard import facet

AIRFLOW = "whence_airflow"


@attr.define
class WhenceAirflowRunFacet(RunFacet):
    """`whence_airflow`: what neither a standard facet nor those of Airflow's own provider say of a run.

    Attributes:
        state: what Airflow calls the state of a try that did not end well: failed, skipped, upstream_failed or removed.
        backfillId: of the backfill that the DAG run belongs to.
        partitionKey: of the DAG run.
        assets: what the extra of assets and of asset events said, for each: `uri`, `extra`, and whether it was of an
            `event`.
    """

    state: str | None = attr.field(default=None)
    backfillId: int | None = attr.field(default=None)
    partitionKey: str | None = attr.field(default=None)
    assets: list[dict[str, Any]] | None = attr.field(default=None)

    _additional_skip_redact: ClassVar[list[str]] = ["state", "backfillId", "partitionKey"]

    @staticmethod
    def _get_schema() -> str:
        return "urn:whence:facets:1-0-0:WhenceAirflowRunFacet.json"


def airflow(**said: Any) -> dict[str, Any]:
    """The facet by its key, if there is anything to say."""
    known = {name: value for name, value in said.items() if value}
    return {AIRFLOW: WhenceAirflowRunFacet(**known)} if known else {}


def nominal_time(dag_run: Any) -> dict[str, Any]:
    """`nominalTime` where the provider says none: of a run without a data interval. A run without a logical date either
    is of the time after which it was to run."""
    if getattr(dag_run, "data_interval_start", None):
        return {}
    time = getattr(dag_run, "logical_date", None) or getattr(dag_run, "run_after", None)
    return {"nominalTime": facet("NominalTimeRunFacet", nominalStartTime=time.isoformat())} if time else {}
