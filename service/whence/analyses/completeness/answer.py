"""How much of the lineage is known: a walk over all jobs and datasets that are asked about, in batches."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Sequence

from whence.analyses.completeness.collectors import Collectors
from whence.analyses.completeness.datasets import DatasetFacts, DatasetReader, check_dataset
from whence.analyses.completeness.jobs import JobReader, check_job
from whence.analyses.completeness.tally import Tally
from whence.analyses.completeness.twins import Twins
from whence.graph.facts import EdgeKind, Node
from whence.graph.port import GraphStore
from whence.lineage.answer import check_reach
from whence.lineage.names import Names
from whence.lineage.traversal import Budget
from whence_schemas.completeness import Check, Completeness, CompletenessQuestion
from whence_schemas.identity import Kind, owner_key

_BATCH = 1_000
_NO_LIMIT = 2**63

_OF_JOBS = (Check.COLLECTOR, Check.RUN_END, Check.JOB_INPUTS, Check.JOB_OUTPUTS, Check.RUN_CODE)
_OF_DATASETS = (Check.DATASET_NAME, Check.DATASET_ORIGIN, Check.COLUMN_LINEAGE, Check.DATASET_OWNER)


async def completeness(
    store: GraphStore, question: CompletenessQuestion, never_alias: Sequence[re.Pattern[str]] = ()
) -> Completeness:
    """How much is known at a time, and what is not.

    Raises:
        InvalidQuestion: the window is out of range.
    """
    check_reach(0, question.window)
    walk = _Walk(store, question, never_alias)
    await asyncio.gather(walk.jobs(), walk.datasets())
    tally = walk.tally
    return Completeness(
        tally.scores(), tally.by_namespace(), tally.by_owner(), tally.findings(), walk.budget.reached, walk.notes()
    )


class _Walk:
    """Looks at everything, until time is up."""

    def __init__(
        self, store: GraphStore, question: CompletenessQuestion, never_alias: Sequence[re.Pattern[str]]
    ) -> None:
        self._store = store
        self._question = question
        self._never_alias = never_alias
        self._names = Names(store, question.as_of, never_alias)
        self.budget = Budget(_NO_LIMIT, question.seconds)
        self.tally = Tally(question)
        self._seen = {Kind.JOB: 0, Kind.DATASET: 0}

    async def jobs(self) -> None:
        """Check jobs, their last runs, and who reports them."""
        if not self._question.asks(*_OF_JOBS):
            return
        reader = JobReader(self._store, self._question)
        collectors = Collectors(self._store, self._question)
        async for nodes in self._asked(Kind.JOB):
            for job in await reader.read(nodes):
                if self.tally.covers(job.place):
                    check_job(self.tally, job, self._question.as_of)
                    collectors.add(job)
        if self._question.asks(Check.COLLECTOR):
            await collectors.check(self.tally)

    async def datasets(self) -> None:
        """Check datasets. Twins may be anywhere: for these all names are looked at, and then those that look alike."""
        if not self._question.asks(*_OF_DATASETS):
            return
        reader = DatasetReader(self._store, self._names, self._question)
        twins = Twins(await self._all_datasets(), self._never_alias)
        alike = set(twins.candidates())
        kept: list[DatasetFacts] = []
        async for nodes in self._asked(Kind.DATASET):
            for dataset in await reader.read([node.key for node in nodes]):
                check_dataset(self.tally, dataset)
                if alike.isdisjoint(dataset.names):
                    self.tally.add(dataset.place, Check.DATASET_NAME, 1)
                else:
                    kept.append(dataset)
        for keys in _batches(sorted(alike)):
            if not self.budget.exceeded(0):
                kept += await reader.read(keys)
        found = twins.find(kept)
        for dataset in kept:
            self.tally.add(dataset.place, Check.DATASET_NAME, 1, [found[dataset.key]] if dataset.key in found else [])

    async def _all_datasets(self) -> list[Node]:
        if not self._question.asks(Check.DATASET_NAME):
            return []
        return [node async for nodes in self._listed("", Kind.DATASET) for node in nodes]

    async def _asked(self, kind: Kind) -> AsyncIterator[list[Node]]:
        """Nodes that are asked about, in batches; when time is up, no more."""
        owner, namespace = self._question.owner, self._question.namespace
        found = self._owned(owner, kind) if owner is not None else self._listed(namespace or "", kind)
        async for nodes in found:
            wanted = [node for node in nodes if namespace in (None, node.namespace)] if owner is None else nodes
            self._seen[kind] += len(wanted)
            if wanted:
                yield wanted

    async def _listed(self, text: str, kind: Kind) -> AsyncIterator[list[Node]]:
        after = None
        while not self.budget.exceeded(0):
            found = await self._store.search(text, [kind], after, _BATCH)
            yield [node for _, node in found]
            if len(found) < _BATCH:
                return
            after = found[-1][0]

    async def _owned(self, owner: str, kind: Kind) -> AsyncIterator[list[Node]]:
        """What an owner owns, or did once."""
        edges = await self._store.owners([owner_key(owner)], [EdgeKind.OWNED_BY])
        for keys in _batches(sorted(edge.owner for edge in edges if edge.owner[0] == kind)):
            if self.budget.exceeded(0):
                return
            yield list((await self._store.nodes(keys)).values())

    def notes(self) -> list[str]:
        """What the reader should know."""
        if self.budget.reached is None:
            return self._names.notes
        seen = f"{self._seen[Kind.JOB]:,} jobs and {self._seen[Kind.DATASET]:,} datasets"
        return [f"Time was up when {seen} had been looked at: the scores are theirs.", *self._names.notes]


def _batches(keys: list[str]) -> Iterator[list[str]]:
    return (keys[start : start + _BATCH] for start in range(0, len(keys), _BATCH))
