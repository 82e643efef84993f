"""Where declarations and runs differ, job by job, and what is downstream of a broken declaration."""

from typing import Annotated

import strawberry

from whence_graphql.analyses.diff.showing import Showing, showing
from whence_graphql.analyses.impact.answer import Impact, impact_of
from whence_graphql.answer import Answer, answer_type, told
from whence_graphql.arguments import After, First
from whence_graphql.context import Info
from whence_graphql.dataset import Dataset
from whence_graphql.describe import object_type, resolved
from whence_graphql.job import Job
from whence_graphql.node import nodes_by_key
from whence_graphql.paging import Connection, Edge, PageInfo, cursor_of, page_of
from whence_graphql.scalars import DateTime
from whence_schemas import drift
from whence_schemas.drift import BROKEN, DriftKind, DriftPage, DriftQuestion, DriftSubject, Finding
from whence_schemas.identity import column_key
from whence_schemas.impact import Change, ImpactQuestion
from whence_schemas.lineage import Granularity
from whence_schemas.read import Freshness

_MAX_NODES = 1_000


_SHARE = 0.1
"""The part of the request's time that the walk downstream of one finding may take."""


@object_type
class DriftFinding:
    """One difference between a job's declaration and its runs."""

    kind: DriftKind
    subject: DriftSubject
    dataset: Dataset | None = strawberry.field(description="What is read or written, or has the column; null of a job.")
    field: str | None = strawberry.field(
        description="Of COLUMN its name, with dots to nested fields; of COLUMN_LINEAGE the column, null for all of it."
    )
    source: Dataset | None = strawberry.field(description="Of COLUMN_LINEAGE: what the column derives from.")
    source_field: str | None
    declared: str | None = strawberry.field(description="Of COLUMN its declared type, where it is told.")
    observed: str | None = strawberry.field(description="Of COLUMN the type that runs told.")
    since: DateTime | None = strawberry.field(
        description="Declared since then, without a break; of NOT_DECLARED: seen first, ever."
    )
    runs: int = strawberry.field(
        description="Runs since then (since `lastShown`, where there is one) that told datasets, and not this one; of "
        "NOT_DECLARED: of the last runs, those that showed it. Of a COLUMN 0: its newest run tells."
    )
    silent: int = strawberry.field(description="Runs since then that told no datasets at all.")
    last_shown: Showing | None = strawberry.field(
        description="What showed it last since it is declared; null where nothing ever did."
    )
    row: strawberry.Private[Finding]
    job: strawberry.Private[str]
    moment: strawberry.Private[int]
    window: strawberry.Private[int]

    @resolved
    async def downstream(
        self,
        info: Info,
        max_nodes: Annotated[int, strawberry.argument(description="Where to cut it.")] = _MAX_NODES,
    ) -> Impact | None:
        """What rests on a broken declaration, as the impact of a change; null where none is broken. Of an input: all
        that follows from the job."""
        asked = _impact_question(self)
        if asked is None:
            return None
        start, change, granularity = asked
        budget = info.context.budget
        limits = max(1, min(max_nodes, budget.rows)), budget.seconds() * _SHARE
        question = ImpactQuestion((start,), self.moment, change, granularity, 20, self.window, *limits)
        return impact_of(await info.context.reader.impact(question), question, await info.context.reader.freshness())


def _impact_question(finding: DriftFinding) -> tuple[str, Change, Granularity] | None:
    """What changes, if runs are right and the declaration is not."""
    row = finding.row
    if row.kind not in BROKEN:
        return None
    if row.subject == DriftSubject.INPUT:
        return finding.job, Change.VALUES, Granularity.DATASET
    if row.subject == DriftSubject.OUTPUT:
        return row.dataset, Change.DROP, Granularity.DATASET
    if not row.field:
        return row.dataset, Change.VALUES, Granularity.COLUMN
    column = column_key(row.dataset, row.field)
    if row.subject == DriftSubject.COLUMN:
        column = column_key(row.dataset, row.field.partition(".")[0])  # nested fields are no columns of their own
        return column, Change.RETYPE if row.kind == DriftKind.TYPE else Change.DROP, Granularity.COLUMN
    return column, Change.VALUES, Granularity.COLUMN


@object_type
class JobDrift:
    """A job whose declaration and runs differ."""

    job: Job
    declared_at: DateTime | None = strawberry.field(
        description="When its declaration, as it is, came first; null where there is none."
    )
    row: strawberry.Private[drift.JobDrift]
    moment: strawberry.Private[int]
    window: strawberry.Private[int]

    @resolved
    async def findings(self, info: Info, first: First = 100, after: After = None) -> Connection[DriftFinding]:
        """What differs, by kind."""
        found = self.row.findings
        keys = [key for row in found for key in (row.dataset, row.source)]
        datasets = await nodes_by_key(info, Dataset, keys, self.moment)
        return page_of(info, found, first, after, lambda row: self._finding(row, datasets))

    def _finding(self, row: Finding, datasets: dict[str, Dataset]) -> DriftFinding:
        return DriftFinding(
            kind=row.kind,
            subject=row.subject,
            dataset=datasets.get(row.dataset),
            field=row.field or None,
            source=datasets.get(row.source),
            source_field=row.source_field or None,
            declared=row.declared,
            observed=row.observed,
            since=DateTime(row.since) if row.since is not None else None,
            runs=row.runs,
            silent=row.silent,
            last_shown=showing(row.last, self.moment),
            row=row,
            job=self.row.job,
            moment=self.moment,
            window=self.window,
        )


@answer_type
class Drift(Answer):
    """Where declarations and runs differ, and how fresh that is."""

    as_of: DateTime
    window: int
    examined: int = strawberry.field(description="How many jobs were looked at for this page.")
    truncated: bool = strawberry.field(description="Whether a limit cut the page: go on after its end.")
    page: strawberry.Private[DriftPage]
    paged: strawberry.Private[bool]

    @resolved
    async def jobs(self, info: Info) -> Connection[JobDrift]:
        """The jobs that differ, by name. A page may have fewer than wanted, or none, where time was up: there may be
        more after its end all the same."""
        rows = self.page.jobs
        jobs = await nodes_by_key(info, Job, [row.job for row in rows], self.as_of)
        edges = [Edge(cursor=cursor_of(row.place), node=self._job(row, jobs[row.job])) for row in rows]
        info.context.budget.spend(len(edges))
        end = cursor_of(self.page.end) if self.page.end else edges[-1].cursor if edges else None
        page_info = PageInfo(
            has_next_page=self.page.end is not None,
            has_previous_page=self.paged,
            start_cursor=edges[0].cursor if edges else None,
            end_cursor=end,
        )
        return Connection(edges=edges, page_info=page_info)

    def _job(self, row: drift.JobDrift, job: Job) -> JobDrift:
        declared = DateTime(row.declared) if row.declared is not None else None
        return JobDrift(job=job, declared_at=declared, row=row, moment=self.as_of, window=self.window)


def drift_of(page: DriftPage, question: DriftQuestion, fresh: Freshness) -> Drift:
    """The answer in GraphQL's types."""
    return Drift(
        as_of=DateTime(question.as_of),
        window=question.window,
        examined=page.examined,
        page=page,
        paged=question.after is not None,
        **told(page.truncated, page.notes, fresh),
    )
