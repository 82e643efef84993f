"""Attempts as analyses list them."""

import strawberry

from whence_graphql.context import Info
from whence_graphql.describe import object_type, resolved
from whence_graphql.job import Job
from whence_graphql.node import load_node
from whence_graphql.run import Run
from whence_graphql.scalars import DateTime
from whence_schemas.read import AttemptRow, RunState
from whence_schemas.times import SECOND


@object_type
class TriedRun:
    """An attempt of a run, as it was then."""

    number: int = strawberry.field(description="Of the attempt in the run, from 0.")
    state: RunState
    started_at: DateTime
    ended_at: DateTime | None = strawberry.field(description="Null while it runs.")
    duration_seconds: float | None
    row: strawberry.Private[AttemptRow]
    moment: strawberry.Private[int]

    @classmethod
    def at(cls, row: AttemptRow, moment: int) -> "TriedRun":
        """The attempt of a row."""
        return cls(
            number=row.number,
            state=RunState(row.state),
            started_at=DateTime(row.start),
            ended_at=None if row.end is None else DateTime(row.end),
            duration_seconds=None if row.end is None else (row.end - row.start) / SECOND,
            row=row,
            moment=moment,
        )

    @resolved
    async def run(self, info: Info) -> Run | None:
        """The run."""
        return await load_node(info, Run, self.row.run, self.moment)

    @resolved
    async def job(self, info: Info) -> Job | None:
        """The job."""
        return await load_node(info, Job, self.row.job, self.moment)
