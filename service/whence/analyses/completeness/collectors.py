"""Collectors that have gone silent.

A collector is known by what it reports: jobs of one namespace and one integration. It reports regularly where there are
four reports or more, and they go back two days. Half of the time passed in its usual pause, or in longer ones: for a
pipeline that runs at night, also if not at weekends, that is a day; for one that runs every five minutes, five minutes.
It is silent when nothing was heard of it for five usual pauses, and for an hour at least.
"""

from collections.abc import AsyncIterator, Iterable
from itertools import pairwise
from typing import NamedTuple

from whence.analyses.completeness.jobs import JobFacts
from whence.analyses.completeness.tally import Place, Tally
from whence.analyses.completeness.words import duration, moment
from whence.graph.port import EARLIEST, GraphStore
from whence_schemas.completeness import Check, CompletenessQuestion, Finding
from whence_schemas.times import DAY, HOUR

REPORTS = 4
"""Reports at different times, at least, that make a collector regular."""
SPAN = 2 * DAY
"""How far back they go, at least."""
PAUSES = 5
"""After so many of its usual pauses it is silent,"""
SHORTEST = HOUR
"""and after so long, at least."""


class _Jobs(NamedTuple):
    """A collector's jobs with the starts of their last attempts; which were cut at the window, and all the owners."""

    starts: dict[str, list[int]]
    cut: set[str]
    owners: set[str]
    heard: dict[str, int]


class Collectors:
    """Takes jobs, and tells which collectors report regularly, and which of these have gone silent."""

    def __init__(self, store: GraphStore, question: CompletenessQuestion) -> None:
        self._store = store
        self._question = question
        self._known: dict[tuple[str, str], _Jobs] = {}

    def add(self, job: JobFacts) -> None:
        """Take a job."""
        if not job.attempts:
            return
        found = self._known.setdefault((job.namespace, job.integration), _Jobs({}, set(), set(), {}))
        found.starts[job.key] = [attempt.start for attempt in job.attempts]
        found.heard[job.key] = max(attempt.last for attempt in job.attempts)
        found.owners.update(job.owners)
        if len(job.attempts) >= self._question.window:
            found.cut.add(job.key)

    async def check(self, tally: Tally) -> None:
        """Count the collectors that report regularly, and find the silent ones."""
        async for namespace, integration, jobs, pause in self._regular():
            place = Place(namespace, frozenset(jobs.owners))
            tally.add(place, Check.COLLECTOR, 1, self._silent(namespace, integration, jobs, pause))

    async def _regular(self) -> AsyncIterator[tuple[str, str, _Jobs, int]]:
        for (namespace, integration), jobs in sorted(self._known.items()):
            pause = usual_pause(jobs.starts, jobs.cut)
            if pause is not None and await self._reported_before(jobs):
                yield namespace, integration, jobs, pause

    async def _reported_before(self, jobs: _Jobs) -> bool:
        """Whether its reports go back far enough, be it beyond the window."""
        then = max(map(max, jobs.starts.values())) - SPAN
        if any(starts[-1] <= then for starts in jobs.starts.values()):
            return True
        return bool(await self._store.runs_of_jobs(sorted(jobs.cut), EARLIEST, then, 1))

    def _silent(self, namespace: str, integration: str, jobs: _Jobs, pause: int) -> Iterable[Finding]:
        job, heard = max(jobs.heard.items(), key=lambda found: (found[1], found[0]))
        silence = self._question.as_of - heard
        if silence > max(PAUSES * pause, SHORTEST):
            what = f"{integration} in {namespace}" if integration else f"What reports jobs of {namespace}"
            yield Finding(
                Check.COLLECTOR,
                job,
                heard,
                1,
                1,
                f"{what} reported every {duration(pause)} or so, and nothing for {duration(silence)}: "
                f"this job was its last, at {moment(heard)}.",
                "See whether the orchestrator still runs, still has its OpenLineage settings, and reaches this server.",
            )


def usual_pause(starts: dict[str, list[int]], cut: set[str]) -> int | None:
    """The usual pause between reports (µs), None with too few of them.

    starts: of each job the starts of its last attempts, newest first. cut: jobs that had more before, so that only from
    the oldest of these on all reports are in view.
    """
    begin = max((starts[job][-1] for job in cut), default=-(2**63))
    times = sorted({at for found in starts.values() for at in found if at >= begin})
    if len(times) < REPORTS:
        return None
    pauses = sorted((later - earlier for earlier, later in pairwise(times)), reverse=True)
    passed, half = 0, (times[-1] - times[0]) / 2
    for pause in pauses:
        passed += pause
        if passed >= half:
            return pause
    raise AssertionError("the pauses add up to the whole time")
