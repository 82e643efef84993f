"""Listens to what happens in Airflow. Nothing here may raise, wait, or touch a session of the database."""

import logging
import sys
from collections.abc import Generator
from typing import Any

from airflow.listeners import hookimpl

from whence_airflow import choosing, dags, tasks
from whence_airflow.quiet import quiet

log = logging.getLogger("whence_airflow")


class Listener:
    """Reports what the provider leaves out, in the process where it happens.

    The provider may fork to report, so that what we do at a task's start (there may be a thread that asks git) comes
    after it; what we say at the end comes before, as Whence takes what is said later for later.
    """

    def __init__(self) -> None:
        self._dag_runs = dags.DagRuns()

    @hookimpl
    def on_starting(self, component: Any) -> None:
        """A scheduler, a DAG processor, or the runner of a task."""
        if choosing.chosen_by_user() and type(component).__name__ != "TaskRunnerMarker":
            log.warning(
                "Whence: an OpenLineage transport is configured, so the provider's events go there and not into the "
                "spool. To send them to Whence, remove it, or make it %s",
                choosing.TRANSPORT,
            )

    @hookimpl(wrapper=True)
    def on_task_instance_running(self, previous_state: Any, task_instance: Any) -> Generator[None, Any, Any]:
        """A try starts."""
        quiet(_forget_hook_lineage)()
        result = yield
        if _runs_here(task_instance):
            quiet(tasks.started)(task_instance)
        return result

    @hookimpl(tryfirst=True)
    def on_task_instance_success(self, previous_state: Any, task_instance: Any) -> None:
        """A try has ended well."""
        if _runs_here(task_instance):
            quiet(tasks.succeeded)(task_instance)

    @hookimpl(tryfirst=True)
    def on_task_instance_skipped(self, previous_state: Any, task_instance: Any) -> None:
        """A task has skipped itself."""
        if _runs_here(task_instance):
            quiet(tasks.skipped)(task_instance)

    @hookimpl
    def on_dag_run_running(self, dag_run: Any, msg: str) -> None:
        """A DAG run starts; in the scheduler."""
        quiet(self._dag_runs.started)(dag_run)

    @hookimpl
    def on_dag_run_success(self, dag_run: Any, msg: str) -> None:
        """A DAG run has ended well; in the scheduler or ``airflow dags test``."""
        quiet(self._dag_runs.ended)(dag_run)

    @hookimpl
    def on_dag_run_failed(self, dag_run: Any, msg: str) -> None:
        """A DAG run has failed; in the scheduler or ``airflow dags test``."""
        quiet(self._dag_runs.ended)(dag_run)


def _runs_here(task_instance: Any) -> bool:
    """Whether this process runs the task. Else it is a row of the database, whose state somebody has changed."""
    runner = sys.modules.get("airflow.sdk.execution_time.task_runner")
    return runner is not None and isinstance(task_instance, runner.RuntimeTaskInstance)


def _forget_hook_lineage() -> None:
    """Each task's hooks report for that task alone, also where tasks share a process, as in ``airflow dags test``."""
    lineage = sys.modules.get("airflow.sdk.lineage")
    if lineage is not None:
        lineage.get_hook_lineage_collector.cache_clear()
    elif (hook := sys.modules.get("airflow.lineage.hook")) is not None:  # before Airflow 3.2
        vars(hook)["_hook_lineage_collector"] = None
