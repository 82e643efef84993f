"""How the tasks of a DAG run ended, of which nobody tells: never run, killed, or ended by the scheduler.

Such tasks call no listener. So when the last event of their DAG run is sent, Airflow's database is asked, in the
process that the provider has for that, which has a connection of its own; never in the scheduler's.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from openlineage.client.event_v2 import Job, Run, RunEvent, RunState

from whence_airflow import facets
from whence_airflow.emitting import PRODUCER, task_run_id
from whence_collector.standard import facet

_ENDINGS = {
    "failed": RunState.FAIL,
    "skipped": RunState.ABORT,
    "upstream_failed": RunState.ABORT,
    "removed": RunState.ABORT,
}


class Ending(NamedTuple):
    """How one try of a task ended; try 0 is that of a task that never ran."""

    task_id: str
    map_index: int
    try_number: int
    state: str
    time: datetime | None


def endings(event: Any) -> Iterator[RunEvent]:
    """Events of tries that did not end well, when a DAG run has ended; also of those that said so themselves, for
    nobody here knows which did, and saying it twice changes nothing."""
    said = getattr(getattr(event, "run", None), "facets", None) or {}
    if "airflowState" in said and "airflowDagRun" in said:
        run = said["airflowDagRun"].dagRun
        date = datetime.fromisoformat(run.get("logical_date") or run["run_after"])
        for ending in _stored(event.job.name, run["run_id"]):
            yield _event(event, ending, date)


def _stored(dag_id: str, run_id: str) -> list[Ending]:
    from airflow.models.taskinstance import TaskInstance
    from airflow.models.taskinstancehistory import TaskInstanceHistory
    from airflow.utils.session import create_session
    from sqlalchemy import select

    def tries(table: Any) -> list[Ending]:
        columns = (table.task_id, table.map_index, table.try_number, table.state, table.end_date)
        found = session.execute(select(*columns).where(table.dag_id == dag_id, table.run_id == run_id))
        return [Ending(*row) for row in found]

    with create_session() as session:
        past, present = tries(TaskInstanceHistory), tries(TaskInstance)
    return [ending for ending in (*past, *_renumbered(past, present)) if ending.state in _ENDINGS]


def _renumbered(past: list[Ending], present: list[Ending]) -> Iterator[Ending]:
    """A task that was cleared and then never ran again keeps the number of its last try: it has not that one's end."""
    ran = {ending[:3] for ending in past}
    for ending in present:
        yield ending._replace(try_number=0) if ending[:3] in ran else ending


def _event(of_dag: Any, ending: Ending, date: datetime) -> RunEvent:
    dag_id, namespace = of_dag.job.name, of_dag.job.namespace
    run_facets = facets.airflow(state=str(ending.state))
    if not ending.try_number:  # nobody else says to which run it belongs
        dag = {"run": {"runId": of_dag.run.runId}, "job": {"namespace": namespace, "name": dag_id}}
        run_facets["parent"] = facet("ParentRunFacet", **dag, root=dag)
    return RunEvent(
        eventType=_ENDINGS[ending.state],
        eventTime=ending.time.isoformat() if ending.time else of_dag.eventTime,
        run=Run(task_run_id(dag_id, ending.task_id, date, ending.try_number, ending.map_index), run_facets),
        job=Job(namespace, f"{dag_id}.{ending.task_id}"),
        producer=PRODUCER,
    )
