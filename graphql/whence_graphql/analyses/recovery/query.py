"""The field `recovery`."""

from typing import Annotated

import strawberry

from whence_graphql.analyses.recovery.answer import Recovery, recovery_of
from whence_graphql.arguments import AsOf, MaxNodes, Window, limits_of, moment_of
from whence_graphql.context import Info
from whence_graphql.describe import object_type, resolved
from whence_graphql.lineage import LineageStart, start_of
from whence_graphql.scalars import DateTime
from whence_schemas.recovery import RecoveryQuestion


@object_type
class RecoveryQuery:
    """The field `recovery` of the query."""

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
            moment_of(info, as_of),
            version or "",
            since,
            until,
            late,
            window,
            *limits_of(info, max_nodes),
        )
        fresh = await info.context.reader.freshness()
        return recovery_of(await info.context.reader.recovery(question), question, fresh)
