"""The `whence_prefect` facet, and the standard ones as this collector fills them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import attr
from openlineage.client.event_v2 import Job
from openlineage.client.facet_v2 import (
    JobFacet,
    RunFacet,
    error_message_run,
    job_dependencies_run,
    job_type_job,
    nominal_time_run,
    parent_run,
    tags_run,
)

from whence_collector import facets as collector
from whence_collector.facets import WhenceParametersRunFacet

from .runs import Change, FlowRun, Match, Ref, Run, TaskRun, Upstream

PRODUCER = "https://github.com/whence/whence/tree/main/collectors/whence-prefect"
MOST_UPSTREAM = 1_000
"""The most runs that one run's facets name as upstream; `upstreamCount` tells how many there are."""


@attr.define
class TaskInput:
    """How Prefect knew that this run uses another's result: parameter, the other's runId, and FUTURE, WAIT_FOR, ..."""

    parameter: str
    runId: str
    match: str


@attr.define
class WhencePrefectRunFacet(RunFacet):
    """`whence_prefect` 1-0-0 of a run: what Prefect calls it, and the state that it is in."""

    flowRunId: str | None = None
    flowRunName: str | None = None
    flowName: str | None = None
    flowVersion: str | None = None
    taskRunId: str | None = None
    taskRunName: str | None = None
    taskName: str | None = None
    taskVersion: str | None = None
    deploymentId: str | None = None
    deploymentName: str | None = None
    deploymentVersion: str | None = None
    state: str | None = None
    runCount: int | None = None
    inputs: list[TaskInput] | None = None
    upstreamCount: int | None = None

    @staticmethod
    def _get_schema() -> str:
        return "urn:whence:facets:1-0-0:WhencePrefectRunFacet.json"


def prefect(run: Run, change: Change, upstream: Sequence[Upstream]) -> WhencePrefectRunFacet:
    """What Prefect calls a run, the state that it is in, and how it is known what it used."""
    task = run if isinstance(run, TaskRun) else None
    flow = run if isinstance(run, FlowRun) else run.flow_run
    deployment = flow.deployment if flow else None
    return WhencePrefectRunFacet(  # at once, as each attribute that is set later is checked anew
        flowRunId=flow.id if flow else None,
        flowRunName=flow.name if flow else None,
        flowName=flow.flow if flow else None,
        flowVersion=flow.flow_version if flow else None,
        taskRunId=task.id if task else None,
        taskRunName=task.name if task else None,
        taskName=task.task if task else None,
        taskVersion=task.task_version if task else None,
        deploymentId=deployment.id if deployment else None,
        deploymentName=deployment.name if deployment else None,
        deploymentVersion=deployment.version if deployment else None,
        state=change.name,
        runCount=change.count,
        inputs=[TaskInput(used.parameter, used.run.id, used.match.value) for used in upstream[:MOST_UPSTREAM]] or None,
        upstreamCount=len(upstream) or None,
        producer=PRODUCER,
    )


@lru_cache(maxsize=1024)
def parent(namespace: str, container: Ref, root: Ref | None) -> parent_run.ParentRunFacet:
    """The `parent` facet."""
    top = root or container
    return parent_run.ParentRunFacet(
        run=parent_run.Run(runId=container.id),
        job=parent_run.Job(namespace=namespace, name=container.job),
        root=parent_run.Root(
            run=parent_run.RootRun(runId=top.id), job=parent_run.RootJob(namespace=namespace, name=top.job)
        ),
        producer=PRODUCER,
    )


def dependencies(namespace: str, upstream: Iterable[Upstream]) -> job_dependencies_run.JobDependenciesRunFacet:
    """The `jobDependencies` facet. A dependency that rests on an object's id() alone is an IMPLICIT_DEPENDENCY."""
    certain = (Match.FUTURE, Match.WAIT_FOR)
    found = {
        used.run.id: job_dependencies_run.JobDependency(
            job=job_dependencies_run.JobIdentifier(namespace=namespace, name=used.run.job),
            run=job_dependencies_run.RunIdentifier(runId=used.run.id),
            dependency_type="DIRECT_INVOCATION" if used.match in certain else "IMPLICIT_DEPENDENCY",
            sequence_trigger_rule="FINISH_TO_START",
            status_trigger_rule="EXECUTE_ON_SUCCESS",
        )
        for used in sorted(upstream, key=lambda used: used.match in certain)
    }
    listed = [found[run] for run in sorted(found)][:MOST_UPSTREAM]
    return job_dependencies_run.JobDependenciesRunFacet(upstream=listed, producer=PRODUCER)


def tags(names: Iterable[str]) -> tags_run.TagsRunFacet:
    """The run's tags in Prefect."""
    found = [tags_run.TagsRunFacetFields(key=name, value="true", source="PREFECT") for name in sorted(names)]
    return tags_run.TagsRunFacet(tags=found, producer=PRODUCER)


def nominal(time: str) -> nominal_time_run.NominalTimeRunFacet:
    """The time that the run was scheduled for."""
    return nominal_time_run.NominalTimeRunFacet(nominalStartTime=time, producer=PRODUCER)


def parameters(values: Mapping[str, Any], hashed: bool | Collection[str] = False) -> WhenceParametersRunFacet:
    """The `whence_parameters` facet; of `hashed` names, or of all, only hashes are recorded."""
    facet = collector.parameters(values, hashed=hashed)
    facet._producer = PRODUCER
    return facet


def error(message: str, stack: str | None) -> error_message_run.ErrorMessageRunFacet:
    """Why the run failed."""
    return error_message_run.ErrorMessageRunFacet(
        message=message, programmingLanguage="python", stackTrace=stack, producer=PRODUCER
    )


def job(namespace: str, name: str, kind: str, facets: dict[str, JobFacet] | None = None) -> Job:
    """A job. kind: FLOW or TASK."""
    return Job(namespace, name, facets={"jobType": _job_type(kind), **(facets or {})})


@lru_cache
def _job_type(kind: str) -> JobFacet:
    return job_type_job.JobTypeJobFacet(processingType="BATCH", integration="PREFECT", jobType=kind, producer=PRODUCER)
