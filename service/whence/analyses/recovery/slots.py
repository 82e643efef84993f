"""Which part of a job's work an attempt did: some partitions, a logical date, or all of it."""

from collections.abc import Iterable
from typing import NamedTuple

from pydantic_core import from_json

from whence.analyses.recovery.scene import Scene
from whence.graph.facts import Role
from whence.lineage.history import AttemptId, attempt_of, parts_of
from whence_schemas.facets import read_facet
from whence_schemas.facets.run import NominalTime
from whence_schemas.identity import attempt_id
from whence_schemas.read import Use
from whence_schemas.times import parse_time


class Slot(NamedTuple):
    """A partition; where none is known a logical date (start); else all of the work. loose: any attempt covers it."""

    partition: str = ""
    nominal: int | None = None
    loose: bool = False


class Slots:
    """The slots of attempts, read in batches."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._uses: dict[AttemptId, list[Use]] = {}
        self._runs: set[str] = set()
        self._nominal: dict[AttemptId, tuple[int, int | None]] = {}

    async def fetch(self, attempts: Iterable[AttemptId]) -> None:
        """Make attempts known."""
        new = sorted({key.run for key in attempts} - self._runs)
        if not new:
            return
        self._runs.update(new)
        store, as_of = self._scene.store, self._scene.question.as_of
        for use in await store.uses_of_runs(new):
            if use.at <= as_of:
                self._uses.setdefault(attempt_of(use), []).append(use)
        await self._scene.history.meet(new)
        ids = {attempt_id(*key): key for key in self._scene.history.attempts if key.run in set(new)}
        for row in await store.facets(sorted(ids), ["nominalTime"], as_of):
            if times := _times(row.body):
                self._nominal[ids[row.entity]] = times

    def uses(self, attempt: AttemptId) -> list[Use]:
        """What a fetched attempt consumed and produced."""
        return self._uses.get(attempt, [])

    def produced(self, attempt: AttemptId) -> list[Use]:
        """What a fetched attempt produced, complete or not."""
        return [use for use in self.uses(attempt) if use.role == Role.PRODUCED]

    def nominal(self, attempt: AttemptId) -> tuple[int, int | None] | None:
        """The start and end of an attempt's logical date."""
        return self._nominal.get(attempt)

    def of(self, attempt: AttemptId) -> list[Slot]:
        """The slots that an attempt worked on."""
        parts = self._parts(attempt)
        nominal = self._nominal.get(attempt)
        return [Slot(part) for part in sorted(parts)] or [Slot("", nominal[0] if nominal else None)]

    def covers(self, attempt: AttemptId, slot: Slot) -> bool:
        """Whether an attempt does all of a slot's work. Without partitions it does all, or all of its logical date."""
        parts = self._parts(attempt)
        if slot.loose or slot.partition in parts:
            return True
        nominal = self._nominal.get(attempt)
        same_date = slot.nominal is None or nominal is None or nominal[0] == slot.nominal
        return not parts and (bool(slot.partition) or same_date)

    def _parts(self, attempt: AttemptId) -> frozenset[str]:
        uses = self.produced(attempt) or self.uses(attempt)
        return frozenset(part for use in uses for part in parts_of(use.partitions))


def _times(body: bytes) -> tuple[int, int | None] | None:
    facet = read_facet(NominalTime, from_json(body))
    try:
        if facet is None or not facet.nominalStartTime:
            return None
        end = parse_time(facet.nominalEndTime).micros if facet.nominalEndTime else None
        return parse_time(facet.nominalStartTime).micros, end
    except ValueError:
        return None
