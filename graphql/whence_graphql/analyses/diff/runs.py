"""What differs between two runs."""

import strawberry
from strawberry.scalars import JSON

from whence_graphql.analyses.diff.assets import (
    CodeDiff,
    ColumnDiff,
    FacetDiff,
    code_diff,
    column_diff,
    facet_diff,
    json_of,
)
from whence_graphql.answer import Progress, answer_type, progress
from whence_graphql.arguments import After, First
from whence_graphql.context import Info
from whence_graphql.dataset import Column, Dataset
from whence_graphql.describe import object_type, resolved
from whence_graphql.job import Job
from whence_graphql.lineage import Transformation, transformations
from whence_graphql.node import LineageNode, load_nodes, nodes_by_key
from whence_graphql.paging import Connection, page_of, rows_of
from whence_graphql.run import Run
from whence_graphql.scalars import Basis, DateTime
from whence_graphql.version import DatasetVersion, partition_list
from whence_schemas import diff
from whence_schemas.diff import Difference
from whence_schemas.read import Freshness, NodeRow


@object_type
class Reading:
    """What a run read or wrote of a dataset."""

    version: DatasetVersion | None
    produced_at: DateTime | None = strawberry.field(description="When that version was made.")
    basis: Basis | None = strawberry.field(description="Of what was read: how it is known which version it was.")
    rows: float | None = strawberry.field(description="By `inputStatistics` or `outputStatistics`.")
    bytes: float | None
    parts: strawberry.Private[str]

    @resolved
    def partitions(self) -> JSON | None:
        """The partitions, as a list; null where it is the whole, or an unknown part."""
        return partition_list(self.parts)


@object_type
class UseDiff:
    """A dataset that only one of the runs read (or wrote), or both: in another version, size or partitions."""

    dataset: Dataset
    role: str = strawberry.field(description="CONSUMED or PRODUCED.")
    difference: Difference
    before: Reading | None
    after: Reading | None


@object_type
class FlowDiff:
    """A column edge that only one of the runs showed, or both, with other transformations. An end without a field is
    the dataset as a whole."""

    target: LineageNode
    source: LineageNode
    difference: Difference
    old: strawberry.Private[str | None]
    new: strawberry.Private[str | None]

    @resolved
    def before(self) -> list[Transformation] | None:
        """How the source became the target; null where it did not."""
        return transformations(self.old) if self.old is not None else None

    @resolved
    def after(self) -> list[Transformation] | None:
        """How it does; null where it does not."""
        return transformations(self.new) if self.new is not None else None


@object_type
class ParameterDiff:
    """A parameter that differs; of one that is recorded as a hash, the value is {"sha256": ...}."""

    name: str
    difference: Difference
    old: strawberry.Private[bytes | None]
    new: strawberry.Private[bytes | None]

    @resolved
    def before(self) -> JSON | None:
        """What it was."""
        return json_of(self.old)

    @resolved
    def after(self) -> JSON | None:
        """What it is."""
        return json_of(self.new)


@object_type
class PartDiff:
    """A job of which only one of the runs contains a run, or both, and these are in different states."""

    job: Job
    difference: Difference
    before: Run | None
    after: Run | None


