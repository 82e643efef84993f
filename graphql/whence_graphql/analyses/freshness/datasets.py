"""How a dataset stands: when it was produced, and when it is expected."""

import strawberry

from whence_graphql import ports
from whence_graphql.analyses.freshness.held_up import HeldUp
from whence_graphql.context import Info
from whence_graphql.dataset import Dataset
from whence_graphql.describe import object_type, resolved
from whence_graphql.node import load_node
from whence_graphql.run import Run
from whence_graphql.scalars import DateTime
from whence_schemas.freshness import DatasetFreshness as Row
from whence_schemas.freshness import FreshnessState, RhythmBasis
from whence_schemas.read import RunState, Use
from whence_schemas.times import SECOND


@object_type
class Rhythm:
    """When a dataset is expected."""

    basis: RhythmBasis
    said: str = strawberry.field(description="What it is, in words.")
    rule: str | None = strawberry.field(description="Of a policy, the id of the rule.")
    grace_seconds: float = strawberry.field(
        description="How much later than due it counts as late. Where a schedule says when a run starts, twice the "
        "time that the last productions took after that, by the median; where it is INFERRED, half an interval."
    )


@object_type
class Production:
    """That an attempt of a run produced a dataset, or began to."""

    at: DateTime = strawberry.field(description="When the attempt ended, or said something last.")
    attempt: int = strawberry.field(description="Its number in the run, from 0.")
    state: RunState
    use: strawberry.Private[Use]
    moment: strawberry.Private[int]

    @resolved
    async def run(self, info: Info) -> Run | None:
        """The run."""
        return await load_node(info, Run, self.use.run, self.moment)


@object_type
class DatasetFreshness:
    """How a dataset, under all its names, stands."""

    dataset: Dataset
    state: FreshnessState
    last_produced: Production | None = strawberry.field(description="Its last production that is complete.")
    last_incomplete: Production | None = strawberry.field(
        description="Its last production that is not: of an attempt that failed, was aborted, or is running."
    )
    rhythm: Rhythm | None
    due_at: DateTime | None = strawberry.field(description="When the next production is expected.")
    late_seconds: float | None = strawberry.field(description="How long ago that was; null unless it is LATE.")
    row: strawberry.Private[Row]
    answer: strawberry.Private[ports.DatasetsFreshness]
    moment: strawberry.Private[int]

    @resolved
    async def holds_up(self, info: Info) -> HeldUp | None:
        """What waits for it downstream; null unless it is LATE or NEVER."""
        if self.state not in (FreshnessState.LATE, FreshnessState.NEVER):
            return None
        found = await self.answer.held_up(self.row.key)
        return HeldUp(
            datasets=len(found.datasets), jobs=found.jobs, truncated_by=found.truncated, found=found, moment=self.moment
        )


def standing(row: Row, dataset: Dataset, answer: ports.DatasetsFreshness, moment: int) -> DatasetFreshness:
    """A row in its type."""
    rhythm = row.rhythm
    return DatasetFreshness(
        dataset=dataset,
        state=row.state,
        last_produced=_production(row.last, RunState.COMPLETE, moment),
        last_incomplete=_production(row.incomplete, row.incomplete_state, moment),
        rhythm=Rhythm(
            basis=rhythm.basis, said=rhythm.said, rule=rhythm.rule or None, grace_seconds=rhythm.grace / SECOND
        )
        if rhythm
        else None,
        due_at=None if row.due is None else DateTime(row.due),
        late_seconds=None if row.late_by is None else row.late_by / SECOND,
        row=row,
        answer=answer,
        moment=moment,
    )


def _production(use: Use | None, state: str, moment: int) -> Production | None:
    if use is None:
        return None
    return Production(
        at=DateTime(use.at), attempt=use.number, state=RunState(state or RunState.OTHER), use=use, moment=moment
    )
