"""What late datasets hold up: one walk downstream for all of them, however many."""

from collections.abc import Sequence

from whence.analyses.owners import owners_of
from whence.graph.port import GraphStore
from whence.lineage.live import LiveOwners
from whence.lineage.names import Names
from whence.lineage.passing import passing
from whence.lineage.traversal import Budget
from whence_schemas.freshness import FreshnessQuestion, HeldDataset, HeldOwner, HeldUp
from whence_schemas.identity import Kind
from whence_schemas.lineage import Limit

_DEPTH = 1_000
_EACH = 1_000
"""Datasets that are told of each late one at least, however many there are."""


class Downstream:
    """What is made of datasets, step by step: from each the jobs that read it, and what they make of it."""

    def __init__(self, store: GraphStore, names: Names, question: FreshnessQuestion) -> None:
        self._store = store
        self._names = names
        self._question = question
        self._budget = Budget(question.max_nodes, question.seconds)
        self._made: dict[str, dict[str, None]] = {}
        self._jobs: dict[str, dict[str, None]] = {}
        self._owners: dict[str, list[str]] = {}
        self._each = _EACH

    async def walk(self, starts: Sequence[str]) -> None:
        """Find all that is downstream of datasets, and whose it is."""
        live = LiveOwners(self._store, self._question.as_of, self._question.window, self._names)
        await self._names.join(starts)
        frontier = list(dict.fromkeys(map(self._names.representative, starts)))
        self._made = {dataset: {} for dataset in frontier}
        self._each = max(_EACH, self._question.max_nodes // max(1, len(frontier)))
        depth = _DEPTH
        while frontier and depth and not self._budget.exceeded(len(self._made)):
            found = await self._step(live, frontier, depth)
            frontier = [dataset for dataset in found if dataset not in self._made]
            self._made.update((dataset, {}) for dataset in frontier)
            depth -= 1
        jobs = [job for jobs in self._jobs.values() for job in jobs]
        names = [name for dataset in self._made for name in self._names.members(dataset)]
        self._owners = await owners_of(self._store, [*names, *dict.fromkeys(jobs)], self._question.as_of)

    async def _step(self, live: LiveOwners, frontier: list[str], hops: int) -> dict[str, None]:
        places = {member: dataset for dataset in frontier for member in self._names.members(dataset)}
        ways: list[tuple[str, str]] = []
        for member, owners in (await passing(live, list(places), hops, upstream=False)).items():
            dataset = places[member]
            for owner, said in owners.items():
                if owner[0] == Kind.JOB:
                    self._jobs.setdefault(dataset, {})[owner] = None
                ways += [(dataset, made) for made in ([owner] if owner[0] == Kind.DATASET else said.outputs_of(member))]
        await self._names.join(made for _, made in ways)
        found: dict[str, None] = {}
        for dataset, made in ways:
            name = self._names.representative(made)
            self._made[dataset][name] = None
            found[name] = None
        return found

    def of(self, start: str) -> HeldUp:
        """What one of the starts holds up; cut at its share of the nodes that the answer may have."""
        start = self._names.representative(start)
        distances = {start: 0}
        todo = [start]
        for dataset in todo:
            if len(todo) > self._each:
                break
            for made in self._made.get(dataset, ()):
                if made not in distances:
                    distances[made] = distances[dataset] + 1
                    todo.append(made)
        jobs: dict[str, int] = {}
        for dataset in todo:
            for job in self._jobs.get(dataset, ()):
                jobs.setdefault(job, distances[dataset] + 1)
        held = [HeldDataset(key, distance) for key, distance in distances.items() if key != start]
        held.sort(key=lambda one: (one.distance, one.key))
        cut = Limit.NODES if len(todo) > self._each else None
        return HeldUp(held, len(jobs), self._owners_of(distances | jobs), self._budget.reached or cut)

    def _owners_of(self, distances: dict[str, int]) -> list[HeldOwner]:
        found: dict[str, dict[str, int]] = {}
        for asset, distance in distances.items():
            for name in self._names.members(asset):
                for owner in self._owners.get(name, ()):
                    found.setdefault(owner, {})[asset] = distance
        rows = [HeldOwner(owner, min(assets.values()), len(assets)) for owner, assets in found.items()]
        return sorted(rows, key=lambda row: (row.distance, row.name))
