"""Partitions: which there should be in a range of time, and which there are."""

from collections import Counter
from typing import Annotated

import strawberry

from whence_graphql.analyses.tried import TriedRun
from whence_graphql.answer import Answer, answer_type, told
from whence_graphql.arguments import After, First
from whence_graphql.context import Info
from whence_graphql.describe import object_type, resolved
from whence_graphql.node import LineageNode, load_node
from whence_graphql.paging import Connection, numbered
from whence_graphql.scalars import DateTime
from whence_schemas.partitions import (
    KeyRow,
    PartitionBasis,
    PartitionQuestion,
    PartitionRange,
    PartitionRow,
    PartitionState,
    PartitionStep,
    Tried,
)
from whence_schemas.read import Freshness as Progress

States = Annotated[list[PartitionState], strawberry.argument(description="Only in one of these states; none for all.")]


@object_type
class PartitionKey:
    """A part of a partition beside the time, such as region=eu."""

    key: str
    state: PartitionState
    attempt: TriedRun | None = strawberry.field(description="The last that succeeded, else the last; null if MISSING.")
    tries: int = strawberry.field(description="How many attempts there were.")


@object_type
class Partition:
    """A partition."""

    at: DateTime = strawberry.field(description="When it begins.")
    label: str = strawberry.field(description="That by the clocks of its zone, as short as its step allows.")
    state: PartitionState
    expected: bool = strawberry.field(description="False where it lies beside the steps.")
    attempt: TriedRun | None = strawberry.field(description="The last that succeeded, else the last; null if MISSING.")
    tries: int = strawberry.field(description="How many attempts there were, of all keys.")
    row: strawberry.Private[PartitionRow]
    moment: strawberry.Private[int]

    @resolved
    async def keys(
        self,
        info: Info,
        states: States = [],  # noqa: B006  # it becomes the default in the schema
        first: First = 100,
        after: After = None,
    ) -> Connection[PartitionKey]:
        """Its keys: those that it has, and those that the partitions before it had."""
        rows = [row for row in self.row.keys if not states or row.tried.state in states]
        return numbered(info, rows, first, after, self._key)

    def _key(self, row: KeyRow) -> PartitionKey:
        return PartitionKey(
            key=row.key, state=row.tried.state, attempt=_attempt(row.tried, self.moment), tries=row.tried.tries
        )


@object_type
class PartitionCounts:
    """How many partitions are in each state, of those that are expected."""

    expected: int
    present: int
    partial: int
    running: int
    failed: int
    missing: int
    beside: int = strawberry.field(description="Those that are there, but lie beside the steps.")


@answer_type
class Partitions(Answer):
    """The partitions of a dataset or job that begin in a range, and how fresh that is."""

    as_of: DateTime
    step: PartitionStep | None = strawberry.field(
        description="Null where a schedule tells the times, or none is known."
    )
    rhythm: str | None = strawberry.field(description="In words; null where none is known.")
    basis: PartitionBasis | None
    zone: str = strawberry.field(description="The time zone of steps, and of times in names that tell none.")
    truncated: bool = strawberry.field(description="Whether time was up before all runs in the range were read.")
    found: strawberry.Private[PartitionRange]
    of_key: strawberry.Private[str]

    @resolved
    async def of(self, info: Info) -> LineageNode | None:
        """The dataset or job."""
        return await load_node(info, LineageNode, self.of_key, self.as_of)

    @resolved
    def counts(self) -> PartitionCounts:
        """How many are in each state."""
        states = Counter(row.tried.state for row in self.found.rows if row.expected)
        numbers = {state.value.lower(): states[state] for state in PartitionState}
        beside = sum(not row.expected for row in self.found.rows)
        return PartitionCounts(expected=states.total(), beside=beside, **numbers)

    @resolved
    async def partitions(
        self,
        info: Info,
        states: States = [],  # noqa: B006  # it becomes the default in the schema
        first: First = 100,
        after: After = None,
    ) -> Connection[Partition]:
        """The partitions by time. One that is missing counts when its time is over, as the next one has begun."""
        rows = [row for row in self.found.rows if not states or row.tried.state in states]
        return numbered(info, rows, first, after, self._partition)

    def _partition(self, row: PartitionRow) -> Partition:
        return Partition(
            at=DateTime(row.at),
            label=row.label,
            state=row.tried.state,
            expected=row.expected,
            attempt=_attempt(row.tried, self.as_of),
            tries=row.tried.tries,
            row=row,
            moment=self.as_of,
        )


def partitions_of(found: PartitionRange, question: PartitionQuestion, fresh: Progress) -> Partitions:
    """The answer in GraphQL's types."""
    return Partitions(
        as_of=DateTime(question.as_of),
        step=found.step,
        rhythm=found.said or None,
        basis=found.basis,
        zone=found.zone,
        found=found,
        of_key=question.of,
        **told(found.truncated, found.notes, fresh),
    )


def _attempt(tried: Tried, moment: int) -> TriedRun | None:
    return TriedRun.at(tried.attempt, moment) if tried.attempt else None
