"""Freshness: which datasets are late, by how much, and what they hold up."""

import strawberry

from whence_graphql import ports
from whence_graphql.analyses.freshness.datasets import DatasetFreshness, standing
from whence_graphql.answer import Answer, answer_type, told
from whence_graphql.arguments import check_first
from whence_graphql.context import Info
from whence_graphql.dataset import Dataset
from whence_graphql.describe import object_type, resolved
from whence_graphql.node import nodes_by_key
from whence_graphql.paging import Connection, connect, place_of
from whence_graphql.scalars import DateTime
from whence_schemas import freshness
from whence_schemas.lineage import Limit
from whence_schemas.read import Freshness as Progress
from whence_schemas.read import SearchPlace


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
            lambda found: standing(found[1], known[found[1].key], self.answer, self.as_of),
            self.page.end if self.page.truncated else None,
        )

    @resolved
    async def counts(self, info: Info) -> FreshnessCounts:
        """How many datasets are in each state, of all that are asked for; this reads all of them."""
        found = await self.answer.counts()
        states = {state.value.lower(): count for state, count in found.states.items()}
        return FreshnessCounts(**states, truncated_by=found.truncated)


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
