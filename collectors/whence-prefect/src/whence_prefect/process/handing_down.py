"""`environment`: how a run tells another process, such as `dbt-ol` or Dagster, what it runs in."""

import logging
from typing import Any
from uuid import UUID

from whence_collector import emitting
from whence_collector.emitting import Identity

from ..runs import FlowRun, Ref, TaskRun
from ..settings import namespace

log = logging.getLogger("whence_prefect")


def environment() -> dict[str, str]:
    """Environment variables for a process that the run that calls this starts: OPENLINEAGE_CONTEXT,
    OPENLINEAGE_PARENT_ID and OPENLINEAGE_ROOT_PARENT_ID.

    Never raises: outside of flows and tasks, or where Prefect's server does not answer, there are none.
    """
    try:
        run = _run()
    except Exception as error:
        log.warning("Whence: what a process runs in could not be handed down: %s", error)
        return {}
    if run is None:
        log.warning("Whence: a process is started outside of flows and tasks; there is nothing to hand down")
        return {}
    return emitting.environment(_identity(run.ref), _identity(run.root or run.ref))


def _identity(ref: Ref) -> Identity:
    return Identity(ref.id, namespace(), ref.job)


def _run() -> FlowRun | TaskRun | None:
    """The run that this thread executes."""
    from prefect.context import TaskRunContext  # not above: the plugin is loaded while Prefect is

    from .products import current

    flow_run, task_run = current()
    flow = _flow_run(flow_run) if flow_run else None
    context = TaskRunContext.get()
    if task_run is None or context is None:
        return flow
    return TaskRun(id=task_run, name=context.task_run.name, task=context.task.name, flow_run=flow)


def _flow_run(run: str) -> FlowRun:
    """What Prefect's server knows of it: nobody else knows what a subflow is in."""
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:

        def ask(run: UUID) -> FlowRun:
            said: Any = client.read_flow_run(run)
            flow = client.read_flow(said.flow_id).name
            stand_in: Any = client.read_task_run(said.parent_task_run_id) if said.parent_task_run_id else None
            parent = ask(stand_in.flow_run_id) if stand_in and stand_in.flow_run_id else None
            return FlowRun(id=str(run), name=said.name, flow=flow, root=parent.top if parent else None)

        return ask(UUID(run))
