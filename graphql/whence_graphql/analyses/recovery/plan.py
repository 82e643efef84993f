"""What to run again, and what to put right by hand."""

import shlex

import strawberry
from pydantic_core import from_json
from strawberry import ID
from strawberry.scalars import JSON

from whence_graphql.analyses.recovery.stale import RecoveryCause, certainty_of, path_of
from whence_graphql.arguments import After, First, check_first
from whence_graphql.context import Info
from whence_graphql.describe import object_type, resolved
from whence_graphql.node import LineageNode, load_node, load_nodes
from whence_graphql.paging import Connection, numbered
from whence_graphql.scalars import DateTime
from whence_schemas import recovery
from whence_schemas.impact import Certainty
from whence_schemas.recovery import Reason, RepairReason, Status


@object_type
class RecoveryWork:
    """A job that has to run again, or had to, for a partition or logical date (or for all)."""

    id: ID = strawberry.field(description="The same whenever the question is asked again.")
    reason: Reason
    status: Status
    certainty: Certainty = strawberry.field(description="RECORDED where every version on the path was named.")
    nominal_start: DateTime | None = strawberry.field(description="The logical date, where its run has one.")
    nominal_end: DateTime | None
    replaced: bool = strawberry.field(
        description="Whether all that it made was written again since, by a good run for another date: "
        "then it need not run where that replaced the whole dataset."
    )
    row: strawberry.Private[recovery.Work]
    moment: strawberry.Private[int]

    @resolved
    async def job(self, info: Info) -> LineageNode | None:
        """The job."""
        return await load_node(info, LineageNode, self.row.job, self.moment)

    @resolved
    async def run(self, info: Info) -> LineageNode | None:
        """Its last run that was not good; of a job that is WAITING, the failed run that it waits for."""
        return await load_node(info, LineageNode, self.row.run, self.moment)

    @resolved
    async def made_good_by(self, info: Info) -> LineageNode | None:
        """The run that made it good again; null unless it is DONE."""
        return await load_node(info, LineageNode, self.row.by, self.moment)

    @resolved
    def partition(self) -> JSON | None:
        """The partition; null for all, or where it is not known."""
        return JSON(from_json(self.row.partition)) if self.row.partition else None

    @resolved
    def path(self) -> list[RecoveryCause]:
        """A shortest path from what was asked about, which proves it."""
        return path_of(self.row.cause, self.moment)


@object_type
class RecoveryStep:
    """What one command does."""

    wave: int = strawberry.field(description="From 1. What is in one wave can run at the same time.")
    orchestrator: str | None = strawberry.field(description="As `jobType` says; null where it is not known.")
    command: list[str] = strawberry.field(
        description="The program and its arguments; empty where it has to be run by hand."
    )
    waits: bool = strawberry.field(description="Whether the command ends only when the work has.")
    hint: str = strawberry.field(description="What it runs, for people.")
    cycle: bool = strawberry.field(description="Whether its jobs read what they write, directly or through others.")
    row: strawberry.Private[recovery.PlanStep]
    moment: strawberry.Private[int]

    @resolved
    def command_line(self) -> str | None:
        """The command, quoted for a POSIX shell; null where it has to be run by hand."""
        return shlex.join(self.row.command) or None

    @resolved
    async def work(self, info: Info, first: First = 20, after: After = None) -> Connection[RecoveryWork]:
        """What it runs, in an order in which it can run."""
        return numbered(info, self.row.work, first, after, lambda row: work_of(row, self.moment))


@object_type
class RecoveryRepair:
    """A dataset to put right by hand, before the first wave."""

    reason: RepairReason
    row: strawberry.Private[recovery.Repair]
    moment: strawberry.Private[int]

    @resolved
    async def dataset(self, info: Info) -> LineageNode | None:
        """The dataset."""
        return await load_node(info, LineageNode, self.row.key, self.moment)

    @resolved
    async def jobs(self, info: Info, first: First = 20) -> list[LineageNode]:
        """Of a CYCLE the jobs in it."""
        return await load_nodes(info, LineageNode, self.row.jobs[: check_first(first)], self.moment)


def work_of(row: recovery.Work, moment: int) -> RecoveryWork:
    """A row in its type."""
    start, end = row.nominal or (None, None)
    return RecoveryWork(
        id=ID(row.key),
        reason=row.reason,
        status=row.status,
        certainty=certainty_of(row.cause),
        nominal_start=None if start is None else DateTime(start),
        nominal_end=None if end is None else DateTime(end),
        replaced=row.replaced,
        row=row,
        moment=moment,
    )
