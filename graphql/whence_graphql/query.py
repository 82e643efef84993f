"""The questions that can be asked."""

from typing import Annotated

import strawberry
from strawberry import ID

from whence_graphql.analyses.completeness.query import CompletenessQuery
from whence_graphql.analyses.diff.query import DiffQuery
from whence_graphql.analyses.drift.query import DriftQuery
from whence_graphql.analyses.freshness.query import FreshnessQuery
from whence_graphql.analyses.history.query import HistoryQuery
from whence_graphql.analyses.impact.query import ImpactQuery
from whence_graphql.analyses.partitions.query import PartitionsQuery
from whence_graphql.analyses.provenance.query import ProvenanceQuery
from whence_graphql.analyses.recovery.query import RecoveryQuery
from whence_graphql.answer import Progress, progress
from whence_graphql.arguments import After, AsOf, First, MaxNodes, Window, check_first, limits_of, moment_of
from whence_graphql.context import Info
from whence_graphql.dataset import Dataset
from whence_graphql.describe import object_type, resolved
from whence_graphql.job import Job
from whence_graphql.limits import PAGE
from whence_graphql.lineage import Lineage, LineageStart, find_run, lineage_of, start_of
from whence_graphql.node import Node, load_node, node_of
from whence_graphql.paging import Connection, connect, place_of
from whence_graphql.run import Run
from whence_graphql.scalars import Long
from whence_schemas.errors import InvalidQuestion
from whence_schemas.identity import Kind, dataset_key, job_key
from whence_schemas.lineage import Direction, Granularity, Question
from whence_schemas.read import NodeRow, SearchPlace


@object_type
class Status(Progress):
    """How fresh the graph is."""

    lag: Long = strawberry.field(description="Events of the log that are not in the graph yet.")


@object_type
class Query(
    ImpactQuery,
    ProvenanceQuery,
    CompletenessQuery,
    DiffQuery,
    DriftQuery,
    FreshnessQuery,
    HistoryQuery,
    PartitionsQuery,
    RecoveryQuery,
):
    """Where data came from, what breaks if it changes, and what is known of it."""

    @resolved
    async def status(self, info: Info) -> Status:
        """How fresh the graph is."""
        fresh = await info.context.reader.freshness()
        lag = fresh.log_size - fresh.cursor
        return Status(lag=Long(lag), **progress(fresh))

    @resolved
    async def node(self, info: Info, id: ID) -> Node | None:
        """A node by id; null where it is not there."""
        return await load_node(info, Node, id, info.context.now)

    @resolved
    async def nodes(self, info: Info, ids: list[ID]) -> list[Node | None]:
        """Nodes by id, in this order; null where one is not there."""
        if len(ids) > PAGE:
            raise InvalidQuestion(f"{len(ids)} ids are given, but at most {PAGE} may be: send several requests")
        rows = await info.context.loaders.node.load_many(ids)
        return [node_of(row, info.context.now) if row else None for row in rows]

    @resolved
    async def dataset(self, info: Info, namespace: str, name: str) -> Dataset | None:
        """A dataset by name; null where it is not there."""
        return await load_node(info, Dataset, dataset_key(namespace, name), info.context.now)

    @resolved
    async def job(self, info: Info, namespace: str, name: str) -> Job | None:
        """A job by name; null where it is not there."""
        return await load_node(info, Job, job_key(namespace, name), info.context.now)

    @resolved
    async def run(
        self, info: Info, id: Annotated[ID, strawberry.argument(description="A run id, or a run's `id`.")]
    ) -> Run | None:
        """A run by its run id; null where it is not there."""
        row = await find_run(info, id)
        return Run.of(row, info.context.now) if row else None

    @resolved
    async def search(
        self,
        info: Info,
        text: str = "",
        kinds: list[Kind] = [Kind.DATASET, Kind.JOB],  # noqa: B006  # it becomes the default in the schema
        first: First = 20,
        after: After = None,
        namespace: Annotated[str | None, strawberry.argument(description="Only in this namespace.")] = None,
    ) -> Connection[Node]:
        """Nodes whose name or namespace contains the text in any case, by name. An empty text finds all that was ever
        named. Versions are not found so; runs are by their run id."""
        place = place_of(after, SearchPlace)
        unique = list(dict.fromkeys(kinds))
        limit = check_first(first) + 1
        found = await info.context.reader.catalog.search(text, unique, place, limit, namespace)
        return connect(info, found, first, after, _place, lambda row: node_of(row[1], info.context.now))

    @resolved
    async def lineage(
        self,
        info: Info,
        of: LineageStart,
        direction: Direction = Direction.BOTH,
        depth: Annotated[
            int, strawberry.argument(description="Steps from dataset to dataset, or from run to run.")
        ] = 20,
        granularity: Annotated[
            Granularity | None,
            strawberry.argument(description="By default RUN for a run, COLUMN for a column, else DATASET."),
        ] = None,
        as_of: AsOf = None,
        window: Window = 10,
        max_nodes: MaxNodes = 10_000,
    ) -> Lineage:
        """What something came from (UPSTREAM), and what comes from it (DOWNSTREAM)."""
        start, usual = await start_of(info, of)
        moment = moment_of(info, as_of)
        fresh = await info.context.reader.freshness()
        question = Question(
            start,
            moment,
            direction,
            granularity or usual,
            depth,
            window,
            *limits_of(info, max_nodes),
        )
        return lineage_of(await info.context.reader.lineage(question), start, moment, fresh)


def _place(row: tuple[SearchPlace, NodeRow]) -> SearchPlace:
    return row[0]
