"""Prefect's own events, as its API gives them (JSON) -> what they say of runs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .assets import artifact, asset
from .datasets import READ, WRITTEN, Dataset, dataset_of
from .runs import Change, Match

Event = Mapping[str, Any]

PREFIXES = (
    "prefect.flow-run.",
    "prefect.task-run.",
    "prefect.asset.",
    "prefect.artifact.created",
    "prefect.deployment.",
    "whence.dataset.",
)
"""What the names of events begin with that say something of lineage."""


@dataclass(frozen=True, slots=True)
class Input:
    """A run that a task run uses, as Prefect lists it. kind: task_run or flow_run."""

    parameter: str
    kind: str
    id: str
    match: Match = Match.UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFacts:
    """What an event or the REST API says of a task run. task: its task's name, where its own name still tells it."""

    id: str
    name: str
    task: str | None
    function: str
    version: str | None
    flow_run: str | None
    tags: tuple[str, ...]
    inputs: tuple[Input, ...]
    callers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """What an event is about: ids of runs and of a deployment; and the names of the flow run and its flow."""

    flow: str | None = None
    flow_run: str | None = None
    flow_run_name: str | None = None
    task_run: str | None = None
    deployment: str | None = None


def occurred(event: Event) -> datetime:
    """When it happened."""
    return datetime.fromisoformat(event["occurred"])


def links(event: Event) -> Links:
    """What an event is about."""
    found: dict[str, str] = {}
    names: dict[str, str | None] = {}
    for resource in (*event["related"], event["resource"]):
        kind, _, identifier = resource["prefect.resource.id"].removeprefix("prefect.").partition(".")
        if kind in ("flow", "flow-run", "task-run", "deployment"):
            found[kind], names[kind] = identifier, resource.get("prefect.resource.name")
    return Links(
        flow=names.get("flow"),
        flow_run=found.get("flow-run"),
        flow_run_name=names.get("flow-run"),
        task_run=found.get("task-run"),
        deployment=found.get("deployment"),
    )


def change(event: Event) -> Change | None:
    """The change of state that an event reports; None where it reports another thing."""
    resource = event["resource"]
    if "prefect.state-type" not in resource:
        return None
    before = event["payload"].get("initial_state")
    return Change(
        at=occurred(event),
        type=resource["prefect.state-type"],
        name=resource["prefect.state-name"],
        before=before["type"] if before else None,
        message=resource.get("prefect.state-message") or None,
        count=int(resource.get("prefect.run-count") or 0),
    )


def task_facts(event: Event) -> TaskFacts:
    """What a `prefect.task-run.*` event says of its task run."""
    found = links(event)
    assert found.task_run is not None
    created = event["payload"].get("initial_state") is None
    return facts_of_task(found.task_run, found.flow_run, event["payload"]["task_run"], created)


def facts_of_task(run: str, flow_run: str | None, said: Mapping[str, Any], created: bool = False) -> TaskFacts:
    """The same from the fields that events and the REST API share. created: nothing has renamed the run yet."""
    name, key = said["name"], str(said["dynamic_key"])
    task = next((name.removesuffix(end) for end in (f"-{key}", f"-{key[:3]}") if name.endswith(end)), None)
    inputs = said.get("task_inputs") or {}
    return TaskFacts(
        id=run,
        name=name,
        task=task or (name if created and not flow_run else None),
        function=said["task_key"].rpartition("-")[0] or said["task_key"],
        version=said.get("task_version"),
        flow_run=flow_run,
        tags=tuple(sorted(said.get("tags") or ())),
        inputs=tuple(_inputs({key: value for key, value in inputs.items() if key != "__parents__"})),
        callers=tuple(entry.id for entry in _inputs({"": inputs.get("__parents__") or ()})),
    )


def _inputs(inputs: Mapping[str, Iterable[Mapping[str, str]]]) -> Iterable[Input]:
    for parameter, values in inputs.items():
        for value in values:
            if value["input_type"] in ("task_run", "flow_run"):
                match = Match.WAIT_FOR if parameter == "wait_for" else Match.UNKNOWN
                yield Input(parameter, value["input_type"], value["id"], match)


def used(event: Event) -> tuple[Sequence[Dataset], Sequence[Dataset]] | None:
    """What an event says was read and written; None where it says nothing of that.

    Raises:
        ValueError: it names a dataset in a way that is not understood.
    """
    name, resource, payload = event["event"], event["resource"], event["payload"]
    if name == "prefect.asset.referenced":
        return [asset(resource)], []
    if name.startswith("prefect.asset.materialization."):
        read = [asset(related) for related in event["related"] if related["prefect.resource.role"] == "asset"]
        return read, [asset(resource, payload)]
    if name == "prefect.artifact.created":
        return ([], [artifact(resource, payload)]) if payload.get("key") else None
    if name == READ:
        return [dataset_of(payload)], []
    if name == WRITTEN:
        return [], [dataset_of(payload)]
    return None
