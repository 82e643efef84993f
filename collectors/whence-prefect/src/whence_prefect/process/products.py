"""Watching what flows make of Prefect's own: assets and artifacts."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from prefect.artifacts import Artifact
from prefect.context import AssetContext, FlowRunContext, TaskRunContext

from ..assets import artifact, asset
from .around import around
from .emitter import EMITTER
from .seen import Used


def watch() -> None:
    """Begin to watch, in this process."""
    around(AssetContext, "emit_events", _about_to_emit, _materialized)
    for name in ("create", "acreate"):
        around(Artifact, name, after=_created)


def resource_of(asset: Any) -> Mapping[str, str]:
    """An asset as Prefect's events have it."""
    found: Mapping[str, str] = AssetContext.asset_as_resource(asset)
    return found


def current() -> tuple[str | None, str | None]:
    """The ids of the flow run and of the task run that this thread executes."""
    flow, task = FlowRunContext.get(), TaskRunContext.get()
    run = task.task_run if task else None
    flow_run = str(flow.flow_run.id) if flow and flow.flow_run else None
    if run and run.flow_run_id:
        flow_run = str(run.flow_run_id)
    return flow_run, str(run.id) if run else None


def _about_to_emit(context: Any, state: Any) -> bool:
    """Whether Prefect will report the task's assets as materialised, or as attempted."""
    return bool(context.downstream_assets) and state.name != "Cached" and (state.is_failed() or state.is_completed())


def _materialized(context: Any, emits: bool, result: None) -> None:
    if not emits:
        return
    sources = context.upstream_assets | context.direct_asset_dependencies
    metadata = context.materialization_metadata
    flow_run, task_run = current()
    EMITTER.put(
        Used(
            flow_run=flow_run,
            task_run=str(context.task_run_id) if context.task_run_id else task_run,
            at=datetime.now(UTC),
            reads=[asset(resource_of(source)) for source in sources],
            writes=[asset(resource_of(made), metadata.get(made.key)) for made in context.downstream_assets],
        )
    )


def _created(request: Any, noted: None, response: Any) -> None:
    flow_run, task_run = current()
    if response.key and (flow_run or task_run):
        resource = {"prefect.resource.id": f"prefect.artifact.{response.id}"}
        made = artifact(resource, {"key": response.key, "type": response.type, "description": response.description})
        EMITTER.put(Used(flow_run=flow_run, task_run=task_run, at=datetime.now(UTC), writes=[made]))
