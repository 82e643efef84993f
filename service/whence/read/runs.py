"""Runs: their attempts, what they used, and the runs around and in them."""

import asyncio
import json
from collections.abc import Sequence

from whence.graph.facts import Attempt, EdgeKind
from whence.graph.port import GraphStore, Page
from whence_schemas.read import AttemptRow, Cursor, RunState, Use

_PAGE = 500


class RunReader:
    """Reads runs."""

    def __init__(self, store: GraphStore) -> None:
        self._store = store

    async def of_job(
        self, job: str, states: Sequence[RunState], as_of: int, after: Cursor | None, limit: int
    ) -> list[AttemptRow]:
        """The newest attempt of each run of a job, newest first, where it is in one of the states."""
        page = Page(after.at, after.key, after.number) if after else None
        size = _PAGE if states else limit
        found: list[AttemptRow] = []
        while len(found) < limit:
            attempts = await self._store.runs_of_job(job, as_of, page, size)
            newest = await self._newest({attempt.run for attempt in attempts}, job, as_of)
            for attempt in attempts:
                if newest.get(attempt.run) == attempt and (not states or attempt.state in states):
                    found.append(_attempt(attempt))
            if len(attempts) < size:
                break
            page = Page(attempts[-1].start, attempts[-1].run, attempts[-1].number)
        return found[:limit]

    async def _newest(self, runs: set[str], job: str, as_of: int) -> dict[str, Attempt | None]:
        attempts = await self._store.attempts(sorted(runs)) if runs else {}
        return {
            run: max(
                (a for a in found if a.job == job and a.start <= as_of),
                key=lambda a: (a.start, a.number),
                default=None,  # where the graph changed in between
            )
            for run, found in attempts.items()
        }

    async def latest(self, jobs: Sequence[str], as_of: int) -> dict[str, AttemptRow]:
        """The newest attempt of each job's newest run."""
        found = await asyncio.gather(*(self._store.runs_of_job(job, as_of, None, 1) for job in jobs))
        return {job: _attempt(attempts[0]) for job, attempts in zip(jobs, found, strict=True) if attempts}

    async def attempts(self, runs: Sequence[str]) -> dict[str, list[AttemptRow]]:
        """Attempts of runs, by number."""
        return {run: [_attempt(a) for a in found] for run, found in (await self._store.attempts(runs)).items()}

    async def uses(self, runs: Sequence[str]) -> dict[str, list[Use]]:
        """What runs consumed and produced."""
        found: dict[str, list[Use]] = {}
        for use in await self._store.uses_of_runs(runs):
            found.setdefault(use.run, []).append(use)
        return found

    async def children(self, runs: Sequence[str]) -> dict[str, list[str]]:
        """The runs that each run contains."""
        found: dict[str, list[str]] = {}
        for edge in sorted(await self._store.owners(runs, [EdgeKind.CHILD_OF])):
            found.setdefault(edge.target, []).append(edge.source)
        return found

    async def roots(self, runs: Sequence[str]) -> dict[str, str]:
        """The outermost run around each run that names one."""
        return {edge.source: edge.target for edge in sorted(await self._store.edges_from(runs, [EdgeKind.ROOT]))}

    async def code_versions(self, runs: Sequence[str]) -> dict[str, list[str]]:
        """Keys of the code versions that runs executed."""
        found: dict[str, list[str]] = {}
        for edge in sorted(await self._store.edges_from(runs, [EdgeKind.EXECUTED])):
            found.setdefault(edge.source, []).append(edge.target)
        return found


def _attempt(attempt: Attempt) -> AttemptRow:
    return AttemptRow(*attempt[:-1], tuple(json.loads(attempt.anomalies)))
