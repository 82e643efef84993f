"""Runs, changes of their states, what they read and wrote -> OpenLineage events.

Pure: no clock, no randomness, no Prefect.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from openlineage.client.event_v2 import Job, JobEvent, RunEvent, RunState
from openlineage.client.event_v2 import Run as OpenLineageRun
from openlineage.client.facet_v2 import JobFacet, RunFacet

from whence_collector.facets import PARAMETERS

from . import facets
from .datasets import Dataset, as_input, as_output
from .runs import Change, FlowRun, Run
from .states import steps

_NEVER_BEGAN = "NotReady"
"""The state of a run that Prefect gave up because of what came before it."""


@dataclass(frozen=True, slots=True)
class Known:
    """What only the process that executes a run knows: facets of the run and of its job, and the error."""

    run: Mapping[str, RunFacet] = field(default_factory=dict)
    job: Mapping[str, JobFacet] = field(default_factory=dict)
    error: str | None = None
    stack: str | None = None


_NOTHING = Known()


class Lineage:
    """Makes events for one namespace.

    Args:
        namespace: of the jobs.
        later: added to the times of runs' events. The process says more than Prefect's event stream; what it says a
            microsecond later replaces what the stream says, whichever arrives first.
    """

    def __init__(self, namespace: str, later: timedelta = timedelta()) -> None:
        self.namespace = namespace
        self._later = later

    def changed(self, run: Run, change: Change, known: Known = _NOTHING) -> list[RunEvent]:
        """The events of a change of state: none, one, or two where a retry ends one attempt and starts another."""
        made = []
        for state, earlier in steps(change):
            now = replace(change, count=change.count - 1) if earlier else change
            made.append(self._event(run, change.at - earlier, state, self._facets(run, now, state, known), known))
        return made

    def used(self, run: Run, at: datetime, reads: Iterable[Dataset] = (), writes: Iterable[Dataset] = ()) -> RunEvent:
        """The event that says what a run read and wrote."""
        event = self._event(run, at, RunState.RUNNING, {}, _NOTHING)
        event.inputs = [as_input(dataset) for dataset in reads]
        event.outputs = [as_output(dataset) for dataset in writes]
        return event

    def declared(
        self,
        at: datetime,
        name: str,
        kind: str,
        job: Mapping[str, JobFacet],
        reads: Iterable[Dataset] = (),
        writes: Iterable[Dataset] = (),
    ) -> JobEvent:
        """What is declared of a job. kind: FLOW or TASK."""
        return JobEvent(
            eventTime=at.isoformat(timespec="microseconds"),
            producer=facets.PRODUCER,
            job=facets.job(self.namespace, name, kind, dict(job)),
            inputs=[as_input(dataset) for dataset in reads],
            outputs=[as_output(dataset) for dataset in writes],
        )

    def _event(self, run: Run, at: datetime, state: RunState, found: Mapping[str, RunFacet], known: Known) -> RunEvent:
        contained: dict[str, RunFacet] = {}
        if run.parent:
            contained["parent"] = facets.parent(self.namespace, run.parent, run.root)
        return RunEvent(
            eventType=state,
            eventTime=(at + self._later).isoformat(timespec="microseconds"),
            producer=facets.PRODUCER,
            run=OpenLineageRun(runId=run.id, facets={**contained, **found}),
            job=self._job(run, known),
            inputs=[],
            outputs=[],
        )

    def _job(self, run: Run, known: Known) -> Job:
        kind = "FLOW" if isinstance(run, FlowRun) else "TASK"
        return facets.job(self.namespace, run.ref.job, kind, dict(known.job))

    def _facets(self, run: Run, change: Change, state: RunState, known: Known) -> dict[str, Any]:
        begins = state is RunState.START or change.name == _NEVER_BEGAN
        upstream = run.upstream if begins else ()
        found: dict[str, Any] = {"whence_prefect": facets.prefect(run, change, upstream), **known.run}
        if run.tags:
            found["tags"] = facets.tags(run.tags)
        if isinstance(run, FlowRun):
            if run.nominal:
                found["nominalTime"] = facets.nominal(run.nominal)
            if run.parameters is not None:
                found[PARAMETERS] = facets.parameters(run.parameters)
        if upstream:
            found["jobDependencies"] = facets.dependencies(self.namespace, upstream)
        message = change.message or known.error
        if message and (state is RunState.FAIL or change.name == _NEVER_BEGAN):
            found["errorMessage"] = facets.error(message, known.stack)
        return found
