"""What has to run again: for each job the partitions or logical dates, and which of it ran again already."""

from typing import NamedTuple

from whence.analyses.recovery.scene import Scene
from whence.analyses.recovery.slots import Slot, Slots
from whence.analyses.recovery.walk import Walk
from whence.graph.facts import State
from whence.lineage.history import AttemptId, attempt_of, parts_of
from whence_schemas.identity import digest
from whence_schemas.read import Use
from whence_schemas.recovery import Cause, Reason, Status, Work

_FIRST = ("", -1)


class _Task(NamedTuple):
    """A job's slot. last: place of its last attempt that was not good; representative: that, or the one by whose
    failure it did not run."""

    cause: Cause
    last: tuple[int, str, int]
    representative: AttemptId | None
    at: int


class Outstanding(NamedTuple):
    """A dataset of which readers still get something that is not good, or miss something; parts: of it, or all."""

    dataset: str
    parts: frozenset[str]


async def find_work(scene: Scene, slots: Slots, walk: Walk, current: set[Use]) -> tuple[list[Work], list[Outstanding]]:
    """All work, in the order of its keys; and what is outstanding, done or not."""
    await slots.fetch(walk.attempts)
    tasks = _tasks(scene, slots, walk)
    jobs = dict.fromkeys(job for job, _ in tasks)
    await scene.fetch_jobs(jobs)
    since = {job: min(task.last[0] for (other, _), task in tasks.items() if other == job) for job in jobs}
    later = await walk.attempts_since(since)
    await slots.fetch(attempt_of(use) for use in current)
    outstanding = _outstanding(scene, slots, walk, current)
    found = []
    for (job, slot), task in tasks.items():
        ran = [key for key in later.get(job, ()) if slots.covers(key, slot) and _is_later(scene, walk, key, task)]
        left = [
            one for one in outstanding.get(("" if slot.loose else job, slot), ()) if one.dataset in scene.writes(job)
        ]
        if slot.loose and not ran and not left:
            continue  # another job made the version
        found.append(_work(scene, slots, walk, job, slot, task, ran, bool(left)))
    every = dict.fromkeys(one for some in outstanding.values() for one in some)
    return sorted(found, key=lambda work: work.key), list(every)


def _tasks(scene: Scene, slots: Slots, walk: Walk) -> dict[tuple[str, Slot], _Task]:
    """By job and slot; a container is left out where what it contains is not good either."""
    tasks: dict[tuple[str, Slot], _Task] = {}
    outer = {container for key in walk.attempts for container in scene.history.containers(key)}

    def add(job: str, slot: Slot, task: _Task) -> None:
        if (job, slot) not in tasks or tasks[job, slot].last < task.last:
            tasks[job, slot] = task

    for key, cause in walk.attempts.items():
        if key.run not in outer:
            attempt = scene.attempt(key)
            for slot in slots.of(key):
                add(attempt.job, slot, _Task(cause, attempt.order, key, attempt.start))
    for one, cause in walk.waiting.items():
        add(one.job, one.slot, _Task(cause, (one.since, *_FIRST), one.origin, one.since))
    return tasks


def _is_later(scene: Scene, walk: Walk, key: AttemptId, task: _Task) -> bool:
    """Whether an attempt that was not found to be bad came after all that were."""
    if key in walk.attempts:  # what failed to complete by then may have, by now
        return walk.attempts[key].reason == Reason.FAILED and scene.state(key) == State.COMPLETE
    return scene.attempt(key).order > task.last


def _work(
    scene: Scene,
    slots: Slots,
    walk: Walk,
    job: str,
    slot: Slot,
    task: _Task,
    ran: list[AttemptId],
    left: bool,
) -> Work:
    good = max((k for k in ran if scene.state(k) == State.COMPLETE), key=lambda k: scene.attempt(k).order, default=None)
    running = any(scene.state(key) == State.RUNNING for key in ran)
    done = good is not None and not left
    status = Status.DONE if done else Status.RUNNING if running else Status.OPEN
    key = task.representative
    return Work(
        digest(job, slot.partition, str(slot.nominal), str(slot.loose)),
        job,
        task.cause.reason,
        status,
        slot.partition,
        slots.nominal(key) if key else None,
        key.run if key else "",
        key.number if key else 0,
        task.at,
        good.run if good and done else "",
        not done and not left and bool(key and key in walk.attempts and _made(walk, slots, key)),
        task.cause,
    )


def _made(walk: Walk, slots: Slots, key: AttemptId) -> bool:
    """Whether an attempt made versions that were current once."""
    return any(use.complete > 0 and use in walk.versions for use in slots.produced(key))


def _outstanding(
    scene: Scene, slots: Slots, walk: Walk, current: set[Use]
) -> dict[tuple[str, Slot], list[Outstanding]]:
    """By the job and slot that it is the work of: versions that are not good and still current, and missing ones."""
    found: dict[tuple[str, Slot], list[Outstanding]] = {}
    for use in walk.versions:
        if use in current:
            one = Outstanding(scene.names.representative(use.dataset), parts_of(use.partitions))
            for slot in slots.of(attempt_of(use)):
                found.setdefault((scene.attempt(attempt_of(use)).job, slot), []).append(one)
    for mark in walk.marks:
        if walk.missing(mark, scene.question.as_of):
            one = Outstanding(mark.dataset, parts_of(mark.partitions))
            for slot in slots.of(mark.origin) if mark.origin else [Slot(loose=True)]:
                found.setdefault((mark.job, slot), []).append(one)
    return found


def current_versions(scene: Scene, walk: Walk) -> set[Use]:
    """Of the versions that are not good those that readers get now, of all of the dataset or of some partitions."""
    datasets = dict.fromkeys(scene.names.representative(use.dataset) for use in walk.versions)
    now = (use for dataset in datasets for use in scene.history.current(dataset, scene.question.as_of))
    return {use for use in now if use in walk.versions}
