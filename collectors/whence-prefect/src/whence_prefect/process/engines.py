"""Watching Prefect's engines: each change of state is noted; no more than that happens in the flow's own threads."""

from collections.abc import Iterable
from datetime import UTC, datetime
from traceback import TracebackException
from typing import Any

import prefect.flow_engine
import prefect.task_engine
from prefect.context import FlowRunContext
from prefect.futures import PrefectFuture
from prefect.states import State
from prefect.utilities.collections import visit_collection

from ..native import Input, TaskFacts
from ..runs import Change, Match
from ..states import steps
from . import products
from .around import around
from .declared import declarations
from .emitter import EMITTER
from .seen import Changed, FlowFacts
from .values import snapshot

_FLOW_ENGINES = (prefect.flow_engine.FlowRunEngine, prefect.flow_engine.AsyncFlowRunEngine)
_TASK_ENGINES = (prefect.task_engine.SyncTaskRunEngine, prefect.task_engine.AsyncTaskRunEngine)
_ANY_TASK_ENGINE = prefect.task_engine.BaseTaskRunEngine
_FAILURES = ("handle_exception", "handle_timeout", "handle_crash")


def watch() -> None:
    """Begin to watch, in this process."""
    if hasattr(_TASK_ENGINES[0].set_state, "__wrapped__"):
        return
    for engine in _FLOW_ENGINES:
        around(engine, "set_state", _flow_state, _flow_changed)
    for engine in _TASK_ENGINES:
        around(engine, "set_state", _task_state, _task_changed)
    around(_ANY_TASK_ENGINE, "_resolve_parameters", _note_futures)
    around(_ANY_TASK_ENGINE, "handle_rollback", after=_rolled_back)
    for engine in (*_FLOW_ENGINES, *_TASK_ENGINES):
        for failure in _FAILURES:
            around(engine, failure, _note_error)
    products.watch()
    EMITTER.start()


# Flows


def _flow_state(engine: Any, *args: Any, **kwargs: Any) -> Any:
    return engine.flow_run.state


def _flow_changed(engine: Any, before: Any, after: State[Any]) -> None:
    run = engine.flow_run
    started = after.type.value == "RUNNING"  # which the server has counted, and this copy of the run has not
    change = _change(before, after, run.run_count + started)
    if change is None:
        return
    if started:
        for declared in declarations(engine.flow, change.at):
            EMITTER.put(declared)
    EMITTER.put(
        Changed(
            run=FlowFacts(id=str(run.id), name=run.name, flow=engine.flow.name),
            change=change,
            function=engine.flow.fn,
            error=_error_of(engine, change),
        )
    )


# Tasks


def _task_state(engine: Any, *args: Any, **kwargs: Any) -> Any:
    return engine.task_run.state


def _task_changed(engine: Any, before: Any, after: State[Any]) -> None:
    change = _change(before, after, engine.task_run.run_count)
    if change is None:
        return
    starts = change.type == "RUNNING"
    EMITTER.put(
        Changed(
            run=_task_facts(engine),
            change=change,
            within=_within(),
            function=engine.task.fn,
            arguments={name: snapshot(value) for name, value in engine.parameters.items()} if starts else None,
            error=_error_of(engine, change),
        )
    )


def _rolled_back(engine: Any, noted: Any, result: Any) -> None:
    """Prefect reports a rollback without setting the state."""
    change = Change(at=datetime.now(UTC), type="COMPLETED", name="RolledBack", count=engine.task_run.run_count)
    EMITTER.put(Changed(run=_task_facts(engine), within=_within(), change=change, function=engine.task.fn))


def _within() -> FlowFacts | None:
    context = FlowRunContext.get()
    if context is None or context.flow is None or context.flow_run is None:
        return None
    return FlowFacts(id=str(context.flow_run.id), name=context.flow_run.name, flow=context.flow.name)


def _task_facts(engine: Any) -> TaskFacts:
    run, task = engine.task_run, engine.task
    certain: frozenset[str] = getattr(engine, "_whence_futures", frozenset())
    inputs = dict(run.task_inputs)
    callers = inputs.pop("__parents__", ())
    return TaskFacts(
        id=str(run.id),
        name=run.name,
        task=task.name,
        function=task.name,
        version=run.task_version,
        flow_run=str(run.flow_run_id) if run.flow_run_id else None,
        tags=tuple(sorted(run.tags)),
        inputs=tuple(_inputs(inputs, certain)),
        callers=tuple(str(caller.id) for caller in callers),
    )


def _inputs(inputs: dict[str, Any], certain: frozenset[str]) -> Iterable[Input]:
    for parameter, values in inputs.items():
        for value in values:
            if value.input_type in ("task_run", "flow_run"):
                run = str(value.id)
                match = Match.FUTURE if run in certain else Match.IDENTITY
                yield Input(parameter, value.input_type, run, Match.WAIT_FOR if parameter == "wait_for" else match)


def _note_futures(engine: Any) -> None:
    """Which inputs are certain, before the futures give way to their results."""
    linked = [name for name, inputs in engine.task_run.task_inputs.items() if inputs and name in engine.parameters]
    found: set[str] = set()

    def note(value: Any) -> None:
        if isinstance(value, PrefectFuture):
            found.add(str(value.task_run_id))
        elif isinstance(value, State):
            details = value.state_details
            found.update(str(run) for run in (details.task_run_id, details.flow_run_id) if run)

    for name in linked:
        visit_collection(engine.parameters[name], visit_fn=note, return_data=False)
    engine._whence_futures = frozenset(found)


# Both


def _change(before: Any, after: State[Any], count: int) -> Change | None:
    """The change of state, if it makes events."""
    if before is not None and before.id == after.id:
        return None
    at = after.timestamp.astimezone(UTC)
    change = Change(
        at=datetime(at.year, at.month, at.day, at.hour, at.minute, at.second, at.microsecond, UTC),
        type=after.type.value,
        name=after.name or after.type.value.title(),
        before=before.type.value if before is not None else None,
        message=after.message or None,
        count=count,
    )
    return change if steps(change) else None


def _note_error(engine: Any, error: BaseException, *args: Any, **kwargs: Any) -> None:
    """Keep the traceback; its lines of source are read later, elsewhere."""
    engine._whence_error = TracebackException.from_exception(error, lookup_lines=False)


def _error_of(engine: Any, change: Change) -> TracebackException | None:
    """The traceback of what the change ends."""
    failed = change.type in ("FAILED", "CRASHED", "SCHEDULED") or change.before == "RUNNING" == change.type
    return getattr(engine, "_whence_error", None) if failed else None
