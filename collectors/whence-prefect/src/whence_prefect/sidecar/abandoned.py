"""Runs whose process is gone: nobody but their flow run's end tells that they ended.

A process that is killed says nothing of the tasks and subflows that it was at. Prefect learns that the flow run crashed
or was cancelled; what ran in it stays RUNNING for ever, or is CANCELLED a while later without an event. Here it ends as
the flow run did, at the same time.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from openlineage.client.event_v2 import RunEvent

from .. import native
from ..facts import Api, Facts
from ..lineage import Lineage
from ..native import Event
from ..runs import Change

SETTLED = timedelta(seconds=30)
"""What a process said before its end is stored some seconds later. Until then nothing is taken for abandoned."""

_GONE = ("CRASHED", "CANCELLED")
_OPEN = ("RUNNING", "PAUSED", "CANCELLING")
_CLEANED = ("CANCELLED",)
_OPEN_OR_CLEANED = {"type": {"any_": [*_OPEN, *_CLEANED]}}
_PAGE = 200


class Abandoned:
    """Ends what ran in flow runs that crashed or were cancelled."""

    def __init__(self, lineage: Lineage, facts: Facts, api: Api) -> None:
        self._lineage = lineage
        self._facts = facts
        self._api = api
        self._ended: dict[str, Change] = {}

    def note(self, event: Event) -> None:
        """Remember a flow run whose process is gone, if that is what an event says."""
        change = native.change(event)
        flow_run = native.links(event).flow_run
        if change and flow_run and event["event"].startswith("prefect.flow-run.") and change.type in _GONE:
            self._ended[flow_run] = change

    async def events(self) -> list[RunEvent]:
        """The ends of what was abandoned, of flow runs that ended long enough ago.

        Raises:
            HTTPError, OSError: the server did not answer; asked again, it is the same.
        """
        settled = {run: end for run, end in self._ended.items() if end.at < datetime.now(UTC) - SETTLED}
        found = [event for run, end in settled.items() async for event in self._within(run, end)]
        for run, end in settled.items():
            if self._ended[run] is end:  # and not that of another try, noted meanwhile
                del self._ended[run]
        return found

    async def _within(self, flow_run: str, end: Change) -> AsyncIterator[RunEvent]:
        tasks = {"flow_runs": {"id": {"any_": [flow_run]}}, "task_runs": {"state": _OPEN_OR_CLEANED}}
        async for said in self._all("/task_runs/filter", tasks):
            if _was_open(said, end) and not said["state"]["state_details"].get("child_flow_run_id"):
                task = await self._facts.task_run_by_id(said["id"], flow_run)
                for event in self._lineage.changed(task, replace(end, count=said["run_count"])):
                    yield event
        subflows = {"flow_runs": {"parent_flow_run_id": {"any_": [flow_run]}, "state": _OPEN_OR_CLEANED}}
        async for said in self._all("/flow_runs/filter", subflows):
            if _was_open(said, end):
                subflow = await self._facts.flow_run(said["id"])
                for event in self._lineage.changed(subflow, replace(end, count=said["run_count"])):
                    yield event
                async for event in self._within(said["id"], end):
                    yield event

    async def _all(self, path: str, wanted: Mapping[str, Any]) -> AsyncIterator[Mapping[str, Any]]:
        offset = 0
        while page := await self._api.post(path, {**wanted, "sort": "ID_DESC", "limit": _PAGE, "offset": offset}):
            for found in page:
                yield found
            offset += len(page)


def _was_open(said: Mapping[str, Any], end: Change) -> bool:
    """Whether a run had begun when its flow run ended, and not ended by itself. What began after that belongs to a
    second try of the flow run."""
    began, since = said["start_time"], datetime.fromisoformat(said["state"]["timestamp"])
    if not began or datetime.fromisoformat(began) > end.at:
        return False
    return since > end.at if said["state"]["type"] in _CLEANED else since < end.at
