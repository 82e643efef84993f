"""The plan: what to put right by hand, then the open work, in waves of commands."""

from collections.abc import Iterable
from itertools import pairwise
from typing import Any, NamedTuple

from pydantic_core import from_json

from whence.analyses.recovery.orchestrators import (
    JOB_FACETS,
    RUN_FACETS,
    Around,
    Ask,
    Target,
    command_of,
    target_of,
    together,
    waits,
)
from whence.analyses.recovery.order import components, waves
from whence.analyses.recovery.scene import Scene
from whence.analyses.recovery.slots import Slots
from whence.analyses.recovery.work import Outstanding
from whence.graph.facts import Role
from whence.lineage.history import AttemptId, parts_of
from whence_schemas.identity import attempt_id, digest
from whence_schemas.recovery import PlanStep, RecoveryPlan, Repair, RepairReason, Status, Work


async def make_plan(
    scene: Scene, slots: Slots, work: list[Work], outstanding: list[Outstanding], sources: Iterable[str]
) -> RecoveryPlan:
    """What to do about the open work."""
    left = {one.key: one for one in work if one.status == Status.OPEN}
    jobs = _Jobs(scene, sorted({one.job for one in left.values()}))
    targets = await _targets(scene, left.values())
    order = [key for component in jobs.components for key in _in_order(left, component)]
    before = _Before(scene, slots, jobs, left).all()
    found: list[PlanStep] = []
    for number, wave in enumerate(waves(order, before, lambda key: _group(targets[key], key)), 1):
        for keys in wave.values():
            target = targets[keys[0]]
            command = command_of(target, [targets[key].name for key in keys])
            cycle = any(left[key].job in jobs.in_cycles for key in keys)
            step_key = digest(*keys)
            hint = target.hint
            together = tuple(left[key] for key in keys)
            found.append(
                PlanStep(
                    step_key, number, target.orchestrator, command, waits(target.orchestrator), hint, cycle, together
                )
            )
    running = [one for one in work if one.status == Status.RUNNING]
    return RecoveryPlan(_repairs(scene, jobs, [*left.values(), *running], outstanding, sources), found)


class _Jobs:
    """The jobs with open work, and what goes before what."""

    def __init__(self, scene: Scene, jobs: list[str]) -> None:
        self.reads = {job: scene.reads(job) for job in jobs}
        self.writes = {job: scene.writes(job) for job in jobs}
        self.writers: dict[str, list[str]] = {}
        for job in jobs:
            for dataset in self.writes[job]:
                self.writers.setdefault(dataset, []).append(job)
        before = {job: {w for dataset in self.reads[job] for w in self.writers.get(dataset, ())} for job in jobs}
        self.components = components(jobs, before)
        self.cycles = [c for c in self.components if len(c) > 1 or c[0] in before[c[0]]]
        self.in_cycles = {job for cycle in self.cycles for job in cycle}


def _in_order(work: dict[str, Work], jobs: list[str]) -> list[str]:
    """The work of a component, by date, partition and job."""
    found = [one for one in work.values() if one.job in jobs]
    return [one.key for one in sorted(found, key=lambda one: (one.nominal or (0, 0), one.partition, one.at, one.key))]


class _Before:
    """What goes before each piece of work."""

    def __init__(self, scene: Scene, slots: Slots, jobs: _Jobs, work: dict[str, Work]) -> None:
        self._scene = scene
        self._slots = slots
        self._jobs = jobs
        self._work = work
        self._of_job: dict[str, list[Work]] = {}
        for one in work.values():
            self._of_job.setdefault(one.job, []).append(one)

    def all(self) -> dict[str, set[str]]:
        """Keys of work by what comes after it. In a cycle one thing goes after the other."""
        found = {one.key: self._before(one) for one in self._work.values()}
        for cycle in self._jobs.cycles:
            chain = _in_order(self._work, cycle)
            for key in chain:
                found[key] -= set(chain)
            for earlier, later in pairwise(chain):
                found[later].add(earlier)
        return found

    def _before(self, one: Work) -> set[str]:
        found: set[str] = set()
        for dataset in self._jobs.reads[one.job]:
            parts = self._parts(one, dataset)
            for writer in self._jobs.writers.get(dataset, ()):
                if writer != one.job or one.job in self._jobs.in_cycles:
                    found.update(other.key for other in _feeding(one, parts, self._of_job[writer]))
        return found - {one.key}

    def _parts(self, one: Work, dataset: str) -> frozenset[str]:
        """The partitions of a dataset that the work's last attempt read (empty for all); where none is known, those of
        the work."""
        key = AttemptId(one.run, one.number)
        if one.run and self._scene.attempt(key).job == one.job:
            names = self._scene.names
            for use in self._slots.uses(key):
                if use.role == Role.CONSUMED and names.representative(use.dataset) == dataset:
                    return parts_of(use.partitions)
        return frozenset([one.partition] if one.partition else ())


