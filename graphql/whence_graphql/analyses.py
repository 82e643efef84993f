"""Questions that follow from lineage, as fields of the query."""

from dataclasses import replace
from typing import Annotated

import strawberry
from strawberry import ID

from whence_graphql.arguments import (
    After,
    AsOf,
    First,
    MaxNodes,
    Window,
    check_first,
    check_window,
    limits_of,
    moment_of,
    seconds_of,
)
from whence_graphql.completeness import Completeness, completeness_of
from whence_graphql.context import Info
from whence_graphql.describe import object_type, resolved
from whence_graphql.diff import Diff, diff_of
from whence_graphql.drift import Drift, drift_of
from whence_graphql.freshness import DatasetNames, Freshness, Rules, freshness_of, question_of
from whence_graphql.history import History, history_of
from whence_graphql.impact import Impact, impact_of
from whence_graphql.limits import PAGE
from whence_graphql.lineage import LineageStart, NameInput, find_run, start_of
from whence_graphql.paging import place_of
from whence_graphql.partitions import Partitions, partitions_of
from whence_graphql.provenance import Provenance, ProvenanceStart, provenance_of, version_question
from whence_graphql.recovery import Recovery, recovery_of
from whence_graphql.run_diff import RunChoice, RunDiff, run_diff_of
from whence_graphql.scalars import DateTime
from whence_schemas.completeness import Check, CompletenessQuestion
from whence_schemas.diff import DiffQuestion
from whence_schemas.drift import DriftKind, DriftQuestion
from whence_schemas.errors import InvalidQuestion, NotFound
from whence_schemas.freshness import FreshnessState
from whence_schemas.history import HistoryQuestion
from whence_schemas.identity import job_key
from whence_schemas.impact import Change, ImpactQuestion
from whence_schemas.lineage import Direction, Granularity
from whence_schemas.partitions import PartitionQuestion, PartitionStep
from whence_schemas.read import SearchPlace
from whence_schemas.recovery import RecoveryQuestion


