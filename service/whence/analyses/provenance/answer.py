"""The provenance of one version: the exact attempts, versions and code that it rests on, or that rest on it."""

import re
from collections.abc import Sequence

from whence.analyses.once import Once
from whence.analyses.provenance.decisions import read_decisions
from whence.analyses.provenance.labels import read_labels, read_models
from whence.analyses.provenance.start import find_start
from whence.analyses.provenance.walk import Walk
from whence.graph.port import GraphStore
from whence.lineage.answer import check_depth
from whence.lineage.names import Names
from whence_schemas.errors import InvalidQuestion
from whence_schemas.lineage import Direction, Limit
from whence_schemas.provenance import (
    AttemptNode,
    Decision,
    Generated,
    ModelRow,
    ProvenanceLabels,
    ProvenanceQuestion,
    Used,
    VersionNode,
)


class Provenance:
    """The answer.

    Attributes:
        attempts, versions: what is in it, by key, nearest first by (distance, key).
        used, generated: the edges between them, in the order of (distance, key).
        truncated: the limit that cut it, if any. notes: what the reader should know.
    """

    def __init__(self, store: GraphStore, names: Names, question: ProvenanceQuestion, walk: Walk, notes: list[str]):
        self._store = store
        self._names = names
        self._as_of = question.as_of
        self._labels = Once(lambda: read_labels(store, names, self, question.as_of))
        self.attempts: dict[str, AttemptNode] = dict(sorted(walk.attempts.items(), key=_place))
        self.versions: dict[str, VersionNode] = dict(sorted(walk.versions.items(), key=_place))
        self.used: list[Used] = sorted(walk.used.values(), key=lambda edge: (edge.distance, edge.key))
        self.generated: list[Generated] = sorted(walk.generated.values(), key=lambda edge: (edge.distance, edge.key))
        self.truncated: Limit | None = walk.budget.reached
        self.notes = notes

    def path(self, key: str) -> list[str]:
        """Keys of a shortest path from the start to an attempt or version, both included."""
        found = []
        while key:
            found.append(key)
            key = (self.attempts.get(key) or self.versions[key]).before
        return found[::-1]

    async def labels(self) -> ProvenanceLabels:
        """What is said of what is in it, and how much it is: read once, when it is asked for."""
        return await self._labels.get()

    async def decisions(self) -> list[Decision]:
        """Approvals, rejections and withdrawals of the versions in it, by (distance, key)."""
        return await read_decisions(self._store, self._names, self.versions, self._as_of)

    async def models(self) -> list[ModelRow]:
        """The models in it, and when each was trained last, by (distance, key)."""
        return await read_models(self._store, self._names, self.versions, (await self.labels()).assets, self._as_of)


def _place(item: tuple[str, AttemptNode] | tuple[str, VersionNode]) -> tuple[int, str]:
    return item[1].distance, item[0]


async def provenance(
    store: GraphStore, question: ProvenanceQuestion, never_alias: Sequence[re.Pattern[str]] = ()
) -> Provenance:
    """What a version, or the attempts of a run, rest on, or what rests on them.

    Raises:
        NotFound: the start is not in the graph, or was not by then.
        InvalidQuestion: depth is out of range, the direction is BOTH, or the start is nothing that has a provenance.
    """
    check_depth(question.depth)
    if question.direction == Direction.BOTH:
        raise InvalidQuestion("a provenance goes UPSTREAM or DOWNSTREAM: ask for each, which one request may do")
    names = Names(store, question.as_of, never_alias)
    start = await find_start(store, names, question)
    walk = Walk(store, names, question)
    await walk.run(start)
    return Provenance(store, names, question, walk, [*names.notes, *start.notes])
