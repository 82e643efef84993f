"""Everything that the GraphQL schema, the CLI and the web page read, over one graph store."""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from whence.analyses.completeness.answer import completeness
from whence.analyses.diff.answer import Diff, diff
from whence.analyses.diff.runs import compare_runs, run_of_code
from whence.analyses.drift.answer import drift
from whence.analyses.freshness.answer import DatasetsFreshness, freshness
from whence.analyses.history.answer import History, history
from whence.analyses.impact.answer import Impact, impact
from whence.analyses.partitions.answer import partitions
from whence.analyses.provenance.answer import Provenance, provenance
from whence.analyses.recovery.answer import Recovery, recovery
from whence.graph.port import GraphStore
from whence.lineage.answer import lineage
from whence.read.catalog import CatalogReader
from whence.read.jobs import JobReader
from whence.read.recent import Cut, Recent
from whence.read.runs import RunReader
from whence.read.versions import VersionReader
from whence_schemas.completeness import Completeness, CompletenessQuestion
from whence_schemas.diff import DiffQuestion, RunDiff
from whence_schemas.drift import DriftPage, DriftQuestion
from whence_schemas.freshness import FreshnessQuestion
from whence_schemas.history import HistoryQuestion
from whence_schemas.impact import ImpactQuestion
from whence_schemas.lineage import LineageGraph, Question
from whence_schemas.partitions import PartitionQuestion, PartitionRange
from whence_schemas.provenance import ProvenanceQuestion
from whence_schemas.read import Freshness
from whence_schemas.recovery import RecoveryQuestion

_Asked = TypeVar("_Asked", CompletenessQuestion, DiffQuestion, ImpactQuestion, ProvenanceQuestion, RecoveryQuestion)
_Answer = TypeVar("_Answer", bound=Cut)
_Analysis = Callable[[GraphStore, _Asked, Sequence[re.Pattern[str]]], Awaitable[_Answer]]


class GraphReader:
    """The `whence_graphql.ports.Reader` over a graph store. `log_size` tells how many events the log has.

    Answers that are read page by page are kept by their question; what is left of a request's time is no part of it.
    """

    def __init__(
        self,
        store: GraphStore,
        log_size: Callable[[], Awaitable[int]],
        never_alias: Sequence[re.Pattern[str]] = (),
    ) -> None:
        self._store = store
        self._log_size = log_size
        self._never_alias = never_alias
        self._recent = Recent(store)
        self.catalog = CatalogReader(store, never_alias)
        self.jobs = JobReader(store, never_alias)
        self.runs = RunReader(store)
        self.versions = VersionReader(store, never_alias)

    async def freshness(self) -> Freshness:
        """How far the graph is behind the log. The cursor is read first, so that the lag is never negative."""
        cursor = await self._store.cursor()
        return Freshness(await self._log_size(), cursor)

    async def lineage(self, question: Question) -> LineageGraph:
        """The lineage that answers a question."""
        async with self._store.question():
            return await lineage(self._store, question, self._never_alias)

    async def diff(self, question: DiffQuestion) -> Diff:
        """What differs between two times."""
        return await self._kept(diff, question)

    async def drift(self, question: DriftQuestion) -> DriftPage:
        """Where declarations and runs differ."""
        return await drift(self._store, question, self._never_alias)

    async def run_of_code(self, job: str, commit: str, as_of: int) -> str:
        """The newest run of a job that executed a commit."""
        return await run_of_code(self._store, job, commit, as_of)

    async def run_diff(self, before: str, after: str) -> RunDiff:
        """What differs between two runs."""
        return await compare_runs(self._store, before, after, self._never_alias)

    async def impact(self, question: ImpactQuestion) -> Impact:
        """What a change touches."""
        return await self._kept(impact, question)

    async def completeness(self, question: CompletenessQuestion) -> Completeness:
        """How much of the lineage is known."""
        return await self._kept(completeness, question)

    async def datasets_freshness(self, question: FreshnessQuestion) -> DatasetsFreshness:
        """How datasets stand."""
        return await freshness(self._store, question, self._never_alias)

    async def history(self, question: HistoryQuestion) -> History:
        """What the runs of a dataset or job measured and checked."""
        return await history(self._store, question, self._never_alias)

    async def partitions(self, question: PartitionQuestion) -> PartitionRange:
        """Which partitions there should be in a range, and how each stands."""
        return await partitions(self._store, question, self._never_alias)

    async def provenance(self, question: ProvenanceQuestion) -> Provenance:
        """What a version rests on, or what rests on it."""
        return await self._kept(provenance, question)

    async def recovery(self, question: RecoveryQuestion) -> Recovery:
        """What to do after something failed or was found bad."""
        return await self._kept(recovery, question)

    async def _kept(self, analysis: _Analysis[_Asked, _Answer], question: _Asked) -> _Answer:
        """The answer of an analysis, or the one that is kept; `question` has a limit `seconds`."""
        asked = replace(question, seconds=0.0)
        async with self._store.question():
            return await self._recent.get(asked, lambda: analysis(self._store, question, self._never_alias))
