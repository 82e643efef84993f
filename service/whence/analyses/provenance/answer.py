"""The provenance of one version: the exact attempts, versions and code that it rests on, or that rest on it."""

import re
from collections.abc import Sequence
from functools import cached_property

from whence.analyses.once import Once
from whence.analyses.order import nearest_first
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
        truncated: the limit that cut it, if any. notes: what the reader should know.
    """

    def __init__(self, store: GraphStore, names: Names, question: ProvenanceQuestion, walk: Walk, notes: list[str]):
        self._store = store
        self._names = names
        self._as_of = question.as_of
        self._labels = Once(lambda: read_labels(store, names, walk, question.as_of))
        self.attempts: dict[str, AttemptNode] = {node.key: node for node in nearest_first(walk.attempts.values())}
        self.versions: dict[str, VersionNode] = {node.key: node for node in nearest_first(walk.versions.values())}
        self._used = walk.used
        self._generated = walk.generated
        self.truncated: Limit | None = walk.budget.reached
        self.notes = notes

    @cached_property
    def used(self) -> list[Used]:
        """Which attempt used which version, by (distance, key)."""
        return nearest_first(self._used.values())

    @cached_property
    def generated(self) -> list[Generated]:
        """Which attempt generated which version, by (distance, key)."""
        return nearest_first(self._generated.values())

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
