"""What attempts measured and checked."""

from typing import Annotated

import strawberry

from whence_graphql.analyses.tried import TriedRun
from whence_graphql.arguments import After, First
from whence_graphql.context import Info
from whence_graphql.dataset import Dataset
from whence_graphql.describe import object_type, resolved
from whence_graphql.node import load_node
from whence_graphql.paging import Connection, numbered
from whence_graphql.scalars import DateTime
from whence_schemas import history
from whence_schemas.history import HistoryRole


@object_type
class HistoryMeasure:
    """A value that an attempt measured, and the values before it."""

    facet: str | None = strawberry.field(
        description="The facet that says so; null of the duration, which is the attempt's from start to end."
    )
    name: str = strawberry.field(description="Such as rowCount, size, fileCount, nullCount, or duration (seconds).")
    column: str | None
    value: float
    median: float | None = strawberry.field(
        description="Of the values that the same job's last successful attempts before this one gave; null without "
        "any, and where this attempt did not succeed: it may have measured a part."
    )
    of: int = strawberry.field(description="Of so many values.")
    change: float | None = strawberry.field(description="(value - median) / |median|; null where that cannot be told.")
    changed: bool = strawberry.field(
        description="Whether value and median differ by more than the threshold's part of the median."
    )
    key: strawberry.Private[str]
    moment: strawberry.Private[int]

    @resolved
    async def dataset(self, info: Info) -> Dataset | None:
        """What is measured; null of the run itself, and where the history is that of a dataset."""
        return await load_node(info, Dataset, self.key, self.moment)


@object_type
class HistoryCheck:
    """The result of an assertion or test."""

    assertion: str
    column: str | None
    passed: bool | None = strawberry.field(description="Null where it was neither passed nor failed.")
    status: str = strawberry.field(description="pass, fail or skip.")
    severity: str | None = strawberry.field(description="error (a failure blocks) or warn.")
    key: strawberry.Private[str]
    moment: strawberry.Private[int]

    @resolved
    async def dataset(self, info: Info) -> Dataset | None:
        """What is checked; null of a run's test, and where the history is that of a dataset."""
        return await load_node(info, Dataset, self.key, self.moment)


@object_type
class HistoryEntry:
    """An attempt, with what it measured and checked."""

    at: DateTime = strawberry.field(
        description="Of a dataset when the attempt ended, or started where it only read; of a job when it started."
    )
    role: HistoryRole
    attempt: TriedRun
    row: strawberry.Private[history.HistoryEntry]
    moment: strawberry.Private[int]

    @resolved
    async def measures(
        self,
        info: Info,
        changed: Annotated[bool, strawberry.argument(description="Only those that changed.")] = False,
        first: First = 100,
        after: After = None,
    ) -> Connection[HistoryMeasure]:
        """What it measured."""
        rows = [row for row in self.row.measures if row.changed or not changed]
        return numbered(info, rows, first, after, self._measure)

    @resolved
    async def checks(self, info: Info, first: First = 100, after: After = None) -> Connection[HistoryCheck]:
        """What it checked."""
        return numbered(info, self.row.checks, first, after, self._check)

    def _measure(self, row: history.Measure) -> HistoryMeasure:
        return HistoryMeasure(
            facet=row.key.facet or None,
            name=row.key.name,
            column=row.key.column or None,
            value=row.value,
            median=row.median,
            of=row.of,
            change=row.change,
            changed=row.changed,
            key=row.key.dataset,
            moment=self.moment,
        )

    def _check(self, row: history.CheckResult) -> HistoryCheck:
        return HistoryCheck(
            assertion=row.key.assertion,
            column=row.key.column or None,
            passed=row.passed,
            status=row.status,
            severity=row.severity,
            key=row.key.dataset,
            moment=self.moment,
        )
