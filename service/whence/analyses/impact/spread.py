"""How far a change spreads: breadth-first, downstream, from datasets, columns and jobs, each node with its proof.

Each step costs a fixed number of queries, whatever its width.
"""

from collections.abc import Iterable
from itertools import chain
from typing import NamedTuple

from whence.analyses.impact.ways import Way, Ways, is_direct, shows_source, ways_of, ways_of_columns, ways_of_datasets
from whence.analyses.order import nearest_first
from whence.graph.facts import Node
from whence.graph.footprint import end_of
from whence.graph.live import Live
from whence.graph.port import GraphStore
from whence.lineage.containers import contained_jobs
from whence.lineage.live import LiveOwners
from whence.lineage.names import Names
from whence.lineage.passing import passing
from whence.lineage.traversal import Budget
from whence_schemas.identity import Kind
from whence_schemas.impact import Certainty, Change, ImpactQuestion, Place, Step, Touched
from whence_schemas.lineage import Granularity


class Spot(NamedTuple):
    """A column, or with an empty field a dataset as a whole, that the change reaches. goes_on: whether from here the
    change goes on to others."""

    dataset: str
    field: str
    goes_on: bool = True

    @property
    def place(self) -> Place:
        """Where it is."""
        return Place(end_of(self.dataset, self.field), self.dataset, self.field)


_Taken = tuple[Spot, str, str, Way]
"""A way that the change takes from a spot through an owner (by key), with the column that the way is known for."""


