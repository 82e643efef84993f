"""Attempts to make partitions: those in a range of time, and for which partitions they were."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Any, NamedTuple

from pydantic_core import from_json

from whence.analyses.attempts import attempt_at
from whence.analyses.partitions.keys import Slice, read_dimensions, read_identifier
from whence.analyses.schedules import SCHEDULE_FACETS, schedule_of
from whence.graph.facts import Attempt, EdgeKind, Role, State
from whence.graph.port import GraphStore, Page, Said
from whence.rhythm.cron import Cron
from whence.rhythm.zones import time_of
from whence_schemas.durations import Duration
from whence_schemas.facets import read_facet
from whence_schemas.facets.run import NominalTime
from whence_schemas.identity import Kind, attempt_id
from whence_schemas.partitions import PartitionStep
from whence_schemas.read import AttemptRow, Use
from whence_schemas.times import parse_time

_CHUNK = 500
_AROUND = 3
"""Runs around a run that are asked for its nominal time: a query in an application in a task."""
_FACETS = ("nominalTime", "whence_dagster", *SCHEDULE_FACETS)
_BAD = (State.FAIL, State.ABORT)


class Nominal(NamedTuple):
    """What the facets of a run say it is for. start, end: its nominal time (µs); partition: the orchestrator's name of
    a partition; schedule: by which it runs; manual: whether a person started it."""

    start: int | None = None
    end: int | None = None
    partition: str = ""
    schedule: Cron | Duration | None = None
    manual: bool = False

    def __bool__(self) -> bool:
        """Whether it says for when."""
        return self.start is not None or bool(self.partition)


class Try(NamedTuple):
    """An attempt, with the names of the partitions that it wrote (JSON), and what its run is for. done: whether it made
    what is asked about."""

    attempt: AttemptRow
    partitions: tuple[str, ...]
    nominal: Nominal
    done: bool

    def slices(self, zone: tzinfo) -> list[tuple[int, PartitionStep | None, str]]:
        """When its partitions begin (µs), the step that their names have room for, and their keys.

        A partition whose name has no time is one of the run's nominal time, or of its orchestrator's partition.
        """
        named = [_read(name, zone) for name in self.partitions]
        if not any(found.time for found in named) and self.nominal.partition:
            own = read_identifier(self.nominal.partition, zone)
            named = [Slice(own.time, own.step, found.key or own.key) for found in named] or [own]
        rows = [(time_of(found.time, zone), found.step, found.key) for found in named if found.time]
        if not rows and self.nominal.start is not None:
            keys = dict.fromkeys(found.key for found in named) or {"": None}
            rows = [(self.nominal.start, None, key) for key in keys]
        return rows


def _read(name: str, zone: tzinfo) -> Slice:
    said = json.loads(name)
    return read_dimensions(said, zone) if isinstance(said, dict) else read_identifier(str(said), zone)


@dataclass(slots=True)
class Tries:
    """Finds the attempts for a dataset, under all its names, or a job, as far back as `since`. more: whether there are
    more."""

    store: GraphStore
    of: Sequence[str]
    as_of: int
    since: int
    more: bool = True
    _found: list[Try] = field(default_factory=list)
    _dropped: int = -(2**63)
    _after: dict[str, Page | None] = field(default_factory=dict)

    @property
    def found(self) -> list[Try]:
        """The attempts that were found, newest first; without what was dropped with the dataset since."""
        kept = [t for t in self._found if not t.done or t.attempt.end is None or t.attempt.end > self._dropped]
        return sorted(kept, key=lambda one: (one.attempt.start, one.attempt.run, one.attempt.number), reverse=True)

    async def begin(self) -> None:
        """Find the jobs whose attempts count: for a dataset those that ever wrote it."""
        jobs = list(self.of)
        if self.of[0][0] == Kind.DATASET:
            edges = await self.store.owners(self.of, [EdgeKind.WRITES])
            jobs = sorted({edge.owner for edge in edges if edge.owner[0] == Kind.JOB})
        self._after = dict.fromkeys(jobs)
        self.more = bool(jobs)

    async def next(self) -> None:
        """Look at the next attempts of each job."""
        attempts: list[Attempt] = []
        for job, page in list(self._after.items()):
            rows = await self.store.runs_of_job(job, self.as_of, page, _CHUNK)
            attempts += [row for row in rows if row.start >= self.since]
            if len(rows) < _CHUNK or rows[-1].start < self.since:
                del self._after[job]
            else:
                self._after[job] = Page(rows[-1].start, rows[-1].run, rows[-1].number)
        self.more = bool(self._after)
        self._found += await self._tries(attempts)

    async def _tries(self, attempts: Sequence[Attempt]) -> list[Try]:
        runs = sorted({attempt.run for attempt in attempts})
        if not runs:
            return []
        uses: dict[tuple[str, int], list[Use]] = {}
        for use in await self.store.uses_of_runs(runs):
            if use.role == Role.PRODUCED:
                uses.setdefault((use.run, use.number), []).append(use)
        nominal = await self._nominal(attempts)
        made = [self._try(a, uses.get((a.run, a.number), ()), nominal[attempt_id(a.run, a.number)]) for a in attempts]
        return [one for one in made if one is not None]

    def _try(self, attempt: Attempt, uses: Sequence[Use], nominal: Nominal) -> Try | None:
        """For a dataset: an attempt that made it; or one that did not end well, and may have been about to."""
        row = attempt_at(attempt, self.as_of)
        done = row.state == State.COMPLETE
        if self.of[0][0] == Kind.DATASET:
            uses = [use for use in uses if use.dataset in self.of]
            for use in uses:
                if done and use.complete < 0 and not use.partitions:
                    self._dropped = max(self._dropped, use.at)
            if done and not any(use.complete > 0 for use in uses):
                return None
        names = {name: None for use in uses if use.partitions for name in json.loads(use.partitions)}
        return Try(row, tuple(names), nominal, done)

    async def _nominal(self, attempts: Sequence[Attempt]) -> dict[str, Nominal]:
        """What each attempt is for, by its own facets, else by those of the runs around it."""
        found: dict[str, Nominal] = {}
        asked = {attempt_id(a.run, a.number): (a.run, a.number, a.parent) for a in attempts}
        for _ in range(_AROUND):
            if not asked:
                break
            said = await self._said(run for run, _, _ in asked.values())
            found |= {id_: said.get(attempt_id(run, number), Nominal()) for id_, (run, number, _) in asked.items()}
            asked = {id_: place for id_, place in asked.items() if not found[id_] and place[2]}
            around = await self.store.attempts(sorted({parent for _, _, parent in asked.values()})) if asked else {}
            last = {run: rows[-1] for run, rows in around.items()}
            asked = {
                id_: (parent, last[parent].number, last[parent].parent)
                for id_, (_, _, parent) in asked.items()
                if parent in last
            }
        return found

    async def _said(self, runs: Iterable[str]) -> dict[str, Nominal]:
        by_attempt: dict[str, list[Said]] = {}
        for said in await self.store.said_by(sorted(set(runs)), _FACETS):
            by_attempt.setdefault(said.entity, []).append(said)
        return {id_: _nominal(rows) for id_, rows in by_attempt.items()}


def _nominal(rows: Sequence[Said]) -> Nominal:
    found = Nominal()
    for said in rows:
        value: Any = from_json(said.body)
        if said.facet == "nominalTime":
            facet = read_facet(NominalTime, value)
            if facet:
                found = found._replace(start=_time(facet.nominalStartTime), end=_time(facet.nominalEndTime))
        elif said.facet == "whence_dagster":
            key = value.get("partitionKey") if isinstance(value, dict) else None
            found = found._replace(partition=key if isinstance(key, str) else "")
        elif isinstance(value, dict):
            dag_run: Any = value.get("dagRun")
            run: dict[str, Any] = dag_run if isinstance(dag_run, dict) else {}
            key = run.get("partition_key")
            found = found._replace(
                schedule=schedule_of(said.body) or found.schedule,
                manual=run.get("run_type") == "manual",
                partition=key if isinstance(key, str) else found.partition,
            )
    return found


def _time(text: str | None) -> int | None:
    try:
        return parse_time(text).micros if text else None
    except ValueError:
        return None
