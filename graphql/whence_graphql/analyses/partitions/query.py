"""The field `partitions`."""

from typing import Annotated

import strawberry

from whence_graphql.analyses.partitions.answer import Partitions, partitions_of
from whence_graphql.arguments import AsOf, moment_of, seconds_of
from whence_graphql.context import Info
from whence_graphql.describe import object_type, resolved
from whence_graphql.lineage import LineageStart, start_of
from whence_graphql.scalars import DateTime
from whence_schemas.partitions import PartitionQuestion, PartitionStep


@object_type
class PartitionsQuery:
    """The field `partitions` of the query."""

    @resolved
    async def partitions(
        self,
        info: Info,
        of: LineageStart,
        from_: Annotated[
            DateTime, strawberry.argument(name="from", description="Partitions that begin then or later,")
        ],
        to: Annotated[
            DateTime | None, strawberry.argument(description="and before that. By default, the time asked about.")
        ] = None,
        step: Annotated[
            PartitionStep | None, strawberry.argument(description="By default it is found out; the answer tells how.")
        ] = None,
        zone: Annotated[
            str | None, strawberry.argument(description="By default that of the runs' schedule, else UTC.")
        ] = None,
        as_of: AsOf = None,
        window: Annotated[
            int, strawberry.argument(description="Keys beside the time that the last so many had are expected.")
        ] = 10,
    ) -> Partitions:
        """Which partitions of a dataset or job there should be, by nominal times and names of partitions; which there
        are, and which are missing, failed or running."""
        start, _ = await start_of(info, of)
        moment = moment_of(info, as_of)
        end = moment if to is None else to
        question = PartitionQuestion(start, from_, end, moment, step, zone, window, seconds_of(info))
        fresh = await info.context.reader.freshness()
        return partitions_of(await info.context.reader.partitions(question), question, fresh)
