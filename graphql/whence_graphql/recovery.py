"""Recovery: what is stale, what is still good, what to fall back to, and the plan, counts first."""

import shlex
from typing import Annotated, NamedTuple, cast

import strawberry
from pydantic_core import from_json
from strawberry import ID
from strawberry.scalars import JSON

from whence_graphql import ports
from whence_graphql.answer import Answer, answer_type, told
from whence_graphql.arguments import After, First, check_first
from whence_graphql.context import Info
from whence_graphql.describe import object_type, resolved
from whence_graphql.node import LineageNode, load_node, load_nodes, node_of
from whence_graphql.paging import Connection, numbered, ordered, page_of
from whence_graphql.scalars import Basis, DateTime
from whence_schemas import recovery
from whence_schemas.impact import Certainty
from whence_schemas.read import Freshness, NodeRow
from whence_schemas.recovery import Cause, GoodReason, Reason, RecoveryQuestion, RepairReason, Status

_HasKey = recovery.Work | recovery.Repair | recovery.Fallback | recovery.Unresolved


class _Key(NamedTuple):
    key: str


@object_type
class RecoveryCause:
    """Why an attempt, or what it made, is not good."""

    reason: Reason
    basis: Basis | None = strawberry.field(description="How it is known what it read; null where it read nothing.")
    cause: strawberry.Private[Cause]
    moment: strawberry.Private[int]

    @resolved
    async def run(self, info: Info) -> LineageNode | None:
        """The run; null where a dataset itself, or a job that did not run, is meant."""
        return await load_node(info, LineageNode, self.cause.run, self.moment)

    @resolved
    async def read(self, info: Info) -> LineageNode | None:
        """The version (or the dataset, where none is known) that it read, and that is not good."""
        return await _version(info, self.cause.dataset, self.cause.version, self.cause.label, self.moment)


@object_type
class RecoveryStale:
    """A version that is not good, or a dataset of which one is missing."""

    reason: Reason
    distance: int = strawberry.field(description="Runs from what was asked about.")
    certainty: Certainty = strawberry.field(description="RECORDED where every version on the path was named.")
    current: bool = strawberry.field(description="Whether readers still get it, or still miss it.")
    at: DateTime = strawberry.field(description="When it was produced; of a missing one, since when it is.")
    row: strawberry.Private[recovery.StaleVersion]
    moment: strawberry.Private[int]

    @resolved
    async def dataset(self, info: Info) -> LineageNode | None:
        """The dataset."""
        return await load_node(info, LineageNode, self.row.dataset, self.moment)

    @resolved
    async def version(self, info: Info) -> LineageNode | None:
        """The version; null where it is missing."""
        row = self.row
        return await _version(info, row.dataset, row.version, row.label, self.moment) if row.version else None

    @resolved
    async def run(self, info: Info) -> LineageNode | None:
        """The run that produced it."""
        return await load_node(info, LineageNode, self.row.run, self.moment)

    @resolved
    def partitions(self) -> JSON | None:
        """The partitions that are meant, as a list; null where it is the whole, or an unknown part."""
        return JSON([from_json(text) for text in from_json(self.row.partitions)]) if self.row.partitions else None

    @resolved
    def path(self) -> list[RecoveryCause]:
        """A shortest path from what was asked about, which proves it."""
        return _path(self.row.cause, self.moment)


@object_type
class RecoveryWork:
    """A job that has to run again, or had to, for a partition or logical date (or for all)."""

    id: ID = strawberry.field(description="The same whenever the question is asked again.")
    reason: Reason
    status: Status
    certainty: Certainty = strawberry.field(description="RECORDED where every version on the path was named.")
    nominal_start: DateTime | None = strawberry.field(description="The logical date, where its run has one.")
    nominal_end: DateTime | None
    replaced: bool = strawberry.field(
        description="Whether all that it made was written again since, by a good run for another date: "
        "then it need not run where that replaced the whole dataset."
    )
    row: strawberry.Private[recovery.Work]
    moment: strawberry.Private[int]

    @resolved
    async def job(self, info: Info) -> LineageNode | None:
        """The job."""
        return await load_node(info, LineageNode, self.row.job, self.moment)

    @resolved
    async def run(self, info: Info) -> LineageNode | None:
        """Its last run that was not good; of a job that is WAITING, the failed run that it waits for."""
        return await load_node(info, LineageNode, self.row.run, self.moment)

    @resolved
    async def made_good_by(self, info: Info) -> LineageNode | None:
        """The run that made it good again; null unless it is DONE."""
        return await load_node(info, LineageNode, self.row.by, self.moment)

    @resolved
    def partition(self) -> JSON | None:
        """The partition; null for all, or where it is not known."""
        return JSON(from_json(self.row.partition)) if self.row.partition else None

    @resolved
    def path(self) -> list[RecoveryCause]:
        """A shortest path from what was asked about, which proves it."""
        return _path(self.row.cause, self.moment)


