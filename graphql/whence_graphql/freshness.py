"""Freshness: which datasets are late, by how much, and what they hold up."""

from collections.abc import Sequence
from typing import Annotated

import strawberry

from whence_graphql import ports
from whence_graphql.answer import Answer, answer_type, told
from whence_graphql.arguments import After, First, check_first
from whence_graphql.context import Info
from whence_graphql.dataset import Dataset
from whence_graphql.describe import object_type, resolved
from whence_graphql.labels import Owner
from whence_graphql.lineage import NameInput
from whence_graphql.node import load_node, nodes_by_key
from whence_graphql.paging import Connection, Nearest, connect, ordered, place_of, rows_of
from whence_graphql.run import Run
from whence_graphql.scalars import DateTime
from whence_schemas import freshness
from whence_schemas.freshness import DatasetFreshness as Row
from whence_schemas.freshness import FreshnessState, RhythmBasis
from whence_schemas.identity import dataset_key, owner_key
from whence_schemas.lineage import Limit
from whence_schemas.read import Freshness as Progress
from whence_schemas.read import NodeRow, RunState, SearchPlace, UseRow

SECOND = 1_000_000
"""Microseconds."""


@strawberry.input(description="A rule on when datasets are to be produced; of several the first that fits holds.")
class FreshnessRuleInput:
    """A rule of a policy."""

    id: str = strawberry.field(description="What the answer names it by.")
    namespaces: list[str] = strawberry.field(default_factory=lambda: ["*"], description="Patterns with * and ?.")
    names: list[str] = strawberry.field(default_factory=lambda: ["*"], description="Patterns with * and ?.")
    every: str | None = strawberry.field(
        default=None, description="An ISO 8601 duration since the last production, as PT24H; without cron, zone and by."
    )
    cron: str | None = strawberry.field(
        default=None, description="When a production begins to be expected: five fields, or @daily; with by or grace."
    )
    zone: str | None = strawberry.field(default=None, description="The time zone of cron and by; UTC without it.")
    by: str | None = strawberry.field(
        default=None, description="The clock time by which it is to be there, as 06:00; without cron: every day."
    )
    grace: str | None = strawberry.field(
        default=None, description="How much later it counts as late; an ISO 8601 duration."
    )

    def rule(self) -> freshness.FreshnessRule:
        """As the analysis takes it."""
        return freshness.FreshnessRule(
            self.id, tuple(self.namespaces), tuple(self.names), self.every, self.cron, self.zone, self.by, self.grace
        )


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
class HeldUpDataset:
    """A dataset downstream of a late one."""

    dataset: Dataset
    distance: int = strawberry.field(description="Steps from dataset to dataset.")


@object_type
class HeldUpOwner:
    """An owner to tell."""

    owner: Owner
    distance: int = strawberry.field(description="Of the nearest that is theirs; 0 where it is the late one itself.")
    assets: int = strawberry.field(description="How many datasets and jobs are theirs, the late one included.")


@object_type
class HeldUp:
    """What a late dataset holds up: everything downstream of it."""

    datasets: int
    jobs: int
    truncated_by: Limit | None = strawberry.field(description="The limit that cut it, if any: there is more beyond.")
    found: strawberry.Private[freshness.HeldUp]
    moment: strawberry.Private[int]

    @resolved
    async def nearest(self, info: Info, first: First = 20, after: After = None) -> Connection[HeldUpDataset]:
        """The datasets, nearest first."""
        rows = rows_of(self.found.datasets, first, after)
        known = await nodes_by_key(info, Dataset, [row.key for row in rows], self.moment)
        return connect(
            info,
            [row for row in rows if row.key in known],
            first,
            after,
            lambda row: Nearest(row.distance, row.key),
            lambda row: HeldUpDataset(dataset=known[row.key], distance=row.distance),
        )

    @resolved
    async def owners(self, info: Info, first: First = 20, after: After = None) -> Connection[HeldUpOwner]:
        """Owners to tell, by the `ownership` facets, nearest first."""
        return ordered(
            info,
            self.found.owners,
            first,
            after,
            Nearest,
            lambda row: Nearest(row.distance, row.name),
            lambda row: HeldUpOwner(
                owner=Owner.of(NodeRow(owner_key(row.name), "", row.name), self.moment),
                distance=row.distance,
                assets=row.assets,
            ),
        )


