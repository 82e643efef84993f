"""Emits events beside those of the provider, about the same runs and jobs."""

from datetime import datetime
from typing import Any

from airflow.providers.openlineage import conf
from airflow.providers.openlineage.plugins.adapter import OpenLineageAdapter
from openlineage.client.event_v2 import InputDataset, Job, JobEvent, OutputDataset, Run, RunEvent, RunState

from whence_airflow import __version__
from whence_collector import spool_client

PRODUCER = f"urn:whence:airflow:{__version__}"

State = RunState


def dag_run_id(dag_id: str, dag_run: Any) -> str:
    """The id that the provider gives a DAG run."""
    date, clears = _date(dag_run), dag_run.clear_number or 0
    return str(OpenLineageAdapter.build_dag_run_id(dag_id=dag_id, logical_date=date, clear_number=clears))


def task_run_id(dag_id: str, task_id: str, date: datetime, try_number: int, map_index: int) -> str:
    """The id that the provider gives one try of a task; `date` is the DAG run's logical date, or when it was to run."""
    return str(
        OpenLineageAdapter.build_task_instance_run_id(
            dag_id=dag_id, task_id=task_id, try_number=try_number, logical_date=date, map_index=map_index
        )
    )


def task_instance_run_id(ti: Any, dag_run: Any) -> str:
    """The id that the provider gives the run of a task instance."""
    return task_run_id(ti.dag_id, ti.task_id, _date(dag_run), ti.try_number, ti.map_index)


def _date(dag_run: Any) -> datetime:
    date: datetime = dag_run.logical_date or dag_run.run_after
    return date


def emit_run(
    state: State,
    time: datetime,
    run_id: str,
    job: str,
    *,
    run_facets: dict[str, Any],
    job_facets: dict[str, Any] | None = None,
    inputs: list[InputDataset] | None = None,
    outputs: list[OutputDataset] | None = None,
) -> None:
    """Emit one event of a run."""
    emit(
        RunEvent(
            eventType=state,
            eventTime=time.isoformat(),
            run=Run(run_id, run_facets),
            job=Job(conf.namespace(), job, job_facets or {}),
            inputs=list(inputs or ()),
            outputs=list(outputs or ()),
            producer=PRODUCER,
        )
    )


def emit(event: RunEvent | JobEvent) -> None:
    """Emit an event, without what Airflow holds secret: into the spool, which keeps nobody waiting."""
    spool_client().emit(redacted(event))


def redacted(event: RunEvent | JobEvent) -> Any:
    """The event without what Airflow hides in its logs, as far as it knows of it by now."""
    return OpenLineageAdapter()._redacter.redact(event, max_depth=20)
