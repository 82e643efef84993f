"""The questions that can be asked."""

from typing import Annotated

import strawberry
from strawberry import ID

from whence_graphql.arguments import After, AsOf, First, Window, check_first
from whence_graphql.context import Info
from whence_graphql.dataset import Dataset
from whence_graphql.describe import object_type, resolved
from whence_graphql.impact import Impact, impact_of
from whence_graphql.job import Job
from whence_graphql.limits import PAGE
from whence_graphql.lineage import Lineage, LineageStart, find_run, lineage_of, start_of
from whence_graphql.node import Node, node_of
from whence_graphql.paging import Connection, connect, place_of
from whence_graphql.recovery import Recovery, recovery_of
from whence_graphql.run import Run
from whence_graphql.scalars import DateTime, Long
from whence_schemas.errors import InvalidQuestion
from whence_schemas.identity import Kind, dataset_key, job_key
from whence_schemas.impact import Change, ImpactQuestion
from whence_schemas.lineage import Direction, Granularity, Question
from whence_schemas.read import NodeRow, SearchPlace
from whence_schemas.recovery import RecoveryQuestion

MaxNodes = Annotated[int, strawberry.argument(description="Where to cut the answer, which then says so.")]


@object_type
class Status:
    """How fresh the graph is."""

    log_size: Long = strawberry.field(description="Events in the log.")
    cursor: Long = strawberry.field(description="Events of the log that are in the graph.")
    lag: Long = strawberry.field(description="Events of the log that are not in the graph yet.")


@object_type
class Query:
    """Where data came from, what breaks if it changes, and what is known of it."""

    @resolved
    async def status(self, info: Info) -> Status:
        """How fresh the graph is."""
        fresh = await info.context.reader.freshness()
        lag = fresh.log_size - fresh.cursor
        return Status(log_size=Long(fresh.log_size), cursor=Long(fresh.cursor), lag=Long(lag))

    @resolved
    async def node(self, info: Info, id: ID) -> Node | None:
        """A node by id; null where it is not there."""
        row = await info.context.loaders.node.load(id)
        return node_of(row, info.context.now) if row else None

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
        row = await info.context.loaders.node.load(dataset_key(namespace, name))
        return Dataset.of(row, info.context.now) if row else None

    @resolved
    async def job(self, info: Info, namespace: str, name: str) -> Job | None:
        """A job by name; null where it is not there."""
        row = await info.context.loaders.node.load(job_key(namespace, name))
        return Job.of(row, info.context.now) if row else None

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
    ) -> Connection[Node]:
        """Nodes whose name or namespace contains the text in any case, by name. An empty text finds all. Versions are
        not found so; runs are by their run id."""
        place = place_of(after, SearchPlace)
        unique = list(dict.fromkeys(kinds))
        found = await info.context.reader.catalog.search(text, unique, place, check_first(first) + 1)
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
        moment = info.context.now if as_of is None else as_of
        fresh = await info.context.reader.freshness()
        question = Question(
            start,
            moment,
            direction,
            granularity or usual,
            depth,
            window,
            *_limits(info, max_nodes),
        )
        return lineage_of(await info.context.reader.lineage(question), start, moment, fresh)

    @resolved
    async def impact(
        self,
        info: Info,
        of: list[LineageStart],
        change: Change = Change.DROP,
        granularity: Annotated[
            Granularity | None,
            strawberry.argument(description="DATASET or COLUMN. By default COLUMN where one of them is a column."),
        ] = None,
        depth: Annotated[int, strawberry.argument(description="Steps from dataset to dataset.")] = 20,
        as_of: AsOf = None,
        window: Window = 10,
        max_nodes: MaxNodes = 10_000,
    ) -> Impact:
        """What a change to datasets, columns or jobs touches downstream, and who is to be told."""
        if len(of) > PAGE:
            raise InvalidQuestion(f"`of` names {len(of)}, but at most {PAGE} may be: send several requests")
        starts = [await start_of(info, start) for start in of]
        by_column = any(usual == Granularity.COLUMN for _, usual in starts)
        question = ImpactQuestion(
            tuple(dict.fromkeys(start for start, _ in starts)),
            info.context.now if as_of is None else as_of,
            change,
            granularity or (Granularity.COLUMN if by_column else Granularity.DATASET),
            depth,
            window,
            *_limits(info, max_nodes),
        )
        fresh = await info.context.reader.freshness()
        return impact_of(await info.context.reader.impact(question), question, fresh)

    @resolved
    async def recovery(
        self,
        info: Info,
        of: LineageStart,
        version: Annotated[
            str | None, strawberry.argument(description="Of a dataset, the bad version's name, or its `id`.")
        ] = None,
        since: Annotated[
            DateTime | None,
            strawberry.argument(description="Of a dataset or job: what was made from then on is bad."),
        ] = None,
        until: Annotated[
            DateTime | None,
            strawberry.argument(
                description="What was made later is taken for a repair; by default `asOf`. Ask again with the `until` "
                "of the answer, to see how far the repair is."
            ),
        ] = None,
        late: Annotated[
            bool, strawberry.argument(description="The dataset should have had a new version at `since`.")
        ] = False,
        as_of: AsOf = None,
        window: Window = 10,
        max_nodes: MaxNodes = 10_000,
    ) -> Recovery:
        """What to do after a run failed, or a dataset, a version of it, a model, a document, or what a job made was
        found bad: what is stale, what is still good, and what to run again in which order. Without `version` and
        `since`, the current version of the dataset is bad, or what the job's last run made."""
        start, _ = await start_of(info, of)
        question = RecoveryQuestion(
            start,
            info.context.now if as_of is None else as_of,
            version or "",
            since,
            until,
            late,
            window,
            *_limits(info, max_nodes),
        )
        fresh = await info.context.reader.freshness()
        return recovery_of(await info.context.reader.recovery(question), question, fresh)


_SHARE = 0.6
"""The part of the request's time that a traversal may take: it stops by itself, with what it found so far."""


def _limits(info: Info, max_nodes: int) -> tuple[int, float]:
    """The most nodes and seconds that a traversal may take."""
    if max_nodes < 1:
        raise InvalidQuestion(f"maxNodes is {max_nodes}, but must be at least 1")
    budget = info.context.budget
    return min(max_nodes, budget.rows), budget.seconds() * _SHARE


def _place(row: tuple[SearchPlace, NodeRow]) -> SearchPlace:
    return row[0]
