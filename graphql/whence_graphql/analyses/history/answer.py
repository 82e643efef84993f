"""History: what the runs of a dataset or job measured and checked, and what changed."""

import strawberry

from whence_graphql import ports
from whence_graphql.analyses.history.entries import HistoryEntry
from whence_graphql.analyses.tried import TriedRun
from whence_graphql.answer import Answer, answer_type, told
from whence_graphql.arguments import After, First, check_first
from whence_graphql.context import Info
from whence_graphql.dataset import Dataset
from whence_graphql.describe import object_type, resolved
from whence_graphql.node import LineageNode, load_node
from whence_graphql.paging import Connection, connect, numbered, place_of
from whence_graphql.scalars import DateTime
from whence_schemas import history
from whence_schemas.read import Cursor
from whence_schemas.read import Freshness as Progress


@object_type
class FailingCheck:
    """An assertion or test that failed the last time it was made."""

    assertion: str
    column: str | None
    severity: str | None = strawberry.field(description="error (a failure blocks) or warn.")
    since: DateTime = strawberry.field(description="The first of its failures in a row.")
    times: int = strawberry.field(description="How many failures these are.")
    last_passed: DateTime | None = strawberry.field(description="When it passed last before them; null if never.")
    exact: bool = strawberry.field(description="False where time was up before their beginning was found.")
    key: strawberry.Private[str]
    moment: strawberry.Private[int]

    @resolved
    async def dataset(self, info: Info) -> Dataset | None:
        """What is checked; null of a run's test, and where the history is that of a dataset."""
        return await load_node(info, Dataset, self.key, self.moment)


@answer_type
class History(Answer):
    """The history of a dataset or job, and how fresh that is."""

    as_of: DateTime
    threshold: float = strawberry.field(
        description="A value counts as changed where it differs from the median by more than this part of the median."
    )
    previous: int = strawberry.field(
        description="The median is that of the same job's last so many successful attempts before."
    )
    truncated: bool = strawberry.field(
        description="Whether a limit cut the page before it was full; go on from its end."
    )
    answer: strawberry.Private[ports.History]
    page: strawberry.Private[history.HistoryPage]
    first: strawberry.Private[int]
    after: strawberry.Private[str | None]
    of_key: strawberry.Private[str]

    @resolved
    async def entries(self, info: Info) -> Connection[HistoryEntry]:
        """Newest first. Of a dataset the attempts that produced it under any of its names, failed ones too, and those that read it and measured or checked it; of a job all its attempts."""  # noqa: E501  # a line break would be one in the schema
        end = self.page.end if self.page.truncated else None
        return connect(info, self.page.rows, self.first, self.after, lambda row: row.place, self._entry, end)

    @resolved
    async def of(self, info: Info) -> LineageNode | None:
        """The dataset or job."""
        return await load_node(info, LineageNode, self.of_key, self.as_of)

    @resolved
    async def failing(self, info: Info, first: First = 20, after: After = None) -> Connection[FailingCheck]:
        """Checks that failed the last time they were made, longest first; of those made in the newest 100 entries."""
        found, _ = await self.answer.failing()
        return numbered(info, found, first, after, self._failing)

    def _entry(self, row: history.HistoryEntry) -> HistoryEntry:
        return HistoryEntry(
            at=DateTime(row.at),
            role=row.role,
            attempt=TriedRun.at(row.attempt, self.as_of),
            row=row,
            moment=self.as_of,
        )

    def _failing(self, row: history.Failing) -> FailingCheck:
        return FailingCheck(
            assertion=row.key.assertion,
            column=row.key.column or None,
            severity=row.severity,
            since=DateTime(row.since),
            times=row.times,
            last_passed=None if row.passed is None else DateTime(row.passed),
            exact=row.whole,
            key=row.key.dataset,
            moment=self.as_of,
        )


async def history_of(info: Info, question: history.HistoryQuestion, first: int, after: str | None) -> History:
    """The answer in GraphQL's types."""
    limit = check_first(first) + 1
    progress: Progress = await info.context.reader.freshness()
    answer = await info.context.reader.history(question)
    page = await answer.page(place_of(after, Cursor), limit)
    return History(
        as_of=DateTime(question.as_of),
        threshold=question.threshold,
        previous=question.previous,
        answer=answer,
        of_key=question.of,
        page=page,
        first=first,
        after=after,
        **told(page.truncated, answer.notes, progress),
    )