@answer_type
class RunDiff(Progress):
    """What differs between two runs, each by its newest attempt, and how fresh that is. Durations are those of the runs
    themselves."""

    notes: list[str] = strawberry.field(description="What the reader should know, in sentences.")
    answer: strawberry.Private[diff.RunDiff]
    moment: strawberry.Private[int]

    @resolved
    async def before(self, info: Info) -> Run:
        """The run that is compared."""
        return (await load_nodes(info, Run, [self.answer.before], self.moment))[0]

    @resolved
    async def after(self, info: Info) -> Run:
        """The run that it is compared with."""
        return (await load_nodes(info, Run, [self.answer.after], self.moment))[0]

    @resolved
    async def datasets(self, info: Info, first: First = 100, after: After = None) -> Connection[UseDiff]:
        """What they read and wrote. That each wrote a version of its own is no difference."""
        rows = self.answer.uses
        loaded = await nodes_by_key(info, Dataset, [row.dataset for row in rows_of(rows, first, after)], self.moment)
        return page_of(info, rows, first, after, lambda row: self._use(row, loaded[row.dataset]))

    @resolved
    async def lineage(self, info: Info, first: First = 100, after: After = None) -> Connection[FlowDiff]:
        """Column edges that they showed."""
        rows = self.answer.flows
        keys = [key for row in rows_of(rows, first, after) for key in (row.output, row.source)]
        loaded = await nodes_by_key(info, Dataset, keys, self.moment)
        return page_of(info, rows, first, after, lambda row: self._flow(row, loaded))

    @resolved
    async def columns(self, info: Info, first: First = 100, after: After = None) -> Connection[ColumnDiff]:
        """Columns of the datasets that both used, by the `schema` facets that each sent."""
        rows = self.answer.columns
        loaded = await nodes_by_key(info, Dataset, [row.dataset for row in rows_of(rows, first, after)], self.moment)
        return page_of(info, rows, first, after, lambda row: column_diff(row, loaded[row.dataset], self.moment))

    @resolved
    async def code(self, info: Info) -> CodeDiff | None:
        """Their code; null where it is the same, or nothing is told of it."""
        for row in self.answer.code:
            return code_diff(row, (await nodes_by_key(info, Job, [row.job], self.moment))[row.job], self.moment)
        return None

    @resolved
    async def parameters(self, info: Info, first: First = 100, after: After = None) -> Connection[ParameterDiff]:
        """Parameters, by `whence_parameters` and by the configuration of an Airflow DAG run."""
        return page_of(
            info,
            self.answer.parameters,
            first,
            after,
            lambda row: ParameterDiff(name=row.name, difference=row.difference, old=row.before, new=row.after),
        )

    @resolved
    async def facets(self, info: Info, first: First = 100, after: After = None) -> Connection[FacetDiff]:
        """Other facets of the runs, their job, and the datasets that both used."""
        rows = self.answer.facets
        loaded = await nodes_by_key(info, LineageNode, [row.entity for row in rows_of(rows, first, after)], self.moment)
        return page_of(info, rows, first, after, lambda row: facet_diff(row, loaded[row.entity], self.moment))

    @resolved
    async def parts(self, info: Info, first: First = 100, after: After = None) -> Connection[PartDiff]:
        """The runs that they contain, by job."""
        rows = self.answer.parts
        shown = rows_of(rows, first, after)
        jobs = await nodes_by_key(info, Job, [row.job for row in shown], self.moment)
        runs = await nodes_by_key(
            info, Run, [key for row in shown for key in (row.before, row.after) if key], self.moment
        )
        return page_of(
            info,
            rows,
            first,
            after,
            lambda row: PartDiff(
                job=jobs[row.job],
                difference=row.difference,
                before=runs.get(row.before or ""),
                after=runs.get(row.after or ""),
            ),
        )

    def _use(self, row: diff.UseDiff, dataset: Dataset) -> UseDiff:
        return UseDiff(
            dataset=dataset,
            role=row.role,
            difference=row.difference,
            before=self._reading(row.before, dataset),
            after=self._reading(row.after, dataset),
        )

    def _reading(self, reading: diff.Reading | None, dataset: Dataset) -> Reading | None:
        if reading is None:
            return None
        version = NodeRow(reading.version, dataset.namespace, dataset.name, reading.label)
        return Reading(
            version=DatasetVersion.of(version, self.moment) if reading.version else None,
            produced_at=DateTime(reading.produced) if reading.produced is not None else None,
            basis=Basis(reading.basis) if reading.basis else None,
            rows=reading.rows,
            bytes=reading.size,
            parts=reading.partitions,
        )

    def _flow(self, row: diff.FlowDiff, loaded: dict[str, Dataset]) -> FlowDiff:
        ends = ((loaded[row.output], row.field), (loaded[row.source], row.source_field))
        target, source = (Column.in_dataset(one, field, self.moment) if field else one for one, field in ends)
        return FlowDiff(target=target, source=source, difference=row.difference, old=row.before, new=row.after)


def run_diff_of(answer: diff.RunDiff, moment: int, fresh: Freshness) -> RunDiff:
    """The answer in GraphQL's types."""
    return RunDiff(
        notes=answer.notes,
        answer=answer,
        moment=moment,
        **progress(fresh),
    )
