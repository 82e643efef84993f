"""What a try of a task has that the provider does not say: code, parameters, all its assets, partitions."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

from airflow.providers.openlineage.utils.utils import is_operator_disabled, is_selective_lineage_enabled

from whence_airflow import assets, code, facets
from whence_airflow.emitting import State, emit_run, task_instance_run_id
from whence_airflow.naming import DatasetName
from whence_collector.facets import PARAMETERS, parameters

Partitions = dict[DatasetName, list[assets.Partition]]


class Task(NamedTuple):
    """One try of a task, in the process that runs it."""

    instance: Any
    run: Any
    task: Any
    context: Any

    @classmethod
    def of(cls, ti: Any) -> "Task | None":
        """The try, unless the user does not want this task to be reported."""
        context = ti.get_template_context()
        task = context["task"]
        return cls(ti, context["dag_run"], task, context) if reported(task) else None

    def emit(self, state: State, time: datetime, **said: Any) -> None:
        """Emit an event of its run."""
        ti = self.instance
        emit_run(state, time, task_instance_run_id(ti, self.run), f"{ti.dag_id}.{ti.task_id}", **said)


def reported(task: Any) -> bool:
    """Whether the provider reports this task: ``disabled_for_operators``, ``selective_enable``, ``emission_policy``."""
    try:
        from airflow.providers.openlineage.utils.emission_policy import resolve_task_emission_policy
    except ImportError:  # an older provider
        return not is_operator_disabled(task) and is_selective_lineage_enabled(task)
    return bool(resolve_task_emission_policy(operator=task, dag_id=task.dag_id, task_id=task.task_id).emit)


def started(ti: Any) -> None:
    """Report what is known of a try when it starts."""
    if (this := Task.of(ti)) is None:
        return
    fileloc, version = this.context["dag"].fileloc, getattr(getattr(ti, "bundle_instance", None), "version", None)
    of_run, of_job = code.facets(fileloc, this.task, version, dirty=True)
    params = dict(this.context.get("params") or {})
    this.emit(
        State.RUNNING,
        ti.start_date,
        run_facets={
            **of_run,
            **facets.nominal_time(this.run),
            **({PARAMETERS: parameters(params)} if params else {}),
            **facets.airflow(partitionKey=_key(this), assets=list(_declared_extra(this))),
        },
        job_facets=of_job,
        inputs=assets.inputs(this.task.inlets, _read(this)),
        outputs=assets.outputs(this.task.outlets, _written(this, {})),
    )


def succeeded(ti: Any) -> None:
    """Report what a try has written, as it said itself by ``outlet_events``; and whether its code had changes, which
    git has told meanwhile."""
    if (this := Task.of(ti)) is None:
        return
    events = dict(_events(this))
    version = getattr(getattr(ti, "bundle_instance", None), "version", None)
    of_run, of_job = code.facets(this.context["dag"].fileloc, this.task, version, dirty=True)
    extra = [{"uri": asset.uri, "extra": said, "event": True} for asset, (said, _) in events.items() if said]
    written = [asset for asset in this.task.outlets if assets.is_asset(asset)]
    this.emit(
        State.RUNNING,
        datetime.now(UTC),
        run_facets={
            **of_run,
            **facets.airflow(partitionKey=_key(this), assets=[*_declared_extra(this), *extra]),
        },
        job_facets=of_job,
        inputs=assets.inputs(this.task.inlets, _read(this)),
        outputs=assets.outputs([*written, *events], _written(this, events)),
    )


def skipped(ti: Any) -> None:
    """Report that a task skipped itself, which the provider takes for a success."""
    if (this := Task.of(ti)) is not None:
        this.emit(State.ABORT, datetime.now(UTC), run_facets=facets.airflow(state="skipped", partitionKey=_key(this)))


def _key(this: Task) -> str | None:
    return getattr(this.run, "partition_key", None)


def _read(this: Task) -> Partitions:
    """Partitions of what is read: those of the asset events that triggered the run, else that of the run."""
    found: Partitions = defaultdict(list)
    for event in getattr(this.run, "consumed_asset_events", None) or ():
        for partition in assets.partitions_of(getattr(event, "partition_key", None), event.extra):
            name = assets.name_of(assets.asset(event.asset))
            if partition not in found[name]:
                found[name].append(partition)
    own = assets.partitions_of(_key(this), None)
    inlets = (assets.name_of(asset) for asset in this.task.inlets if assets.is_asset(asset))
    return {name: found.get(name) or own for name in inlets}


def _written(this: Task, events: dict[Any, Any]) -> Partitions:
    """Partitions of what is written: what the task said of them, else that of the run."""
    own = assets.partitions_of(_key(this), None)
    found = {assets.name_of(asset): own for asset in this.task.outlets if assets.is_asset(asset)}
    for asset, (extra, keys) in events.items():
        said = assets.partitions_of(None, extra) or [{assets.PARTITION: key} for key in sorted(keys)]
        found[assets.name_of(asset)] = said or own
    return found


def _events(this: Task) -> Iterator[tuple[Any, tuple[dict[str, Any], set[str]]]]:
    """Each asset of which the task has said something by ``outlet_events``: its extra and its partition keys."""
    from airflow.sdk import Asset

    accessors = this.context.get("outlet_events")
    for key in accessors or ():
        accessor = accessors[key]
        if isinstance(key, Asset):
            extra, keys = dict(accessor.extra or {}), set(getattr(accessor, "partition_keys", ()))
            if extra or keys:
                yield key, (extra, keys)
        for event in getattr(accessor, "asset_alias_events", None) or ():
            yield assets.asset(event.dest_asset_key), (dict(event.extra or {}), set())


def _declared_extra(this: Task) -> Iterator[dict[str, Any]]:
    for asset in (*this.task.inlets, *this.task.outlets):
        if assets.is_asset(asset) and asset.extra:
            yield {"uri": asset.uri, "extra": dict(asset.extra), "event": False}
