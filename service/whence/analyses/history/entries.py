"""Attempts that a history is made of, newest first, page by page."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from whence.analyses.attempts import attempt_at
from whence.analyses.history.measuring import DURATION, Found, measure
from whence.graph.facts import Role
from whence.graph.port import GraphStore, Page
from whence.lineage.versions import merged
from whence_schemas.history import HistoryRole
from whence_schemas.read import AttemptRow, Cursor, Use

_CHUNK = 100


class Raw(NamedTuple):
    """An entry before its values are compared."""

    place: Cursor
    role: HistoryRole
    attempt: AttemptRow
    found: Found


class Source(Protocol):
    """Where entries come from."""

    async def next(self) -> tuple[list[Raw], bool]:
        """The next entries, older than those before, and whether there may be more. There may be none among many that
        were looked at."""

    @property
    def place(self) -> Cursor | None:
        """Up to where it was looked."""


class JobSource:
    """Attempts of a job."""

    def __init__(self, store: GraphStore, job: str, as_of: int, after: Cursor | None) -> None:
        self._store = store
        self._job = job
        self._as_of = as_of
        self.place = after

    async def next(self) -> tuple[list[Raw], bool]:
        """The next attempts by (start, run, number)."""
        page = Page(*self.place[:3]) if self.place else None
        attempts = await self._store.runs_of_job(self._job, self._as_of, page, _CHUNK)
        rows = [attempt_at(attempt, self._as_of) for attempt in attempts]
        found = await measure(self._store, rows, None, self._as_of)
        raw = [Raw(Cursor(a.start, a.run, a.number), HistoryRole.RAN, a, found[a.run, a.number]) for a in rows]
        self.place = raw[-1].place if raw else self.place
        return raw, len(attempts) == _CHUNK


class DatasetSource:
    """Attempts that produced a dataset under any of its names, and those that read it and measured or checked it."""

    def __init__(self, store: GraphStore, names: Sequence[str], as_of: int, after: Cursor | None) -> None:
        self._store = store
        self._names = frozenset(names)
        self._as_of = as_of
        self.place = after

    async def next(self) -> tuple[list[Raw], bool]:
        """The next entries by (at, run, number): of all uses that were read those down to where each list is known."""
        lists = [
            await self._store.uses_of_dataset(name, role, self._as_of, self._after(), _CHUNK)
            for name in sorted(self._names)
            for role in Role
        ]
        uses, more = merged(lists, _CHUNK)
        if uses:
            self.place = Cursor(*uses[-1].order)
        return await self._entries(uses), more

    def _after(self) -> Page | None:
        return Page(*self.place[:3]) if self.place else None

    async def _entries(self, uses: Sequence[Use]) -> list[Raw]:
        runs = sorted({use.run for use in uses})
        if not runs:
            return []
        attempts = await self._store.attempts(runs)
        rows = {(a.run, a.number): attempt_at(a, self._as_of) for found in attempts.values() for a in found}
        made = {_id(use): use.at for use in await self._made(runs)}
        shown: dict[tuple[str, int], Use] = {}
        for use in uses:
            if _id(use) in rows and (use.role == Role.PRODUCED or _id(use) not in made):
                shown.setdefault(_id(use), use)
        found = await measure(self._store, [rows[id_] for id_ in shown], self._names, self._as_of)
        for id_, use in shown.items():
            if use.role == Role.CONSUMED:  # how long it took says nothing of the dataset
                found[id_].measures.pop(DURATION, None)
        return [
            Raw(Cursor(*use.order), _ROLES[use.role], rows[id_], found[id_])
            for id_, use in shown.items()
            if use.role == Role.PRODUCED or any(found[id_])
        ]

    async def _made(self, runs: Sequence[str]) -> list[Use]:
        """What attempts produced of the dataset by then: their reading it is no entry of its own."""
        uses = await self._store.uses_of_runs(runs)
        return [u for u in uses if u.role == Role.PRODUCED and u.dataset in self._names and u.at <= self._as_of]


_ROLES: dict[str, HistoryRole] = {Role.PRODUCED: HistoryRole.PRODUCED, Role.CONSUMED: HistoryRole.CHECKED}


def _id(use: Use) -> tuple[str, int]:
    return use.run, use.number
