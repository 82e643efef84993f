"""Uses of datasets over a time, and what each reading of one read: the versions that were current then, by partition.

Where `versions` tells the one version that a reading is said to come from, this tells all: who reads a whole table
reads every partition's last version. The latest of them is the one that `versions` tells.
"""

import json
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from whence.graph.facts import Attempt, EdgeKind, Role
from whence.graph.port import GraphStore
from whence.lineage.names import Names
from whence_schemas.identity import version_key
from whence_schemas.read import Use

MAX_USES = 10_000
"""Of one dataset in one role no more uses than these are looked at, the newest."""


class AttemptId(NamedTuple):
    """Identity of an attempt."""

    run: str
    number: int


def attempt_of(use: Use) -> AttemptId:
    """The attempt that a use is of."""
    return AttemptId(use.run, use.number)


def parts_of(partitions: str) -> frozenset[str]:
    """A list of partitions (JSON) as a set; empty for the whole or an unknown part."""
    return frozenset(json.loads(partitions)) if partitions else frozenset()


class History:
    """Uses of datasets from a time on, up to `as_of`, under all names, with the attempts that they are of.

    A container that repeats what its children do is passed over, so that nothing counts twice: as in `passing`.

    Attributes:
        attempts: all attempts that were met. cut: whether a dataset has more uses than are looked at.
    """

    def __init__(self, store: GraphStore, names: Names, as_of: int) -> None:
        self._store = store
        self._names = names
        self._as_of = as_of
        self._since: dict[str, int] = {}
        self._uses: dict[tuple[str, Role], dict[Use, None]] = defaultdict(dict)
        self._sorted: dict[tuple[str, Role], list[Use]] = {}
        self._repeated: dict[tuple[str, str, str], set[AttemptId]] = defaultdict(set)
        self._asked: set[str] = set()
        self._opened: set[str] = set()
        self._inside: dict[tuple[str, Role], list[Use]] = defaultdict(list)
        self.attempts: dict[AttemptId, Attempt] = {}
        self.cut = False

    async def fetch(self, datasets: Iterable[str], since: int) -> None:
        """Make the uses of datasets known, from a time on, and all that name a version of that time."""
        datasets = list(dict.fromkeys(datasets))
        await self._names.join(datasets)
        keys = dict.fromkeys(map(self._names.representative, datasets))
        new = [key for key in keys if self._since.get(key, since + 1) > since]
        if not new:
            return
        self._since.update(dict.fromkeys(new, since))
        members = [member for key in new for member in self._names.members(key)]
        found: list[Use] = []
        for role in Role:
            by_dataset = await self._store.uses_between(members, role, since, self._as_of, MAX_USES)
            self.cut = self.cut or any(len(uses) == MAX_USES for uses in by_dataset.values())
            found += [use for uses in by_dataset.values() for use in uses]
        versions = sorted({key for use in found if use.label for key in self.versions_of(use.dataset, use.label)})
        await self.add([*found, *await self._store.uses_of_versions(versions)] if versions else found)

    def versions_of(self, dataset: str, label: str) -> list[str]:
        """Keys of a version under all names of its dataset."""
        return [version_key(name, label) for name in self._names.members(dataset)]

    async def add(self, uses: Iterable[Use]) -> None:
        """Take uses, with their attempts, and these with what contains them; and what runs in these did alike."""
        uses = [use for use in uses if use.at <= self._as_of]
        await self._open({use.run for use in uses})
        uses += [inner for place in {self._place(use): None for use in uses} for inner in self._inside[place]]
        await self.meet({use.run for use in uses})
        for use in uses:
            place = self._place(use)
            self._uses[place][use] = None
            self._sorted.pop(place, None)
            for outer in self.containers(attempt_of(use)):
                self._repeated[outer, *place].add(attempt_of(use))

    async def _open(self, runs: set[str]) -> None:
        """Note the uses of the runs that runs contain, to any depth."""
        found: list[Use] = []
        frontier = sorted(runs - self._opened)
        while frontier:
            self._opened.update(frontier)
            inner = sorted({edge.owner for edge in await self._store.owners(frontier, [EdgeKind.CHILD_OF])})
            found += await self._store.uses_of_runs(inner) if inner else []
            frontier = [run for run in inner if run not in self._opened]
        await self._names.join(use.dataset for use in found)
        for use in found:
            if use.at <= self._as_of:
                self._inside[self._place(use)].append(use)

    def _place(self, use: Use) -> tuple[str, Role]:
        return self._names.representative(use.dataset), Role(use.role)

    async def meet(self, runs: Iterable[str]) -> None:
        """Make the attempts of runs known, and of the runs that contain them."""
        frontier = sorted(set(runs) - self._asked)
        while frontier:
            self._asked.update(frontier)
            found = [attempt for attempts in (await self._store.attempts(frontier)).values() for attempt in attempts]
            self.attempts.update((AttemptId(attempt.run, attempt.number), attempt) for attempt in found)
            frontier = sorted({attempt.parent for attempt in found if attempt.parent} - self._asked)

    async def meet_jobs(self, since: dict[str, int]) -> None:
        """Make the attempts of jobs known that started at a time or later."""
        if since:
            found = await self._store.runs_of_jobs(sorted(since), min(since.values()), self._as_of, MAX_USES)
            self.cut = self.cut or any(len(attempts) == MAX_USES for attempts in found.values())
            await self.meet({attempt.run for attempts in found.values() for attempt in attempts})

    def containers(self, attempt: AttemptId) -> Iterator[str]:
        """The runs that contain an attempt, the innermost first."""
        seen = {attempt.run}
        known = self.attempts.get(attempt)
        while known is not None and known.parent and known.parent not in seen:
            seen.add(known.parent)
            yield known.parent
            known = next((self.attempts[key] for key in self._of_run(known.parent)), None)

    def _of_run(self, run: str) -> Iterator[AttemptId]:
        number = 0
        while (key := AttemptId(run, number)) in self.attempts:
            yield key
            number += 1

    def instead(self, use: Use) -> list[Use]:
        """The use itself, or where what its run contains does the same, those uses."""
        place = self._place(use)
        inner = self._repeated.get((use.run, *place))
        return [other for other in self._of(*place) if attempt_of(other) in inner] if inner else [use]

    def consumed(self, dataset: str) -> list[Use]:
        """Readings of a dataset, newest first."""
        return self._of(self._names.representative(dataset), Role.CONSUMED)

    def produced(self, dataset: str) -> list[Use]:
        """Productions of a dataset, newest first."""
        return self._of(self._names.representative(dataset), Role.PRODUCED)

    def _of(self, dataset: str, role: Role) -> list[Use]:
        place = dataset, role
        if place not in self._sorted:
            own = [use for use in self._uses.get(place, ()) if (use.run, *place) not in self._repeated]
            self._sorted[place] = sorted(own, key=_order, reverse=True)
        return self._sorted[place]

    def read(self, reading: Use) -> list[Use]:
        """The productions of what was read, newest first: of the version that it names, else of all that were current,
        complete, and not the attempt's own."""
        if reading.label:
            made = [use for use in self.produced(reading.dataset) if use.label == reading.label]
            return made and [next((use for use in made if use.at <= reading.at), made[0])]
        return list(self.current(reading.dataset, reading.at, parts_of(reading.partitions), attempt_of(reading)))

    def current(
        self, dataset: str, at: int, wanted: frozenset[str] = frozenset(), reader: AttemptId | None = None
    ) -> Iterator[Use]:
        """The productions that make up the dataset (or the wanted partitions of it) at a time, newest first."""
        covered: set[str] = set()
        made = self.produced(dataset)
        for use in made[bisect_left(made, -at, key=lambda use: -use.at) :]:
            if not use.complete or attempt_of(use) == reader:
                continue
            parts = parts_of(use.partitions)
            new = (parts & wanted if parts and wanted else parts or wanted) - covered
            if use.complete > 0 and (new or not (parts or wanted)):
                yield use
            covered |= new
            if not parts or (wanted and wanted <= covered):
                return

    def newest(self, dataset: str, part: str, at: int, reader: AttemptId | None = None) -> Use | None:
        """The last production of a partition (empty: of any part) at a time; none where it was dropped since."""
        return next(self.current(dataset, at, frozenset([part] if part else ()), reader), None)


def _order(use: Use) -> tuple[int, str, int, str]:
    return *use.order, use.dataset
