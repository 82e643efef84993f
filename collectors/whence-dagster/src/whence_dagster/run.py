"""The event log of one Dagster run -> OpenLineage events. The same log gives the same events, whoever reads it."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from openlineage.client.event_v2 import Job, Run, RunEvent, RunState
from openlineage.client.serde import Serde

from whence_collector.facets import parameters
from whence_dagster import facets
from whence_dagster.datasets import Datasets
from whence_dagster.facts import Partition, RunFacts, partition_of
from whence_dagster.names import backfill_run_id, run_id, step_and_mapping_key, step_run_id
from whence_dagster.steps import Attempt, Plan

BACKFILL_JOB = "__BACKFILL"
"""Job of backfills, named like Dagster's own `__ASSET_JOB`."""

_SYSTEM_TAGS = ("dagster/", ".dagster/", "openlineage/")
_PARENT_TAG = "openlineage/parent_id"
_ROOT_TAG = "openlineage/root_parent_id"
_BACKFILL_TAG = "dagster/backfill"
_SCHEDULED = ".dagster/scheduled_execution_time"

_Ref = tuple[str, str, str]
"""A run: its id, and namespace and name of its job."""


class RunTranslator:
    """Takes the entries of a run's event log, in order, and gives the OpenLineage events that each of them means."""

    def __init__(self, run: RunFacts, datasets: Datasets) -> None:
        self._run = run
        self._datasets = datasets
        self._plans: dict[str, Plan] = {}
        self._attempts: dict[str, Attempt] = {}
        self._code: Mapping[str, Any] = {}
        self._handlers: Mapping[str, Callable[[Any, float], Iterator[RunEvent]]] = {
            "ASSET_MATERIALIZATION_PLANNED": self._output_planned,
            "ASSET_CHECK_EVALUATION_PLANNED": self._check_planned,
            "PIPELINE_START": self._run_started,
            "STEP_START": self._step_started,
            "STEP_RESTARTED": self._step_started,
            "ASSET_MATERIALIZATION": self._materialized,
            "ASSET_OBSERVATION": self._observed,
            "ASSET_CHECK_EVALUATION": self._checked,
            "STEP_SUCCESS": self._step_succeeded,
            "STEP_FAILURE": self._step_failed,
            "STEP_UP_FOR_RETRY": self._step_failed,
            "STEP_SKIPPED": self._step_skipped,
            "PIPELINE_SUCCESS": self._run_ended(RunState.COMPLETE),
            "PIPELINE_FAILURE": self._run_ended(RunState.FAIL),
            "PIPELINE_CANCELED": self._run_ended(RunState.ABORT),
        }

    def feed(self, entry: Any) -> list[RunEvent]:
        """Take the next EventLogEntry."""
        event = entry.dagster_event
        handler = self._handlers.get(event.event_type_value) if event is not None else None
        return list(handler(event, entry.timestamp)) if handler else []

    # The plan

    def _output_planned(self, event: Any, _: float) -> Iterator[RunEvent]:
        data = event.event_specific_data
        key = tuple(data.asset_key.path)
        keys = list(data.partitions_subset.get_partition_keys()) if data.partitions_subset else [data.partition]
        asset = self._datasets.knowledge.asset(key)
        found = [partition_of(asset, partition, self._run.tags) for partition in keys if partition is not None]
        self._plan(event).outputs[key] = found
        return iter(())

    def _check_planned(self, event: Any, _: float) -> Iterator[RunEvent]:
        data = event.event_specific_data
        self._plan(event).checks[(tuple(data.asset_key.path), data.check_name)] = None
        return iter(())

    def _plan(self, event: Any) -> Plan:
        return self._plans.setdefault(event.step_key or "", Plan())

    # The run

    def _run_started(self, _: Any, at: float) -> Iterator[RunEvent]:
        self._code = self._datasets.knowledge.code(self._run, at)
        said: dict[str, Any] = {}
        tags = {key: value for key, value in self._run.tags.items() if not key.startswith(_SYSTEM_TAGS)}
        if tags:
            said["tags"] = facets.run_tags(tags)
        if config := dict(_flat(self._run.config)):
            said["whence_parameters"] = Serde.to_dict(parameters(config))
        yield self._run_event(RunState.START, at, said)

    def _run_ended(self, state: RunState) -> Callable[[Any, float], Iterator[RunEvent]]:
        def ended(event: Any, at: float) -> Iterator[RunEvent]:
            if state != RunState.COMPLETE:
                yield from self._left_over(state, at)
            error = getattr(event.event_specific_data, "error", None)
            yield self._run_event(state, at, {"errorMessage": facets.error(error)} if error else {})

        return ended

    def _left_over(self, state: RunState, at: float) -> Iterator[RunEvent]:
        """Steps that the end of the run cut off, and those that it left undone: their outputs were to be written."""
        for attempt in self._attempts.values():
            if not attempt.ended:
                yield self._step_event(state, attempt, at)
        for step, plan in sorted(self._plans.items()):
            if step not in self._attempts and (plan.outputs or plan.checks):
                yield self._step_event(RunState.ABORT, Attempt(step, 0, plan), at)

    def _run_event(self, state: RunState, at: float, said: Mapping[str, Any]) -> RunEvent:
        run, containers = self._run, self._containers()
        assets = run.assets or sorted({key for plan in self._plans.values() for key in plan.outputs})
        partitions = [p for plan in self._plans.values() for found in plan.outputs.values() for p in found]
        found: dict[str, Any] = {
            **self._nominal_time(assets, partitions),
            "whence_dagster": self._facts(assets, partitions),
            **self._code_facet(""),
            **said,
        }
        if containers:
            found["parent"] = facets.parent(*containers)
        job: dict[str, Any] = {"jobType": facets.job_type("JOB", snapshot=False), **self._code_location()}
        return RunEvent(
            eventTime=_iso(at),
            eventType=state,
            run=Run(run_id(run.run_id), found),
            job=Job(run.namespace, run.job, job),
            producer=facets.PRODUCER,
        )

    def _containers(self) -> tuple[_Ref, _Ref] | None:
        """The run that this one is in, and the outermost one: as its launcher says in tags, or a backfill."""
        tags = self._run.tags
        if parent := _ref(tags.get(_PARENT_TAG, "")):
            return parent, _ref(tags.get(_ROOT_TAG, "")) or parent
        if backfill := tags.get(_BACKFILL_TAG):
            around = (backfill_run_id(backfill), self._run.namespace, BACKFILL_JOB)
            return around, around
        return None

    def _nominal_time(self, assets: Any, partitions: list[Partition]) -> dict[str, facets.Facet]:
        windows = [
            window
            for key in assets
            for p in partitions
            if (window := self._datasets.knowledge.asset(key).window(p.key))
        ]
        if windows:
            start, end = min(start for start, _ in windows), max(end for _, end in windows)
            return {"nominalTime": facets.nominal_time(start.isoformat(), end.isoformat())}
        scheduled = self._run.tags.get(_SCHEDULED)
        return {"nominalTime": facets.nominal_time(scheduled)} if scheduled else {}

    # Steps

    def _step_started(self, event: Any, at: float) -> Iterator[RunEvent]:
        before = self._attempts.get(event.step_key)
        attempt = Attempt(event.step_key, before.number + 1 if before else 0, self._plan(event))
        self._attempts[event.step_key] = attempt
        yield self._step_event(RunState.START, attempt, at)

    def _attempt(self, event: Any) -> Attempt:
        """The attempt that an event is about; a worker that dies at once leaves no start."""
        plan = self._plan(event)
        return self._attempts.setdefault(event.step_key, Attempt(event.step_key, 0, plan))

    def _materialized(self, event: Any, at: float) -> Iterator[RunEvent]:
        if event.step_key:
            materialization = event.event_specific_data.materialization
            self._attempt(event).materialized(materialization, at, self._datasets, self._run.run_id)
        return iter(())

    def _observed(self, event: Any, _: float) -> Iterator[RunEvent]:
        if event.step_key:
            self._attempt(event).observed_asset(event.event_specific_data.asset_observation, self._datasets)
        return iter(())

    def _checked(self, event: Any, _: float) -> Iterator[RunEvent]:
        if event.step_key:
            self._attempt(event).checked(event.event_specific_data)
        return iter(())

    def _step_succeeded(self, event: Any, at: float) -> Iterator[RunEvent]:
        yield self._step_ended(RunState.COMPLETE, event, at)

    def _step_failed(self, event: Any, at: float) -> Iterator[RunEvent]:
        yield self._step_ended(RunState.FAIL, event, at)

    def _step_skipped(self, event: Any, at: float) -> Iterator[RunEvent]:
        """A branch that was not taken: its outputs were never to be."""
        attempt = self._attempt(event)
        attempt.plan = Plan()
        yield self._step_ended(RunState.ABORT, event, at)

    def _step_ended(self, state: RunState, event: Any, at: float) -> RunEvent:
        attempt = self._attempt(event)
        attempt.ended = True
        return self._step_event(state, attempt, at, getattr(event.event_specific_data, "error", None))

    def _step_event(self, state: RunState, attempt: Attempt, at: float, error: Any = None) -> RunEvent:
        run = self._run
        step, mapping_key = step_and_mapping_key(attempt.step)
        inputs, outputs, entries = attempt.io(self._datasets, planned=state != RunState.COMPLETE)
        own = (run_id(run.run_id), run.namespace, run.job)
        partitions = [p for found in attempt.plan.outputs.values() for p in found]
        partitions = partitions or [p for written in attempt.written.values() for p in written.partitions]
        facts = self._facts(attempt.assets(), partitions)
        facts |= {"stepKey": attempt.step, "attempt": attempt.number}
        facts |= {"mappingKey": mapping_key} if mapping_key else {}
        said: dict[str, Any] = {
            "parent": facets.parent(own, containers[1] if (containers := self._containers()) else own),
            **self._nominal_time(attempt.assets(), partitions),
            "whence_dagster": facts,
        }
        if error is not None:
            said["errorMessage"] = facets.error(error)
        said |= self._code_facet(attempt.code_version())
        if state != RunState.START and (unchecked := attempt.unchecked()):
            tests = [{"name": f"{'/'.join(key)}:{check}", "status": "skip"} for key, check in unchecked]
            said["test"] = facets.standard("TestRunFacet", tests=tests)
        return RunEvent(
            eventTime=_iso(at),
            eventType=state,
            run=Run(step_run_id(run.run_id, attempt.step, attempt.number), said),
            job=Job(run.namespace, f"{run.job}.{step}", self._job_facets(attempt, entries)),
            inputs=inputs,
            outputs=outputs,
            producer=facets.PRODUCER,
        )

    def _job_facets(self, attempt: Attempt, entries: list[facets.Facet]) -> dict[str, Any]:
        kind = "ASSET" if attempt.plan.outputs else "ASSET_CHECK" if attempt.plan.checks else "OP"
        said = {"jobType": facets.job_type(kind, snapshot=True), **self._code_location()}
        if entries:
            said["lineage"] = facets.standard("LineageJobFacet", entries=entries)
        assets = [self._datasets.knowledge.asset(key) for key in attempt.assets()]
        if owners := dict.fromkeys(owner for asset in assets for owner in asset.owners):
            said["ownership"] = facets.ownership("OwnershipJobFacet", owners)
        return said

    def _code_location(self) -> dict[str, Any]:
        return {name: facet for name, facet in self._code.items() if name == "sourceCodeLocation"}

    def _code_facet(self, version: str) -> dict[str, Any]:
        """`whence_code`, with the version that the user declares for the code of an asset."""
        said = dict(self._code.get("whence_code", {}))
        if version:
            said = {**facets.custom("WhenceCodeRunFacet", version=version), **said}
        return {"whence_code": said} if said else {}

    def _facts(self, assets: Any, partitions: list[Partition]) -> facets.Facet:
        """The `whence_dagster` facet: how Dagster names this run, and what to say to it to do the same again."""
        run, tags = self._run, self._run.tags
        keys = sorted({partition.key for partition in partitions})
        partition = keys[0] if len(keys) == 1 else tags.get("dagster/partition")
        return facets.custom(
            "WhenceDagsterRunFacet",
            runId=run.run_id,
            jobName=run.job,
            codeLocation=run.location,
            repository=run.repository,
            assetKeys=[list(key) for key in assets],
            partitionKey=partition,
            partitionKeys=keys if len(keys) > 1 else None,
            codePointer=dict(run.code_pointer) or None,
            backfillId=tags.get(_BACKFILL_TAG),
            parentRunId=tags.get("dagster/parent_run_id"),
            rootRunId=tags.get("dagster/root_run_id"),
        )


def _ref(said: str) -> _Ref | None:
    """The run that `namespace/job/run id` names, where slashes in the first two are quoted."""
    parts = said.rsplit("/", 2)
    return (run_id(parts[2]), unquote(parts[0]), unquote(parts[1])) if len(parts) == 3 else None


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _flat(config: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Leaves of a configuration, by their path."""
    if isinstance(config, Mapping) and config:
        for name, value in config.items():
            yield from _flat(value, f"{path}.{name}" if path else name)
    elif path and config not in ({}, None):
        yield path, config
