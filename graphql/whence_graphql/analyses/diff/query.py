"""The fields `diff` and `runDiff`."""

from typing import Annotated

import strawberry
from strawberry import ID

from whence_graphql.analyses.diff.answer import Diff, diff_of
from whence_graphql.analyses.diff.choice import RunChoice
from whence_graphql.analyses.diff.runs import RunDiff, run_diff_of
from whence_graphql.arguments import MaxNodes, Window, limits_of, moment_of
from whence_graphql.context import Info
from whence_graphql.describe import object_type, resolved
from whence_graphql.lineage import LineageStart, find_run, start_of
from whence_graphql.scalars import DateTime
from whence_schemas.diff import DiffQuestion
from whence_schemas.errors import NotFound
from whence_schemas.identity import job_key
from whence_schemas.lineage import Direction, Granularity


@object_type
class DiffQuery:
    """The fields `diff` and `runDiff` of the query."""

    @resolved
    async def diff(
        self,
        info: Info,
        of: LineageStart,
        from_: Annotated[DateTime, strawberry.argument(name="from", description="The earlier time.")],
        to: Annotated[DateTime | None, strawberry.argument(description="The later time; by default now.")] = None,
        direction: Direction = Direction.BOTH,
        depth: Annotated[int, strawberry.argument(description="Steps from dataset to dataset.")] = 20,
        granularity: Annotated[
            Granularity | None, strawberry.argument(description="DATASET or COLUMN. By default COLUMN for a column.")
        ] = None,
        window: Window = 10,
        max_nodes: MaxNodes = 10_000,
    ) -> Diff:
        """What changed in a lineage between two times: what appeared, vanished and changed, and which run showed it
        first."""
        start, usual = await start_of(info, of)
        question = DiffQuestion(
            start,
            from_,
            moment_of(info, to),
            direction,
            granularity or usual,
            depth,
            window,
            *limits_of(info, max_nodes),
        )
        fresh = await info.context.reader.freshness()
        return diff_of(await info.context.reader.diff(question), question, fresh)

    @resolved
    async def run_diff(self, info: Info, before: RunChoice, after: RunChoice) -> RunDiff:
        """What differs between two runs, or two versions of a job's code: datasets and their versions, columns, code,
        parameters."""
        keys = [await _chosen(info, choice) for choice in (before, after)]
        fresh = await info.context.reader.freshness()
        return run_diff_of(await info.context.reader.run_diff(*keys), info.context.now, fresh)


async def _chosen(info: Info, choice: RunChoice) -> str:
    """Key of the run that is meant."""
    if choice.code:
        job = job_key(choice.code.namespace, choice.code.name)
        return await info.context.reader.run_of_code(job, choice.code.commit, info.context.now)
    row = await find_run(info, choice.run or ID(""))
    if row is None:
        raise NotFound(f"there is no run {choice.run}: search finds runs by their id")
    return row.key