class Spread:
    """What a change touches, in `touched` after `run`.

    Attributes:
        wholes: the datasets that are touched as a whole.
        flows: where values of touched columns can be seen, by their dataset and field (empty: of any column of it); at
            granularity COLUMN.
        without_columns: jobs on the way whose column lineage was missing.
    """

    def __init__(self, store: GraphStore, names: Names, question: ImpactQuestion) -> None:
        self._store = store
        self._names = names
        self._question = question
        self._by_column = question.granularity == Granularity.COLUMN
        self._live = LiveOwners(store, question.as_of, question.window, names)
        self._steps: dict[Spot, Step] = {}
        self.budget = Budget(question.max_nodes, question.seconds)
        self.touched: dict[str, Touched] = {}
        self.wholes: set[str] = set()
        self.flows: dict[str, dict[str, dict[Place, None]]] = {}
        self.without_columns: dict[str, None] = {}

    async def run(self) -> None:
        """Walk as far as the change spreads, or the question's limits allow."""
        spots, jobs = await self._starts()
        frontier = self._reach({Spot(*spot): Step(Spot(*spot).place) for spot in spots}, 0)
        self._touch(jobs.values(), 0)
        depth = min(self._question.depth, 1) if self._question.change == Change.RENAME else self._question.depth
        distance = 0
        while (frontier or jobs) and distance < depth and not self.budget.exceeded(len(self.touched)):
            distance += 1
            found = await self._follow(frontier, depth - distance + 1, distance)
            await self._write(jobs, found)
            jobs = {}
            frontier = self._reach(found, distance)
        in_order = nearest_first(self.touched.values())
        self.touched = {found.key: found for found in self.budget.cut(in_order)}

    async def _starts(self) -> tuple[list[tuple[str, str]], dict[str, Step]]:
        """What changes: datasets with a field each, and jobs with all that they contain."""
        spots: list[tuple[str, str]] = []
        jobs: dict[str, Step] = {}
        nodes = await self._store.nodes(self._question.starts)
        for start in self._question.starts:
            if start[0] == Kind.JOB:
                await self._contain(start, jobs)
            else:
                spots.append(self._spot(nodes[start]))
        await self._names.join(dataset for dataset, _ in spots)
        await self._live.fetch(jobs)
        return [(self._names.representative(dataset), field) for dataset, field in spots], jobs

    def _spot(self, node: Node) -> tuple[str, str]:
        """A dataset, or a column, for which at granularity DATASET its dataset stands."""
        if node.kind == Kind.DATASET:
            return node.key, ""
        return node.of, node.name if self._by_column else ""

    async def _contain(self, start: str, jobs: dict[str, Step]) -> None:
        jobs[start] = Step(Place(start, start))
        inner = await contained_jobs(self._store, start, self._question.as_of, self._question.window)
        for job, parent in inner.items():
            jobs.setdefault(job, Step(Place(job, job), before=jobs.get(parent)))

    async def _write(self, jobs: dict[str, Step], found: dict[Spot, Step]) -> None:
        """Add what the jobs that change write."""
        outputs = {job: list(live.writes()) for job, live in self._live.known(list(jobs))}
        await self._names.join(key for written in outputs.values() for key in written)
        for job, written in outputs.items():
            for output in written:
                spot = Spot(self._names.representative(output), "")
                if _is_better(Certainty.RECORDED, found.get(spot)):
                    found[spot] = Step(spot.place, job, before=jobs[job])

    async def _follow(self, frontier: list[Spot], hops: int, distance: int) -> dict[Spot, Step]:
        """What the change reaches from the frontier in one step; the jobs on the way are touched.

        Spots and owners come in order, so that of equal proofs the first is always the same one.
        """
        frontier = sorted(frontier)
        names = {spot: self._names.members(spot.dataset) for spot in frontier}
        passed = await passing(self._live, list(dict.fromkeys(chain(*names.values()))), hops, upstream=False)
        taken: list[_Taken] = []
        jobs: dict[str, Step] = {}
        for spot, members in names.items():
            for member in members:
                for owner, live in passed[member].items():
                    if owner in jobs and not self._by_column and live.mixes:
                        continue  # it leads where it led from the spot before
                    ways = self._ways(owner, live, member)
                    uses = ways_of(ways, spot.field)
                    taken += [(spot, owner, field, way) for field, way in uses]
                    if owner[0] == Kind.JOB and (uses or not ways):
                        self._pass(jobs, owner, spot, [way.recorded for _, way in uses])
        self._touch(jobs.values(), distance)
        await self._names.join(way.output for _, _, _, way in taken)
        reached: dict[Spot, Step] = {}
        for found in taken:
            self._take(found, reached)
        return reached

    def _ways(self, owner: str, live: Live, dataset: str) -> Ways:
        return (ways_of_columns if self._by_column else ways_of_datasets)(owner, live, dataset)

    def _pass(self, jobs: dict[str, Step], job: str, spot: Spot, recorded: list[bool]) -> None:
        """Note a job that uses a spot. That a dataset is read is recorded; which columns of it, where ways on are."""
        certain = not spot.field or any(recorded)
        if not (certain and all(recorded)):
            self.without_columns[job] = None
        before = self._steps[spot]
        certainty = _least(before.certainty, certain)
        if _is_better(certainty, jobs.get(job)):
            jobs[job] = Step(Place(job, job), certainty=certainty, before=before)

    def _take(self, taken: _Taken, reached: dict[Spot, Step]) -> None:
        """Note where a way leads."""
        spot, owner, field, way = taken
        target = Spot(self._names.representative(way.output), way.field)
        if self._by_column and shows_source(way.said):
            self.flows.setdefault(spot.dataset, {}).setdefault(field, {})[target.place] = None
        if self._question.change == Change.RETYPE and not is_direct(way.said):
            target = target._replace(goes_on=False)
        before = self._steps[spot]
        certainty = _least(before.certainty, way.recorded)
        if _is_better(certainty, reached.get(target)):
            reached[target] = Step(target.place, owner, certainty, way.said, before)

    def _reach(self, found: dict[Spot, Step], distance: int) -> list[Spot]:
        """Note the spots that are new; returns those from which the change goes on."""
        new = {spot: step for spot, step in found.items() if spot not in self._steps}
        self._steps.update(new)
        self.wholes.update(spot.dataset for spot in new if not spot.field)
        self._touch(new.values(), distance)
        return [spot for spot in new if spot.goes_on]

    def _touch(self, steps: Iterable[Step], distance: int) -> None:
        """Note nodes that are new; with a column its dataset."""
        nearest: dict[str, Step] = {}
        for step in steps:
            key, asset, _ = step.place
            for one in (key,) if key == asset else (key, asset):
                if one not in self.touched and _is_better(step.certainty, nearest.get(one)):
                    nearest[one] = step
        self.touched.update((key, Touched(key, distance, step)) for key, step in nearest.items())


def _least(before: Certainty, recorded: bool) -> Certainty:
    """Certainty of a path with one more step."""
    return before if recorded else Certainty.INFERRED


def _is_better(certainty: Certainty, known: Step | None) -> bool:
    """Whether a proof of this certainty takes the place of the one that is known."""
    return known is None or (known.certainty is Certainty.INFERRED and certainty is Certainty.RECORDED)
