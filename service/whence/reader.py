"""Everything that the GraphQL schema, the CLI and the web page read, over one graph store."""

import re
from collections.abc import Awaitable, Callable, Sequence

from whence.analyses.impact.answer import Impact, impact
from whence.analyses.recovery.answer import Recovery, recovery
from whence.graph.port import GraphStore
from whence.lineage.answer import lineage
from whence.read.catalog import CatalogReader
from whence.read.jobs import JobReader
from whence.read.runs import RunReader
from whence.read.versions import VersionReader
from whence_schemas.impact import ImpactQuestion
from whence_schemas.lineage import LineageGraph, Question
from whence_schemas.read import Freshness
from whence_schemas.recovery import RecoveryQuestion


class GraphReader:
    """The `whence_graphql.ports.Reader` over a graph store. `log_size` tells how many events the log has."""

    def __init__(
        self,
        store: GraphStore,
        log_size: Callable[[], Awaitable[int]],
        never_alias: Sequence[re.Pattern[str]] = (),
    ) -> None:
        self._store = store
        self._log_size = log_size
        self._never_alias = never_alias
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
        return await lineage(self._store, question, self._never_alias)

    async def impact(self, question: ImpactQuestion) -> Impact:
        """What a change touches."""
        return await impact(self._store, question, self._never_alias)

    async def recovery(self, question: RecoveryQuestion) -> Recovery:
        """What to do after something failed or was found bad."""
        return await recovery(self._store, question, self._never_alias)