@object_type
class Production:
    """That an attempt of a run produced a dataset, or began to."""

    at: DateTime = strawberry.field(description="When the attempt ended, or said something last.")
    attempt: int = strawberry.field(description="Its number in the run, from 0.")
    state: RunState
    use: strawberry.Private[UseRow]
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


@object_type
class FreshnessCounts:
    """How many datasets are in each state."""

    fresh: int
    late: int
    never: int
    dropped: int
    unknown: int
    truncated_by: Limit | None = strawberry.field(description="The limit at which counting ended, if any.")


@answer_type
class Freshness(Answer):
    """Which datasets are late, and how fresh that is."""

    as_of: DateTime
    truncated: bool = strawberry.field(
        description="Whether a limit cut the page before it was full; go on from its end."
    )
    answer: strawberry.Private[ports.DatasetsFreshness]
    page: strawberry.Private[freshness.FreshnessPage]
    first: strawberry.Private[int]
    after: strawberry.Private[str | None]

    @resolved
    async def datasets(self, info: Info) -> Connection[DatasetFreshness]:
        """In the order of their names. Of a dataset with several names, one stands for all."""
        known = await nodes_by_key(info, Dataset, [row.key for _, row in self.page.rows], self.as_of)
        return connect(
            info,
            [found for found in self.page.rows if found[1].key in known],
            self.first,
            self.after,
            lambda found: found[0],
            lambda found: _stands(found[1], known[found[1].key], self.answer, self.as_of),
            self.page.end if self.page.truncated else None,
        )

    @resolved
    async def counts(self, info: Info) -> FreshnessCounts:
        """How many datasets are in each state, of all that are asked for; this reads all of them."""
        found = await self.answer.counts()
        states = {state.value.lower(): count for state, count in found.states.items()}
        return FreshnessCounts(**states, truncated_by=found.truncated)


DatasetNames = Annotated[list[NameInput], strawberry.argument(description="Only these; none for all.")]
Rules = Annotated[
    list[FreshnessRuleInput], strawberry.argument(description="A policy: when datasets are to be produced.")
]


def question_of(
    as_of: int, of: Sequence[NameInput], namespace: str | None, rules: Sequence[FreshnessRuleInput]
) -> freshness.FreshnessQuestion:
    """What is asked, without limits."""
    keys = dict.fromkeys(dataset_key(name.namespace, name.name) for name in of)
    return freshness.FreshnessQuestion(as_of, tuple(keys), namespace, tuple(rule.rule() for rule in rules))


async def freshness_of(info: Info, question: freshness.FreshnessQuestion, first: int, after: str | None) -> Freshness:
    """The answer in GraphQL's types."""
    limit = check_first(first) + 1
    progress: Progress = await info.context.reader.freshness()
    answer = await info.context.reader.datasets_freshness(question)
    page = await answer.page(place_of(after, SearchPlace), limit)
    return Freshness(
        as_of=DateTime(question.as_of),
        answer=answer,
        page=page,
        first=first,
        after=after,
        **told(page.truncated, answer.notes, progress),
    )


def _stands(row: Row, dataset: Dataset, answer: ports.DatasetsFreshness, moment: int) -> DatasetFreshness:
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


def _production(use: UseRow | None, state: str, moment: int) -> Production | None:
    if use is None:
        return None
    return Production(
        at=DateTime(use.at), attempt=use.number, state=RunState(state or RunState.OTHER), use=use, moment=moment
    )