@object_type
class RecoveryStep:
    """What one command does."""

    wave: int = strawberry.field(description="From 1. What is in one wave can run at the same time.")
    orchestrator: str | None = strawberry.field(description="As `jobType` says; null where it is not known.")
    command: list[str] = strawberry.field(
        description="The program and its arguments; empty where it has to be run by hand."
    )
    waits: bool = strawberry.field(description="Whether the command ends only when the work has.")
    hint: str = strawberry.field(description="What it runs, for people.")
    cycle: bool = strawberry.field(description="Whether its jobs read what they write, directly or through others.")
    row: strawberry.Private[recovery.PlanStep]
    moment: strawberry.Private[int]

    @resolved
    def command_line(self) -> str | None:
        """The command, quoted for a POSIX shell; null where it has to be run by hand."""
        return shlex.join(self.row.command) or None

    @resolved
    async def work(self, info: Info, first: First = 20, after: After = None) -> Connection[RecoveryWork]:
        """What it runs, in an order in which it can run."""
        return numbered(info, self.row.work, first, after, lambda row: _work(row, self.moment))


@object_type
class RecoveryRepair:
    """A dataset to put right by hand, before the first wave."""

    reason: RepairReason
    row: strawberry.Private[recovery.Repair]
    moment: strawberry.Private[int]

    @resolved
    async def dataset(self, info: Info) -> LineageNode | None:
        """The dataset."""
        return await load_node(info, LineageNode, self.row.key, self.moment)

    @resolved
    async def jobs(self, info: Info, first: First = 20) -> list[LineageNode]:
        """Of a CYCLE the jobs in it."""
        return await load_nodes(info, LineageNode, self.row.jobs[: check_first(first)], self.moment)


@object_type
class RecoveryFallback:
    """The last good version of a stale dataset, or of one of its partitions."""

    good_now: bool = strawberry.field(description="Whether readers get good versions now.")
    produced_at: DateTime | None = strawberry.field(description="Null where no good version is known.")
    row: strawberry.Private[recovery.Fallback]
    moment: strawberry.Private[int]

    @resolved
    async def dataset(self, info: Info) -> LineageNode | None:
        """The dataset."""
        return await load_node(info, LineageNode, self.row.dataset, self.moment)

    @resolved
    def partition(self) -> JSON | None:
        """The partition; null for the whole."""
        return JSON(from_json(self.row.partition)) if self.row.partition else None

    @resolved
    async def version(self, info: Info) -> LineageNode | None:
        """The version; null where no good one is known."""
        row = self.row
        return await _version(info, row.dataset, row.version, row.label, self.moment) if row.version else None

    @resolved
    async def run(self, info: Info) -> LineageNode | None:
        """The run that produced it."""
        return await load_node(info, LineageNode, self.row.run, self.moment)


@object_type
class RecoveryGood:
    """A job or dataset downstream, by what jobs read and write now, that need not be made again."""

    reason: GoodReason
    distance: int = strawberry.field(description="Steps from dataset to dataset.")
    row: strawberry.Private[recovery.GoodNode]
    moment: strawberry.Private[int]

    @resolved
    async def node(self, info: Info) -> LineageNode | None:
        """The job or dataset."""
        return await load_node(info, LineageNode, self.row.key, self.moment)

    @resolved
    async def made_good_by(self, info: Info) -> LineageNode | None:
        """Of a job that is good AGAIN, the run that made it so."""
        return await load_node(info, LineageNode, self.row.run, self.moment)


@object_type
class RecoveryUnresolved:
    """A reading on the way that names a version nobody is known to have made: it is not counted as stale."""

    label: str
    row: strawberry.Private[recovery.Unresolved]
    moment: strawberry.Private[int]

    @resolved
    async def run(self, info: Info) -> LineageNode | None:
        """The run that read it."""
        return await load_node(info, LineageNode, self.row.run, self.moment)

    @resolved
    async def dataset(self, info: Info) -> LineageNode | None:
        """The dataset."""
        return await load_node(info, LineageNode, self.row.dataset, self.moment)


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
        return ordered(info, rows, first, after, _Key, _key, lambda row: _work(row, self.as_of))

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
            certainty=_certainty(row.cause),
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


def _work(row: recovery.Work, moment: int) -> RecoveryWork:
    start, end = row.nominal or (None, None)
    return RecoveryWork(
        id=ID(row.key),
        reason=row.reason,
        status=row.status,
        certainty=_certainty(row.cause),
        nominal_start=None if start is None else DateTime(start),
        nominal_end=None if end is None else DateTime(end),
        replaced=row.replaced,
        row=row,
        moment=moment,
    )


def _path(cause: Cause, moment: int) -> list[RecoveryCause]:
    found = []
    for one in cause.path():
        basis = (Basis.NAMED if one.named else Basis.INFERRED) if one.run and one.dataset else None
        found.append(RecoveryCause(reason=one.reason, basis=basis, cause=one, moment=moment))
    return found


def _certainty(cause: Cause) -> Certainty:
    return Certainty.RECORDED if cause.recorded else Certainty.INFERRED


def _key(row: _HasKey) -> _Key:
    return _Key(row.key)


async def _version(info: Info, dataset: str, version: str, label: str, moment: int) -> LineageNode | None:
    """A version; the dataset where none is known."""
    if not version:
        return await load_node(info, LineageNode, dataset, moment)
    row = await info.context.loaders.node.load(dataset)
    return cast(LineageNode, node_of(NodeRow(version, row.namespace, row.name, label), moment)) if row else None
