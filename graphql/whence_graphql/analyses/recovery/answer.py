"""Recovery: what is stale, what is still good, what to fall back to, and the plan, counts first."""

from typing import Annotated, NamedTuple

import strawberry

from whence_graphql import ports
from whence_graphql.analyses.recovery.plan import RecoveryRepair, RecoveryStep, RecoveryWork, work_of
from whence_graphql.analyses.recovery.stale import (
    RecoveryFallback,
    RecoveryGood,
    RecoveryStale,
    RecoveryUnresolved,
    certainty_of,
)
from whence_graphql.answer import Answer, answer_type, told
from whence_graphql.arguments import After, First
from whence_graphql.context import Info
from whence_graphql.describe import object_type, resolved
from whence_graphql.node import LineageNode, load_node
from whence_graphql.paging import Connection, numbered, ordered, page_of
from whence_graphql.scalars import DateTime
from whence_schemas import recovery
from whence_schemas.read import Freshness
from whence_schemas.recovery import RecoveryQuestion, Status

_HasKey = recovery.Work | recovery.Repair | recovery.Fallback | recovery.Unresolved


class _Key(NamedTuple):
    key: str


@object_type
class RecoveryCounts:
    """How much there is."""

    stale: int = strawberry.field(description="Versions that are not good, or missing;")
    current: int = strawberry.field(description="of these, those that readers still get or miss;")
    inferred: int = strawberry.field(description="of these, those that are known by inference.")
    open: int = strawberry.field(description="Work to do,")
    running: int = strawberry.field(description="work that runs again,")
    done: int = strawberry.field(description="and work that is done.")
    waves: int
    steps: int = strawberry.field(description="Commands, and what is to run by hand;")
    by_hand: int = strawberry.field(description="of the steps, those by hand.")
    repairs: int
    unresolved: int


@answer_type
class Recovery(Answer):
    """What to do after something failed, was found bad, or is late."""

    as_of: DateTime
    since: DateTime | None
    until: DateTime = strawberry.field(
        description="What was made later is taken for a repair: ask again with this, to see how far it is."
    )
    late: bool
    counts: RecoveryCounts
    answer: strawberry.Private[ports.Recovery]
    start_key: strawberry.Private[str]

    @resolved
    async def start(self, info: Info) -> LineageNode | None:
        """What was asked about."""
        return await load_node(info, LineageNode, self.start_key, self.as_of)

    @resolved
    async def stale(
        self,
        info: Info,
        current: Annotated[bool, strawberry.argument(description="Only what readers still get or miss.")] = False,
        first: First = 20,
        after: After = None,
    ) -> Connection[RecoveryStale]:
        """Versions that are not good, and what is missing, nearest first."""
        rows = [row for row in self.answer.stale if row.current or not current]
        return page_of(info, rows, first, after, self._stale)

    @resolved
    async def work(
        self,
        info: Info,
        statuses: Annotated[list[Status], strawberry.argument(description="Only these; none for all.")] = [],  # noqa: B006  # it becomes the default in the schema
        first: First = 20,
        after: After = None,
    ) -> Connection[RecoveryWork]:
        """What has to run again, and what did."""
        rows = [row for row in self.answer.work if not statuses or row.status in statuses]
        return ordered(info, rows, first, after, _Key, _key, lambda row: work_of(row, self.as_of))

    @resolved
    async def repairs(self, info: Info, first: First = 20, after: After = None) -> Connection[RecoveryRepair]:
        """Datasets to put right by hand, before anything runs."""
        rows = self.answer.plan.repairs
        return ordered(info, rows, first, after, _Key, _key, self._repair)

    @resolved
    async def steps(self, info: Info, first: First = 20, after: After = None) -> Connection[RecoveryStep]:
        """The open work as commands, wave after wave: each after all that makes what it reads."""
        return numbered(info, self.answer.plan.steps, first, after, self._step)

    @resolved
    async def fallbacks(self, info: Info, first: First = 20, after: After = None) -> Connection[RecoveryFallback]:
        """The last good version of each stale dataset."""
        rows = await self.answer.fallbacks()
        return ordered(info, rows, first, after, _Key, _key, self._fallback)

    @resolved
    async def good(self, info: Info, first: First = 20, after: After = None) -> Connection[RecoveryGood]:
        """What is downstream and need not be made again, nearest first."""
        rows = await self.answer.good()
        return page_of(info, rows, first, after, self._good)

    @resolved
    async def unresolved(self, info: Info, first: First = 20, after: After = None) -> Connection[RecoveryUnresolved]:
        """Readings that name versions nobody is known to have made."""
        rows = self.answer.unresolved
        return ordered(info, rows, first, after, _Key, _key, self._unresolved)

    def _stale(self, row: recovery.StaleVersion) -> RecoveryStale:
        return RecoveryStale(
            reason=row.reason,
            distance=row.distance,
            certainty=certainty_of(row.cause),
            current=row.current,
            at=DateTime(row.at),
            row=row,
            moment=self.as_of,
        )

    def _repair(self, row: recovery.Repair) -> RecoveryRepair:
        return RecoveryRepair(reason=row.reason, row=row, moment=self.as_of)

    def _step(self, step: recovery.PlanStep) -> RecoveryStep:
        return RecoveryStep(
            wave=step.wave,
            orchestrator=step.orchestrator or None,
            command=list(step.command),
            waits=step.waits,
            hint=step.hint,
            cycle=step.cycle,
            row=step,
            moment=self.as_of,
        )

    def _fallback(self, row: recovery.Fallback) -> RecoveryFallback:
        at = DateTime(row.at) if row.version else None
        return RecoveryFallback(good_now=row.good, produced_at=at, row=row, moment=self.as_of)

    def _good(self, row: recovery.GoodNode) -> RecoveryGood:
        return RecoveryGood(reason=row.reason, distance=row.distance, row=row, moment=self.as_of)

    def _unresolved(self, row: recovery.Unresolved) -> RecoveryUnresolved:
        return RecoveryUnresolved(label=row.label, row=row, moment=self.as_of)


def recovery_of(answer: ports.Recovery, question: RecoveryQuestion, fresh: Freshness) -> Recovery:
    """The answer in GraphQL's types."""
    return Recovery(
        as_of=DateTime(question.as_of),
        since=None if question.since is None else DateTime(question.since),
        until=DateTime(question.end),
        late=question.late,
        counts=RecoveryCounts(**answer.counts._asdict()),
        answer=answer,
        start_key=question.start,
        **told(answer.truncated, answer.notes, fresh),
    )


def _key(row: _HasKey) -> _Key:
    return _Key(row.key)
