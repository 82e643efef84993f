"""What a DAG run has that the provider does not say."""

from types import SimpleNamespace
from typing import Any

from whence_airflow import code, facets
from whence_airflow.emitting import State, dag_run_id, emit_run
from whence_collector.facets import PARAMETERS, parameters

_COLUMNS = (
    "start_date",
    "logical_date",
    "run_after",
    "data_interval_start",
    "clear_number",
    "bundle_version",
    "backfill_id",
    "partition_key",
    "conf",
)


class DagRuns:
    """DAG runs of which this process has seen the start."""

    def __init__(self) -> None:
        self._started: set[str] = set()

    def started(self, dag_run: Any) -> None:
        """Report what is known when a run starts."""
        run = _columns(dag_run)
        run_id = dag_run_id(dag_run.dag_id, run)
        self._started.add(run_id)
        dag = dag_run.dag
        of_run, of_job = code.facets(dag.fileloc, version=run.bundle_version, dirty=False) if dag else ({}, {})
        params = {**_defaults(dag), **(run.conf if isinstance(run.conf, dict) else {})}
        emit_run(
            State.START,
            run.start_date,
            run_id,
            dag_run.dag_id,
            run_facets={
                **of_run,
                **facets.nominal_time(run),
                **({PARAMETERS: parameters(params)} if params else {}),
                **facets.airflow(backfillId=run.backfill_id, partitionKey=run.partition_key),
            },
            job_facets=of_job,
        )

    def ended(self, dag_run: Any) -> None:
        """Report the start of a run whose start nobody told of: ``airflow dags test``, or a scheduler started anew."""
        run_id = dag_run_id(dag_run.dag_id, _columns(dag_run))
        if run_id not in self._started:
            self.started(dag_run)
        self._started.discard(run_id)


def _columns(dag_run: Any) -> SimpleNamespace:
    """What is already loaded of a row. To ask for more would use the scheduler's session, and end the scheduler."""
    return SimpleNamespace(**{name: dag_run.__dict__.get(name) for name in _COLUMNS})


def _defaults(dag: Any) -> dict[str, Any]:
    return dict(dag.params.dump()) if hasattr(getattr(dag, "params", None), "dump") else {}
