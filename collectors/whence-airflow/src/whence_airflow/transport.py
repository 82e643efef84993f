"""The transport of the provider's events: the spool, and what can be told only from those events."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from openlineage.client.event_v2 import Job, Run, RunEvent, RunState

from whence_airflow import facets
from whence_airflow.emitting import PRODUCER, task_run_id
from whence_airflow.quiet import quiet
from whence_collector import SpoolTransport
from whence_collector.standard import facet

_NEVER_RAN = ("skipped", "upstream_failed")


class AirflowSpool(SpoolTransport):
    """Puts the provider's events into the spool.

    Tasks that the scheduler skips, or does not run as those before them failed, call no listener. The last event of
    their DAG run lists their states: so they are reported when that passes by.
    """

    def emit(self, event: Any) -> None:
        """Put an event into the spool, and after it those of tasks that never ran. Never raises."""
        super().emit(event)
        quiet(self._emit_never_ran)(event)

    def _emit_never_ran(self, event: Any) -> None:
        for other in never_ran(event):
            super().emit(other)


def never_ran(event: Any) -> Iterator[RunEvent]:
    """An event for each task that did not run in a DAG run that has ended, as that run's last event says."""
    said = getattr(getattr(event, "run", None), "facets", None) or {}
    if "airflowState" not in said or "airflowDagRun" not in said:
        return
    states, run = said["airflowState"], said["airflowDagRun"].dagRun
    date = datetime.fromisoformat(run.get("logical_date") or run["run_after"])
    for task_id, state in states.tasksState.items():
        if state in _NEVER_RAN and not states.tasksDuration.get(task_id):
            run_id = task_run_id(event.job.name, task_id, date, 0, -1)
            run_facets = {**facets.airflow(state=str(state)), "parent": _parent(event)}
            yield RunEvent(
                eventType=RunState.ABORT,
                eventTime=event.eventTime,
                run=Run(run_id, run_facets),
                job=Job(event.job.namespace, f"{event.job.name}.{task_id}"),
                producer=PRODUCER,
            )


def _parent(event: Any) -> dict[str, Any]:
    dag = {
        "run": {"runId": event.run.runId},
        "job": {"namespace": event.job.namespace, "name": event.job.name},
    }
    return facet("ParentRunFacet", **dag, root=dag)
