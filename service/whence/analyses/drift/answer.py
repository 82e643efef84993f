"""Where declarations and runs differ, job by job."""

import re
import time
from collections.abc import Sequence

from whence.analyses.drift.edges import Declared, compare_edges
from whence.analyses.drift.schemas import compare_schemas
from whence.graph.port import GraphStore, Place
from whence.lineage.answer import check_reach
from whence.lineage.names import Names
from whence_schemas.drift import DriftKind, DriftPage, DriftQuestion, DriftSubject, Finding, JobDrift
from whence_schemas.errors import InvalidQuestion, NotFound
from whence_schemas.identity import Kind
from whence_schemas.lineage import Limit
from whence_schemas.read import SearchPlace

_BATCH = 200
"""Jobs that are looked at together: a fixed number of calls, whatever there is of them."""


async def drift(store: GraphStore, question: DriftQuestion, never_alias: Sequence[re.Pattern[str]] = ()) -> DriftPage:
    """Jobs whose declarations and runs differ. The cost grows with the jobs that are looked at and with what they
    declared and reported, and not with the rest of the graph.

    Raises:
        NotFound: the job is not in the graph.
        InvalidQuestion: the window is out of range, or what is named is no job.
    """
    check_reach(0, question.window)
    walk = _Walk(store, question, never_alias)
    if question.job:
        await walk.one(question.job)
    else:
        await walk.all()
    return walk.page()


class _Walk:
    """Looks at jobs, batch by batch, until the page is full or the time is up."""

    def __init__(self, store: GraphStore, question: DriftQuestion, never_alias: Sequence[re.Pattern[str]]) -> None:
        self._store = store
        self._question = question
        self._names = Names(store, question.as_of, never_alias)
        self._deadline = time.monotonic() + question.seconds
        self._found: list[JobDrift] = []
        self._examined = 0
        self._last: SearchPlace | None = None
        self._end: SearchPlace | None = None
        self._truncated: Limit | None = None

    def page(self) -> DriftPage:
        """What was found."""
        return DriftPage(self._found, self._examined, self._end, self._truncated, list(self._names.notes))

    async def one(self, job: str) -> None:
        """Look at one job."""
        nodes = await self._store.nodes([job])
        if job not in nodes:
            raise NotFound("the job is not in the graph: find its exact name with search")
        if job[0] != Kind.JOB:
            raise InvalidQuestion("drift is of jobs: name one, or a namespace of jobs")
        await self._look([(SearchPlace("", "", job), job)])

    async def all(self) -> None:
        """Look at jobs by name."""
        question = self._question
        place = Place(*question.after) if question.after else None
        while True:
            found = await self._store.search("", [Kind.JOB], place, _BATCH, question.namespace)
            if await self._look([(SearchPlace(*at), node.key) for at, node in found]) or len(found) < _BATCH:
                return
            place = found[-1][0]
            if time.monotonic() > self._deadline:
                self._end, self._truncated = SearchPlace(*place), Limit.TIME
                return

    async def _look(self, jobs: list[tuple[SearchPlace, str]]) -> bool:
        """Look at a batch; whether the page is full and there are more."""
        declared = await Declared.of(self._store, [job for _, job in jobs], self._question, self._names)
        findings = await compare_edges(declared)
        for job, more in (await compare_schemas(declared)).items():
            findings.setdefault(job, []).extend(more)
        for at, job in jobs:
            if len(self._found) == self._question.first:
                self._end = self._last
                return True
            self._examined += 1
            self._last = at
            drifting = self._wanted(_settled(findings.get(job, [])))
            if drifting:
                self._found.append(JobDrift(job, at, declared.since(job), drifting))
        return False

    def _wanted(self, findings: list[Finding]) -> list[Finding]:
        kinds = self._question.kinds
        return sorted((one for one in findings if not kinds or one.kind in kinds), key=lambda one: one.key)


def _settled(findings: list[Finding]) -> list[Finding]:
    """Where no run since told any datasets, one finding says so of all that the job declared then."""
    waiting = [one for one in findings if one.kind == DriftKind.UNCONFIRMED]
    if not waiting:
        return findings
    since, silent = min((one.since or 0, -one.silent) for one in waiting)
    job = Finding("UNCONFIRMED", 0, DriftKind.UNCONFIRMED, DriftSubject.JOB, since=since, silent=-silent)
    return [job, *(one for one in findings if one.kind != DriftKind.UNCONFIRMED)]
