"""Backfills, which contain the runs that they launched."""

from datetime import UTC, datetime
from typing import Any

from dagster import DagsterInstance, RunsFilter
from openlineage.client.event_v2 import Job, Run, RunEvent, RunState

from whence_dagster import facets
from whence_dagster.names import backfill_run_id
from whence_dagster.run import BACKFILL_JOB

_ENDS = {
    "COMPLETED_SUCCESS": RunState.COMPLETE,
    "COMPLETED_FAILED": RunState.FAIL,
    "FAILED": RunState.FAIL,
    "CANCELED": RunState.ABORT,
}
_LAUNCHED = "COMPLETED"
"""What Dagster says of a backfill whose runs it has launched, and does not watch."""


def start_event(backfill: Any, namespace: str) -> RunEvent:
    """The start of a PartitionBackfill, in the namespace of the jobs that it runs."""
    at = datetime.fromtimestamp(backfill.backfill_timestamp, UTC)
    return _event(backfill, namespace, RunState.START, at)


def end_event(backfill: Any, namespace: str, instance: DagsterInstance) -> RunEvent | None:
    """Its end; None while it goes on."""
    status = backfill.status.value
    if status not in _ENDS and status != _LAUNCHED:
        return None
    runs = instance.get_run_records(RunsFilter(tags={"dagster/backfill": backfill.backfill_id}))
    if not all(run.dagster_run.is_finished for run in runs):
        return None
    succeeded = all(run.dagster_run.is_success for run in runs)
    state = _ENDS.get(status) or (RunState.COMPLETE if succeeded else RunState.FAIL)
    ends = [run.end_time for run in runs if run.end_time]
    at = max([getattr(backfill, "backfill_end_timestamp", None) or backfill.backfill_timestamp, *ends])
    return _event(backfill, namespace, state, datetime.fromtimestamp(at, UTC))


def _event(backfill: Any, namespace: str, state: RunState, at: datetime) -> RunEvent:
    said: dict[str, Any] = {
        "whence_dagster": facets.custom(
            "WhenceDagsterRunFacet",
            backfillId=backfill.backfill_id,
            jobName=BACKFILL_JOB,
            assetKeys=[list(key.path) for key in backfill.asset_selection or ()],
            partitionKeys=list(backfill.partition_names or ()) or None,
        )
    }
    if tags := {key: value for key, value in (backfill.tags or {}).items() if not key.startswith("dagster/")}:
        said["tags"] = facets.run_tags(tags)
    if backfill.error and state == RunState.FAIL:
        said["errorMessage"] = facets.error(backfill.error)
    job: dict[str, Any] = {"jobType": facets.job_type("BACKFILL", snapshot=False)}
    return RunEvent(
        eventTime=at.isoformat(timespec="microseconds").replace("+00:00", "Z"),
        eventType=state,
        run=Run(backfill_run_id(backfill.backfill_id), said),
        job=Job(namespace, BACKFILL_JOB, job),
        producer=facets.PRODUCER,
    )