def _feeding(one: Work, parts: frozenset[str], written: list[Work]) -> list[Work]:
    """Of a writer's work that from which some may be read: of the same partitions, or of the same date."""
    if parts:
        return [other for other in written if not other.partition or other.partition in parts]
    if one.partition or not one.nominal:
        return written
    return [other for other in written if not other.partition and other.nominal == one.nominal] or written


def _group(target: Target, key: str) -> str:
    return digest(target.orchestrator, *target.group) if target.group else key


def _repairs(
    scene: Scene, jobs: _Jobs, work: list[Work], outstanding: list[Outstanding], sources: Iterable[str]
) -> list[Repair]:
    """Datasets that running the work does not put right."""
    written: dict[str, set[str]] = {}
    for doing in work:
        for dataset in scene.writes(doing.job):
            written.setdefault(dataset, set()).add(doing.partition)
    found = {dataset: Repair(dataset, RepairReason.NO_PRODUCER) for dataset in sources if dataset not in written}
    for cycle in jobs.cycles:
        inside = {d for job in cycle for d in jobs.reads[job]} & {d for job in cycle for d in jobs.writes[job]}
        for one in outstanding:
            if one.dataset in inside:
                found.setdefault(one.dataset, Repair(one.dataset, RepairReason.CYCLE, tuple(cycle)))
    for one in outstanding:
        parts = written.get(one.dataset, set())
        if "" not in parts and not (one.parts and one.parts <= parts):
            found.setdefault(one.dataset, Repair(one.dataset, RepairReason.UNWRITTEN))
    return [found[key] for key in sorted(found)]


# What orchestrators say


class _Attempts(NamedTuple):
    """own: an attempt of the job itself; slot: the one with the date or partition."""

    own: AttemptId | None
    slot: AttemptId | None


async def _targets(scene: Scene, work: Iterable[Work]) -> dict[str, Target]:
    """How each piece of work is run."""
    work = list(work)
    nodes = await scene.store.nodes(sorted({one.job for one in work}))
    attempts = await _attempts(scene, work)
    known = {key for pair in attempts.values() for key in pair if key is not None}
    run_facets = await _run_facets(scene, known)
    job_facets: dict[str, dict[str, Any]] = {}
    for row in await scene.store.facets(sorted(nodes), JOB_FACETS, scene.question.as_of):
        job_facets.setdefault(row.entity, {})[row.facet] = from_json(row.body)
    found = {}
    for one in work:
        own, slot = attempts[one.key]
        node = nodes[one.job]
        of_own, of_slot = (run_facets[key] if key else Around() for key in (own, slot))
        found[one.key] = target_of(
            Ask(node.name, node.namespace, of_own, of_slot, job_facets.get(one.job, {}), one.partition)
        )
    return together(found)


async def _attempts(scene: Scene, work: list[Work]) -> dict[str, _Attempts]:
    jobs = sorted({one.job for one in work})
    latest = {
        job: AttemptId(activity.observed[0].run, activity.observed[0].number)
        for job, activity in (await scene.store.activities(jobs, scene.question.as_of, 1)).items()
        if activity.observed
    }
    await scene.history.meet({key.run for key in latest.values()})
    found = {}
    for one in work:
        slot = AttemptId(one.run, one.number) if one.run else None
        own = slot if slot and scene.attempt(slot).job == one.job else latest.get(one.job)
        found[one.key] = _Attempts(own, slot or own)
    return found


async def _run_facets(scene: Scene, attempts: Iterable[AttemptId]) -> dict[AttemptId, Around]:
    """Facets of attempts, and of the runs that contain them."""
    around = {
        key: [attempt_id(*key), *(attempt_id(run, 0) for run in scene.history.containers(key))] for key in attempts
    }
    entities = sorted({entity for entities in around.values() for entity in entities})
    said: dict[str, dict[str, Any]] = {}
    for row in await scene.store.facets(entities, RUN_FACETS, scene.question.as_of):
        said.setdefault(row.entity, {})[row.facet] = from_json(row.body)
    return {key: Around(*(said.get(entity, {}) for entity in entities)) for key, entities in around.items()}