@object_type
class Analyses:
    """What follows from lineage."""

    @resolved
    async def impact(
        self,
        info: Info,
        of: list[LineageStart],
        change: Change = Change.DROP,
        granularity: Annotated[
            Granularity | None,
            strawberry.argument(description="DATASET or COLUMN. By default COLUMN where one of them is a column."),
        ] = None,
        depth: Annotated[int, strawberry.argument(description="Steps from dataset to dataset.")] = 20,
        as_of: AsOf = None,
        window: Window = 10,
        max_nodes: MaxNodes = 10_000,
    ) -> Impact:
        """What a change to datasets, columns or jobs touches downstream, and who is to be told."""
        if len(of) > PAGE:
            raise InvalidQuestion(f"`of` names {len(of)}, but at most {PAGE} may be: send several requests")
        starts = [await start_of(info, start) for start in of]
        by_column = any(usual == Granularity.COLUMN for _, usual in starts)
        question = ImpactQuestion(
            tuple(dict.fromkeys(start for start, _ in starts)),
            moment_of(info, as_of),
            change,
            granularity or (Granularity.COLUMN if by_column else Granularity.DATASET),
            depth,
            window,
            *limits_of(info, max_nodes),
        )
        fresh = await info.context.reader.freshness()
        return impact_of(await info.context.reader.impact(question), question, fresh)

    @resolved
    async def provenance(
        self,
        info: Info,
        of: ProvenanceStart,
        direction: Annotated[
            Direction, strawberry.argument(description="UPSTREAM: what it rests on. DOWNSTREAM: what rests on it.")
        ] = Direction.UPSTREAM,
        depth: Annotated[int, strawberry.argument(description="Steps from attempt to attempt.")] = 20,
        as_of: AsOf = None,
        max_nodes: MaxNodes = 10_000,
    ) -> Provenance:
        """The exact attempts, code and versions that one version of a dataset rests on, or that rest on it."""
        nodes, seconds = limits_of(info, max_nodes)
        question = replace(
            await version_question(info, of, moment_of(info, as_of)),
            direction=direction,
            depth=depth,
            max_nodes=nodes,
            seconds=seconds,
        )
        fresh = await info.context.reader.freshness()
        return provenance_of(await info.context.reader.provenance(question), question, fresh)

    @resolved
    async def completeness(
        self,
        info: Info,
        namespace: Annotated[
            str | None, strawberry.argument(description="Only datasets and jobs in this namespace.")
        ] = None,
        owner: Annotated[str | None, strawberry.argument(description="Only what this owner owns, by name.")] = None,
        checks: Annotated[list[Check], strawberry.argument(description="Only these; none for all.")] = [],  # noqa: B006  # it becomes the default in the schema
        as_of: AsOf = None,
        window: Window = 10,
    ) -> Completeness:
        """How much of the lineage is known, as scores, and what is not, as findings with what to do about them. To page
        on, give the `asOf` of the first page, so that all pages are of one answer."""
        moment = moment_of(info, as_of)
        seconds = seconds_of(info)
        question = CompletenessQuestion(moment, namespace, owner, tuple(checks), window, seconds)
        fresh = await info.context.reader.freshness()
        return completeness_of(await info.context.reader.completeness(question), question, fresh)

    @resolved
    async def diff(
        self,
        info: Info,
        of: LineageStart,
        from_: Annotated[DateTime, strawberry.argument(name="from", description="The earlier time.")],
        to: Annotated[DateTime | None, strawberry.argument(description="The later time; by default now.")] = None,
        direction: Direction = Direction.BOTH,
        depth: Annotated[int, strawberry.argument(description="Steps from dataset to dataset.")] = 20,
        granularity: Annotated[
            Granularity | None, strawberry.argument(description="DATASET or COLUMN. By default COLUMN for a column.")
        ] = None,
        window: Window = 10,
        max_nodes: MaxNodes = 10_000,
    ) -> Diff:
        """What changed in a lineage between two times: what appeared, vanished and changed, and which run showed it
        first."""
        start, usual = await start_of(info, of)
        question = DiffQuestion(
            start,
            from_,
            moment_of(info, to),
            direction,
            granularity or usual,
            depth,
            window,
            *limits_of(info, max_nodes),
        )
        fresh = await info.context.reader.freshness()
        return diff_of(await info.context.reader.diff(question), question, fresh)

    @resolved
    async def run_diff(self, info: Info, before: RunChoice, after: RunChoice) -> RunDiff:
        """What differs between two runs, or two versions of a job's code: datasets and their versions, columns, code,
        parameters."""
        keys = [await _chosen(info, choice) for choice in (before, after)]
        fresh = await info.context.reader.freshness()
        return run_diff_of(await info.context.reader.run_diff(*keys), info.context.now, fresh)

    @resolved
    async def drift(
        self,
        info: Info,
        job: Annotated[
            NameInput | None, strawberry.argument(description="Only this job; by default all jobs, by name.")
        ] = None,
        namespace: Annotated[str | None, strawberry.argument(description="Only jobs in this namespace.")] = None,
        kinds: Annotated[list[DriftKind], strawberry.argument(description="Only these; none for all.")] = [],  # noqa: B006  # it becomes the default in the schema
        as_of: AsOf = None,
        window: Window = 10,
        first: Annotated[int, strawberry.argument(description=f"How many jobs that differ, at most {PAGE}.")] = 20,
        after: After = None,
    ) -> Drift:
        """Where declarations and runs differ: what is declared and was not observed, what was observed and is not
        declared, columns and their types; and what is downstream of that."""
        question = DriftQuestion(
            moment_of(info, as_of),
            job_key(job.namespace, job.name) if job else "",
            namespace,
            tuple(kinds),
            window,
            check_first(first),
            place_of(after, SearchPlace),
            seconds_of(info),
        )
        fresh = await info.context.reader.freshness()
        return drift_of(await info.context.reader.drift(question), question, fresh)

    @resolved
    async def freshness(
        self,
        info: Info,
        of: DatasetNames = [],  # noqa: B006  # it becomes the default in the schema
        namespace: Annotated[str | None, strawberry.argument(description="Only datasets in this namespace.")] = None,
        rules: Rules = [],  # noqa: B006  # it becomes the default in the schema
        states: Annotated[
            list[FreshnessState], strawberry.argument(description="Only in one of these states; none for all.")
        ] = [],  # noqa: B006  # it becomes the default in the schema
        as_of: AsOf = None,
        window: Window = 10,
        max_nodes: MaxNodes = 10_000,
        first: First = 20,
        after: After = None,
    ) -> Freshness:
        """When datasets were produced last, which are late by their rhythm, and what these hold up."""
        if len(of) > PAGE:
            raise InvalidQuestion(f"`of` names {len(of)}, but at most {PAGE} may be: send several requests")
        moment = moment_of(info, as_of)
        nodes, seconds = limits_of(info, max_nodes)
        question = replace(
            question_of(moment, of, namespace, rules),
            states=tuple(states),
            window=check_window(window),
            max_nodes=nodes,
            seconds=seconds,
        )
        return await freshness_of(info, question, first, after)

    @resolved
    async def history(
        self,
        info: Info,
        of: LineageStart,
        threshold: Annotated[
            float, strawberry.argument(description="The part of the median by which a value must differ, as 0.3.")
        ] = 0.3,
        previous: Annotated[
            int, strawberry.argument(description="The median is that of so many successful attempts before.")
        ] = 10,
        as_of: AsOf = None,
        first: First = 20,
        after: After = None,
    ) -> History:
        """What the runs of a dataset or job measured and checked: row counts, sizes, quality metrics, assertions and
        durations, with what changed."""
        start, _ = await start_of(info, of)
        moment = moment_of(info, as_of)
        question = HistoryQuestion(start, moment, threshold, previous, seconds_of(info))
        return await history_of(info, question, first, after)

    @resolved
    async def partitions(
        self,
        info: Info,
        of: LineageStart,
        from_: Annotated[
            DateTime, strawberry.argument(name="from", description="Partitions that begin then or later,")
        ],
        to: Annotated[
            DateTime | None, strawberry.argument(description="and before that. By default, the time asked about.")
        ] = None,
        step: Annotated[
            PartitionStep | None, strawberry.argument(description="By default it is found out; the answer tells how.")
        ] = None,
        zone: Annotated[
            str | None, strawberry.argument(description="By default that of the runs' schedule, else UTC.")
        ] = None,
        as_of: AsOf = None,
        window: Annotated[
            int, strawberry.argument(description="Keys beside the time that the last so many had are expected.")
        ] = 10,
    ) -> Partitions:
        """Which partitions of a dataset or job there should be, by nominal times and names of partitions; which there
        are, and which are missing, failed or running."""
        start, _ = await start_of(info, of)
        moment = moment_of(info, as_of)
        end = moment if to is None else to
        question = PartitionQuestion(start, from_, end, moment, step, zone, window, seconds_of(info))
        fresh = await info.context.reader.freshness()
        return partitions_of(await info.context.reader.partitions(question), question, fresh)

    @resolved
    async def recovery(
        self,
        info: Info,
        of: LineageStart,
        version: Annotated[
            str | None, strawberry.argument(description="Of a dataset, the bad version's name, or its `id`.")
        ] = None,
        since: Annotated[
            DateTime | None,
            strawberry.argument(description="Of a dataset or job: what was made from then on is bad."),
        ] = None,
        until: Annotated[
            DateTime | None,
            strawberry.argument(
                description="What was made later is taken for a repair; by default `asOf`. Ask again with the `until` "
                "of the answer, to see how far the repair is."
            ),
        ] = None,
        late: Annotated[
            bool, strawberry.argument(description="The dataset should have had a new version at `since`.")
        ] = False,
        as_of: AsOf = None,
        window: Window = 10,
        max_nodes: MaxNodes = 10_000,
    ) -> Recovery:
        """What to do after a run failed, or a dataset, a version of it, a model, a document, or what a job made was
        found bad: what is stale, what is still good, and what to run again in which order. Without `version` and
        `since`, the current version of the dataset is bad, or what the job's last run made."""
        start, _ = await start_of(info, of)
        question = RecoveryQuestion(
            start,
            moment_of(info, as_of),
            version or "",
            since,
            until,
            late,
            window,
            *limits_of(info, max_nodes),
        )
        fresh = await info.context.reader.freshness()
        return recovery_of(await info.context.reader.recovery(question), question, fresh)


async def _chosen(info: Info, choice: RunChoice) -> str:
    """Key of the run that is meant."""
    if choice.code:
        job = job_key(choice.code.namespace, choice.code.name)
        return await info.context.reader.run_of_code(job, choice.code.commit, info.context.now)
    row = await find_run(info, choice.run or ID(""))
    if row is None:
        raise NotFound(f"there is no run {choice.run}: search finds runs by their id")
    return row.key
