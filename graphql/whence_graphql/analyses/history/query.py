"""The field `history`."""

from typing import Annotated

import strawberry

from whence_graphql.analyses.history.answer import History, history_of
from whence_graphql.arguments import After, AsOf, First, moment_of, seconds_of
from whence_graphql.context import Info
from whence_graphql.describe import object_type, resolved
from whence_graphql.lineage import LineageStart, start_of
from whence_schemas.history import HistoryQuestion


@object_type
class HistoryQuery:
    """The field `history` of the query."""

    @resolved
    async def history(
        self,
        info: Info,
        of: LineageStart,
        threshold: Annotated[
            float, strawberry.argument(description="The part of the median by which a value must differ, as 0.3.")
        ] = 0.3,
        previous: Annotated[
            int, strawberry.argument(description="The median is that of so many successful attempts before.")
        ] = 10,
        as_of: AsOf = None,
        first: First = 20,
        after: After = None,
    ) -> History:
        """What the runs of a dataset or job measured and checked: row counts, sizes, quality metrics, assertions and
        durations, with what changed."""
        start, _ = await start_of(info, of)
        moment = moment_of(info, as_of)
        question = HistoryQuestion(start, moment, threshold, previous, seconds_of(info))
        return await history_of(info, question, first, after)
