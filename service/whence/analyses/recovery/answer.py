"""Recovery: what is stale after something failed or was found bad, what is still good, and what to run again."""

import re
from collections.abc import Sequence

from whence.analyses.once import Once
from whence.analyses.recovery.fallback import find_fallbacks
from whence.analyses.recovery.good import find_good
from whence.analyses.recovery.plan import make_plan
from whence.analyses.recovery.scene import Scene
from whence.analyses.recovery.slots import Slots
from whence.analyses.recovery.start import Start, find_start
from whence.analyses.recovery.walk import Walk
from whence.analyses.recovery.work import Outstanding, current_versions, find_work
from whence.graph.port import GraphStore
from whence.lineage.answer import check_reach
from whence.lineage.names import Names
from whence_schemas.errors import InvalidQuestion, NotFound
from whence_schemas.identity import Kind, digest
from whence_schemas.lineage import Limit
from whence_schemas.read import Use
from whence_schemas.recovery import (
    Cause,
    Fallback,
    GoodNode,
    Reason,
    RecoveryCounts,
    RecoveryPlan,
    RecoveryQuestion,
    StaleVersion,
    Status,
    Unresolved,
    Work,
)


class Recovery:
    """The answer.

    Attributes:
        stale: versions that are not good, and datasets of which one is missing, nearest first.
        work: what has to run again, or had to and did, by key. plan: what to do about the open part of it.
        unresolved: readings on the way that name versions nobody is known to have made.
        counts: how much there is. truncated: the limit that cut it, if any. notes: what the reader should know.
    """

    def __init__(
        self,
        scene: Scene,
        start: Start,
        walk: Walk,
        stale: list[StaleVersion],
        work: list[Work],
        plan: RecoveryPlan,
        outstanding: list[Outstanding],
    ) -> None:
        self._scene = scene
        self._start = start
        self._walk = walk
        self._outstanding = outstanding
        self._fallbacks = Once(lambda: find_fallbacks(scene, walk))
        self._good = Once(self._find_good)
        self.stale = stale
        self.work = work
        self.plan = plan
        self.unresolved = _unresolved(scene, walk)
        self.truncated: Limit | None = scene.budget.reached or (Limit.NODES if scene.history.cut else None)
        self.notes = [*scene.names.notes, *scene.notes]
        self.counts = self._count()

    def _count(self) -> RecoveryCounts:
        states = [one.status for one in self.work]
        return RecoveryCounts(
            stale=len(self.stale),
            current=sum(row.current for row in self.stale),
            inferred=sum(not row.cause.recorded for row in self.stale),
            open=states.count(Status.OPEN),
            running=states.count(Status.RUNNING),
            done=states.count(Status.DONE),
            waves=max((step.wave for step in self.plan.steps), default=0),
            steps=len(self.plan.steps),
            by_hand=sum(not step.command for step in self.plan.steps),
            repairs=len(self.plan.repairs),
            unresolved=len(self.unresolved),
        )

    async def fallbacks(self) -> list[Fallback]:
        """The last good version of what is stale: read once, when it is asked for."""
        return await self._fallbacks.get()

    async def good(self) -> list[GoodNode]:
        """What is downstream and need not be made again, nearest first: read once, when it is asked for."""
        return await self._good.get()

    async def _find_good(self) -> list[GoodNode]:
        starts = [*self._start.sources, *(mark.dataset for mark in self._walk.marks)]
        starts += [self._scene.names.representative(use.dataset) for use in self._start.versions]
        if not starts:
            starts = [self._scene.attempt(key).job for key in self._start.attempts]
        return await find_good(self._scene, self._walk, self.work, self._outstanding, starts, self._start.sources)


async def recovery(
    store: GraphStore, question: RecoveryQuestion, never_alias: Sequence[re.Pattern[str]] = ()
) -> Recovery:
    """What to do about something that failed, was found bad, or is late.

    Raises:
        NotFound: the start is not in the graph, or the dataset has no such version.
        InvalidQuestion: window is out of range, or the parts of the question do not fit each other.
    """
    check_reach(0, question.window)
    _check(question)
    if question.start not in await store.nodes([question.start]):
        raise NotFound("the start of the recovery is not in the graph: find its exact name with search")
    scene = Scene(store, Names(store, question.as_of, never_alias), question)
    slots = Slots(scene)
    start = await find_start(scene)
    walk = Walk(scene, slots)
    await walk.run(start)
    current = current_versions(scene, walk)
    work, outstanding = await find_work(scene, slots, walk, current)
    plan = await make_plan(scene, slots, work, outstanding, start.sources)
    return Recovery(scene, start, walk, _stale(scene, walk, current), work, plan, outstanding)


def _check(question: RecoveryQuestion) -> None:
    kind = question.start[0]
    if kind not in (Kind.RUN, Kind.JOB, Kind.DATASET):
        raise InvalidQuestion("a recovery starts from a run, a job or a dataset; of a column, ask for its dataset")
    if kind == Kind.RUN and question.since is not None:
        raise InvalidQuestion("`since` goes with a dataset or a job; a run is what it is")
    if kind != Kind.DATASET and (question.version or question.late):
        raise InvalidQuestion("`version` and `late` go with a dataset")
    if question.version and (question.late or question.since is not None):
        raise InvalidQuestion("`version` goes without `since` and `late`: it says which version is bad")
    if question.late and question.since is None:
        raise InvalidQuestion("`late` goes with `since`: when the dataset should have had a new version")
    if question.since is not None and question.since > question.end:
        raise InvalidQuestion("`since` is later than `until` (or `asOf`): nothing was made in between")


def _stale(scene: Scene, walk: Walk, current: set[Use]) -> list[StaleVersion]:
    """Rows for versions that were current once, and for what is missing."""
    rows = [
        StaleVersion(
            digest(use.version, use.run, str(use.number), use.dataset),
            cause.distance,
            cause.reason,
            scene.names.representative(use.dataset),
            use.version,
            use.label,
            use.run,
            use.at,
            use.partitions,
            use in current,
            cause,
        )
        for use, cause in walk.versions.items()
        if use.complete > 0
    ]
    missing: dict[tuple[str, str], tuple[int, Cause]] = {}
    for mark, cause in walk.marks.items():
        if walk.missing(mark, scene.question.as_of):
            place = mark.dataset, mark.partitions
            missing[place] = min(missing.get(place, (mark.since, cause)), (mark.since, cause), key=lambda one: one[0])
    for (dataset, partitions), (since, cause) in missing.items():
        key = digest(dataset, partitions)
        missed = Reason.MISSING
        rows.append(StaleVersion(key, cause.distance, missed, dataset, "", "", "", since, partitions, True, cause))
    return sorted(rows, key=lambda row: (row.distance, row.key))


def _unresolved(scene: Scene, walk: Walk) -> list[Unresolved]:
    """Readings of datasets on the way that name a version of which no production is known."""
    datasets = dict.fromkeys(scene.names.representative(use.dataset) for use in walk.versions)
    datasets |= dict.fromkeys(mark.dataset for mark in walk.marks)
    found = {
        Unresolved(digest(use.run, str(use.number), use.dataset), use.run, dataset, use.label)
        for dataset in datasets
        for use in scene.history.consumed(dataset)
        if use.label and not scene.history.read(use)
    }
    return sorted(found)
