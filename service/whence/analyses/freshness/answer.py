"""Which datasets are late: pages in the order of their names, and how many there are."""

import re
import time
from collections import Counter
from collections.abc import Sequence

from whence.analyses.freshness.held_up import Downstream
from whence.analyses.freshness.judging import Group, judge
from whence.analyses.freshness.policy import policy_of
from whence.analyses.once import Once
from whence.graph.facts import Node
from whence.graph.port import GraphStore, Place
from whence.lineage.names import Names
from whence_schemas.errors import InvalidQuestion, NotFound
from whence_schemas.freshness import (
    DatasetFreshness,
    FreshnessCounts,
    FreshnessPage,
    FreshnessQuestion,
    FreshnessState,
    HeldUp,
)
from whence_schemas.identity import Kind
from whence_schemas.lineage import Limit
from whence_schemas.read import SearchPlace

_BATCH = 500
_BEHIND = (FreshnessState.LATE, FreshnessState.NEVER)


class DatasetsFreshness:
    """The answer. notes: what the reader should know."""

    def __init__(self, store: GraphStore, question: FreshnessQuestion, never_alias: Sequence[re.Pattern[str]]) -> None:
        self._store = store
        self._question = question
        self._policy = policy_of(question.rules)
        self._names = Names(store, question.as_of, never_alias)
        self._deadline = time.monotonic() + question.seconds
        self._walk = Once(self._walk_down)
        self._late: list[str] = []
        self.notes = self._names.notes

    async def page(self, after: SearchPlace | None, limit: int) -> FreshnessPage:
        """At most so many datasets after a place."""
        rows: list[tuple[SearchPlace, DatasetFreshness]] = []
        place = Place(*after) if after else None
        more, truncated = True, None
        while more and len(rows) < limit and truncated is None:
            found, more = await self._next(place, _BATCH if self._question.states else limit - len(rows))
            judged = {row.key: row for row in await self._judge([node for _, node in found])}
            rows += [
                (SearchPlace(*at), row)
                for at, node in found
                if (row := judged.get(node.key)) is not None and self._wanted(row)
            ]
            place = found[-1][0] if found else place
            truncated = Limit.TIME if more and len(rows) < limit and time.monotonic() > self._deadline else None
        self._late += [row.key for _, row in rows[:limit] if row.state in _BEHIND]
        return FreshnessPage(rows[:limit], SearchPlace(*place) if place else None, truncated)

    async def counts(self) -> FreshnessCounts:
        """How many datasets are in each state, whatever `states` says."""
        states: Counter[FreshnessState] = Counter()
        place: Place | None = None
        more = True
        while more and time.monotonic() <= self._deadline:
            found, more = await self._next(place, _BATCH)
            states.update(row.state for row in await self._judge([node for _, node in found]))
            place = found[-1][0] if found else place
        return FreshnessCounts({state: states[state] for state in FreshnessState}, Limit.TIME if more else None)

    async def held_up(self, key: str) -> HeldUp:
        """What a dataset of the pages holds up: that of all late ones is found in one walk."""
        return (await self._walk.get()).of(key)

    async def _walk_down(self) -> Downstream:
        walk = Downstream(self._store, self._names, self._question)
        await walk.walk(self._late)
        return walk

    async def _next(self, place: Place | None, limit: int) -> tuple[list[tuple[Place, Node]], bool]:
        """Datasets after a place, and whether there may be more."""
        question = self._question
        if question.datasets:
            return await self._named(place, limit)
        found = await self._store.search(question.namespace or "", [Kind.DATASET], place, limit)
        return found, len(found) == limit

    async def _named(self, place: Place | None, limit: int) -> tuple[list[tuple[Place, Node]], bool]:
        nodes = await self._store.nodes(self._question.datasets)
        if missing := [key for key in self._question.datasets if key not in nodes]:
            number = self._question.datasets.index(missing[0]) + 1
            raise NotFound(f"dataset {number} of the question is not in the graph: find its exact name with search")
        places = sorted((Place(node.name, node.namespace, node.key), node) for node in nodes.values())
        found = [(at, node) for at, node in places if place is None or at > place]
        return found[:limit], len(found) > limit

    async def _judge(self, nodes: Sequence[Node]) -> list[DatasetFreshness]:
        """How those stand that stand for a dataset: of several names of one, the smallest that is asked for."""
        asked = [
            node for node in nodes if self._question.datasets or self._question.namespace in (None, node.namespace)
        ]
        await self._names.join(node.key for node in asked)
        aliases = {key for node in asked for key in self._names.members(node.key) if key != node.key}
        known = {node.key: node for node in asked}
        known |= await self._store.nodes(sorted(aliases - known.keys())) if aliases - known.keys() else {}
        groups = [Group((node, *self._others(node, known))) for node in asked if self._stands(node, known)]
        return await judge(self._store, groups, self._policy, self._question.as_of)

    def _others(self, node: Node, known: dict[str, Node]) -> list[Node]:
        return [known[key] for key in self._names.members(node.key) if key != node.key and key in known]

    def _stands(self, node: Node, known: dict[str, Node]) -> bool:
        if self._question.datasets:
            return True
        names = [known[key] for key in self._names.members(node.key) if key in known]
        fitting = [name for name in names if self._question.namespace in (None, name.namespace)]
        return not fitting or fitting[0].key == node.key

    def _wanted(self, row: DatasetFreshness) -> bool:
        return not self._question.states or row.state in self._question.states


async def freshness(
    store: GraphStore, question: FreshnessQuestion, never_alias: Sequence[re.Pattern[str]] = ()
) -> DatasetsFreshness:
    """How datasets stand.

    Raises:
        NotFound: a dataset is not in the graph.
        InvalidQuestion: it asks for something else than datasets, or a rule makes no sense.
    """
    for key in question.datasets:
        if key[0] != Kind.DATASET:
            raise InvalidQuestion("freshness is that of datasets: ask for those that a job or run writes")
    return DatasetsFreshness(store, question, never_alias)
