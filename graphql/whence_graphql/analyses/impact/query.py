"""The field `impact`."""

from typing import Annotated

import strawberry

from whence_graphql.analyses.impact.answer import Impact, impact_of
from whence_graphql.arguments import AsOf, MaxNodes, Window, check_of, limits_of, moment_of
from whence_graphql.context import Info
from whence_graphql.describe import object_type, resolved
from whence_graphql.lineage import LineageStart, start_of
from whence_schemas.impact import Change, ImpactQuestion
from whence_schemas.lineage import Granularity


@object_type
class ImpactQuery:
    """The field `impact` of the query."""

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
        check_of(of)
        starts = [await start_of(info, start) for start in of]
        by_column = any(usual == Granularity.COLUMN for _, usual in starts)
        question = ImpactQuestion(
            tuple(dict.fromkeys(start for start, _ in starts)),
            moment_of(info, as_of),
            change,
            granularity or (Granularity.COLUMN if by_column else Granularity.DATASET),
            depth,
            window,
            *limits_of(info, max_nodes),
        )
        fresh = await info.context.reader.freshness()
        return impact_of(await info.context.reader.impact(question), question, fresh)
