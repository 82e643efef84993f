"""What of an attempt's outputs something that it read flows into, where its run tells them apart: as in its lineage."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from whence.analyses.recovery.scene import Scene
from whence.analyses.recovery.slots import Slots
from whence.graph.facts import Role
from whence.graph.footprint import Footprint
from whence.lineage.history import AttemptId, attempt_of
from whence_schemas.read import Use


class Reach(NamedTuple):
    """An attempt, and the dataset that it read of which the rest follows; of all that it read: empty."""

    attempt: AttemptId
    source: str = ""


class Flows:
    """Footprints of attempts that tell their outputs apart, read in batches."""

    def __init__(self, scene: Scene, slots: Slots) -> None:
        self._scene = scene
        self._slots = slots
        self._asked: set[AttemptId] = set()
        self._footprints: dict[AttemptId, Footprint] = {}

    async def fetch(self, attempts: Iterable[AttemptId]) -> None:
        """Make attempts known. Only where several inputs meet several outputs there is anything to ask."""
        attempts = list(attempts)
        await self._slots.fetch(attempts)
        new = {key for key in attempts if key not in self._asked and self._is_mixed(key)}
        self._asked.update(new)
        runs = sorted({key.run for key in new})
        for contribution in (await self._scene.store.contributions(runs)).values() if runs else ():
            for report in contribution.rows.reports:
                footprint = contribution.footprints[report.footprint]
                if footprint.flows:
                    self._footprints[AttemptId(report.run, report.number)] = footprint

    def _is_mixed(self, attempt: AttemptId) -> bool:
        roles = [use.role for use in self._slots.uses(attempt)]
        return min(roles.count(Role.CONSUMED), roles.count(Role.PRODUCED)) > 1

    def reach(self, reading: Use) -> Reach:
        """What follows from a reading of a fetched attempt."""
        attempt = attempt_of(reading)
        return Reach(attempt, reading.dataset if attempt in self._footprints else "")

    def produced(self, reach: Reach) -> Iterator[Use]:
        """The productions that follow."""
        outputs = self._footprints[reach.attempt].outputs_of(reach.source) if reach.source else ()
        for use in self._slots.produced(reach.attempt):
            if not reach.source or use.dataset in outputs:
                yield use
