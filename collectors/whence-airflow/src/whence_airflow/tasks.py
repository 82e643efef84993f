"""What a try of a task has that the provider does not say: code, parameters, all its assets, partitions."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

from airflow.providers.openlineage.utils.utils import is_operator_disabled, is_selective_lineage_enabled
from openlineage.client.event_v2 import InputDataset, OutputDataset

from whence_airflow import code, facets
from whence_airflow.assets import Use, assets_among, inputs, name_of, outputs
from whence_airflow.emitting import State, emit_run, task_instance_run_id
from whence_airflow.updates import Update, partitions, triggers, updates
from whence_collector.facets import PARAMETERS, parameters
from whence_collector.naming import DatasetName


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

    @property
    def partition_key(self) -> str | None:
        """Of the DAG run; before Airflow 3.2 there is none."""
        return getattr(self.run, "partition_key", None)

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
    known = _known(this, [])
    params = dict(this.context.get("params") or {})
    said = {**facets.nominal_time(this.run), **({PARAMETERS: parameters(params)} if params else {})}
    this.emit(State.RUNNING, ti.start_date, **known._replace(run_facets={**known.run_facets, **said})._asdict())
    _told.clear()
    _told[ti.id] = known


def succeeded(ti: Any) -> None:
    """Report what is known now and was not when the try started: what it has written, as it said itself by
    ``outlet_events``; and whether its code had changes, which git has told meanwhile."""
    if (this := Task.of(ti)) is None:
        return
    known = _known(this, updates(this.context))
    if known != _told.get(ti.id):
        this.emit(State.RUNNING, datetime.now(UTC), **known._asdict())


def skipped(ti: Any) -> None:
    """Report that a task skipped itself, which the provider takes for a success."""
    if (this := Task.of(ti)) is not None:
        said = facets.airflow(state="skipped", partitionKey=this.partition_key)
        this.emit(State.ABORT, datetime.now(UTC), run_facets=said)


class Known(NamedTuple):
    """What an event says of a try, but for its parameters and time, which do not change."""

    run_facets: dict[str, Any]
    job_facets: dict[str, Any]
    inputs: list[InputDataset]
    outputs: list[OutputDataset]


_told: dict[Any, Known] = {}
"""What was said when the try started that this process runs, by the id of its task instance."""


def _known(this: Task, said: list[Update]) -> Known:
    version = getattr(getattr(this.instance, "bundle_instance", None), "version", None)
    of_run, of_job = code.facets(this.context["dag"].fileloc, this.task, version, dirty=True)
    ours = facets.airflow(partitionKey=this.partition_key, assets=list(_extra(this, said)))
    return Known({**of_run, **ours}, of_job, inputs(_read(this)), outputs(_written(this, said)))


def _read(this: Task) -> dict[DatasetName, Use]:
    """Inlets, each with the partitions whose events triggered the run, else with that of the run."""
    own, triggered = partitions([this.partition_key]), triggers(this.run)
    names = (name_of(asset) for asset in assets_among(this.task.inlets))
    return {name: Use(triggered.get(name) or own) for name in names}


def _written(this: Task, said: list[Update]) -> dict[DatasetName, Use]:
    """Outlets, and what else the task says that it updated."""
    own = Use(partitions([this.partition_key]))
    found = {name_of(asset): own for asset in assets_among(this.task.outlets)}
    return found | {name_of(update.asset): update.use(this.partition_key) for update in said}


def _extra(this: Task, said: list[Update]) -> Iterator[dict[str, Any]]:
    for asset in assets_among((*this.task.inlets, *this.task.outlets)):
        if asset.extra:
            yield {"uri": asset.uri, "extra": dict(asset.extra), "event": False}
    for update in said:
        if update.extra:
            yield {"uri": update.asset.uri, "extra": update.extra, "event": True}
