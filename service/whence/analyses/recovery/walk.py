"""What follows from what is bad: breadth-first, along the versions that attempts consumed and what they made of them.

First all that was built on something bad (STALE), then all that was built on older versions than there should have been
(LATE). Each level costs a fixed number of queries, whatever its width.
"""

import json
from typing import NamedTuple

from whence.analyses.recovery.flows import Flows, Reach
from whence.analyses.recovery.scene import Mark, Scene
from whence.analyses.recovery.slots import Slot, Slots
from whence.analyses.recovery.start import Start
from whence.graph.facts import State
from whence.lineage.history import AttemptId, attempt_of, parts_of
from whence.lineage.passing import passing
from whence_schemas.read import Use
from whence_schemas.recovery import Cause, Reason


class Waiting(NamedTuple):
    """That a job should have run since a time, for a slot. origin: the attempt by whose failure it did not."""

    job: str
    slot: Slot
    since: int
    origin: AttemptId | None


class Walk:
    """What is not good, in `attempts` (why), `versions`, `marks` and `waiting` after `run`."""

    def __init__(self, scene: Scene, slots: Slots) -> None:
        self._scene = scene
        self._slots = slots
        self._flows = Flows(scene, slots)
        self._followed: set[Reach] = set()
        self.attempts: dict[AttemptId, Cause] = {}
        self.versions: dict[Use, Cause] = {}
        self.marks: dict[Mark, Cause] = {}
        self.waiting: dict[Waiting, Cause] = {}

    async def run(self, start: Start) -> None:
        """Walk as far as it goes, or the limits allow."""
        self.attempts.update(start.attempts)
        self._followed |= {Reach(key) for key, cause in start.attempts.items() if cause.reason == Reason.FAILED}
        await self._flows.fetch(map(attempt_of, start.readings))
        found: dict[Reach, Cause] = {}
        for reading, cause in start.readings.items():
            _offer(found, self._flows.reach(reading), _read(reading, None, Reason.STALE, cause))
        frontier = dict(start.versions)
        while (frontier or found) and not self._exceeded():
            for reach, cause in (await self._readers(frontier, Reason.STALE)).items():
                _offer(found, reach, cause)
            frontier = await self._outputs(found)
            found = {}
        await self._be_late(start, await self._marks_of(self.attempts))

    def _exceeded(self) -> bool:
        return self._scene.budget.exceeded(len(self.attempts) + len(self.versions))

    async def _be_late(self, start: Start, marks: dict[Mark, Cause]) -> None:
        for mark in start.marks:
            marks[mark] = Cause("", Reason.MISSING, mark.dataset)
            await self._ask_writers(mark, marks[mark])
        frontier: dict[Use, Cause] = {}
        while (marks or frontier) and not self._exceeded():
            marks = {mark: cause for mark, cause in marks.items() if mark not in self.marks}
            self.marks.update(marks)
            found = await self._readers(frontier, Reason.LATE)
            for reach, cause in (await self._behind(marks)).items():
                _offer(found, reach, cause)
            waiting = await self._ask_followers(marks)
            frontier = await self._outputs(found)
            late = {reach.attempt: cause for reach, cause in found.items()}
            marks = await self._marks_of(late) | await self._marks_of_waiting(waiting)

    # Readers

    async def _readers(self, frontier: dict[Use, Cause], reason: Reason) -> dict[Reach, Cause]:
        """What follows from those who read versions, which are noted as not good."""
        history = self._scene.history
        if frontier:
            await history.fetch([use.dataset for use in frontier], min(use.at for use in frontier))
        exact = {other: cause for use, cause in frontier.items() for other in history.instead(use)}
        if exact:
            await history.fetch([use.dataset for use in exact], min(use.at for use in exact))
        for use, cause in exact.items():
            self.versions.setdefault(use, cause)
        datasets = dict.fromkeys(self._scene.names.representative(use.dataset) for use in frontier)
        readings = [reading for dataset in datasets for reading in history.consumed(dataset) if self._is_new(reading)]
        bad = [(reading, made) for reading in readings for made in history.read(reading) if made in self.versions]
        return await self._reached([(one, _read(one, made, reason, self.versions[made])) for one, made in bad])

    def _is_new(self, reading: Use) -> bool:
        return Reach(attempt_of(reading)) not in self._followed

    async def _reached(self, hits: list[tuple[Use, Cause]]) -> dict[Reach, Cause]:
        """What follows from readings and was not followed."""
        await self._flows.fetch(attempt_of(reading) for reading, _ in hits)
        found: dict[Reach, Cause] = {}
        for reading, cause in hits:
            if (reach := self._flows.reach(reading)) not in self._followed:
                _offer(found, reach, cause)
        return found

    async def _behind(self, marks: dict[Mark, Cause]) -> dict[Reach, Cause]:
        """What follows from those who read older versions than there should have been."""
        if marks:
            await self._scene.history.fetch([mark.dataset for mark in marks], min(mark.since for mark in marks))
        hits: list[tuple[Use, Cause]] = []
        for mark, cause in marks.items():
            for reading in self._scene.history.consumed(mark.dataset):
                if reading.at < mark.since:
                    break
                if self._is_new(reading) and self._is_behind(mark, reading):
                    made = next(iter(self._scene.history.read(reading)), None)
                    hits.append((reading, _read(reading, made, Reason.LATE, cause)))
        return await self._reached(hits)

    def _is_behind(self, mark: Mark, reading: Use) -> bool:
        if reading.label:
            made = self._scene.history.read(reading)
            return bool(made) and made[0].at < mark.since
        parts, wanted = parts_of(mark.partitions), parts_of(reading.partitions)
        shared = parts & wanted if wanted else parts  # of the whole, the first new version of any part counts
        return bool(shared or not parts) and self.missing(mark, reading.at, shared, attempt_of(reading))

    def missing(
        self, mark: Mark, at: int, parts: frozenset[str] | None = None, reader: AttemptId | None = None
    ) -> bool:
        """Whether at a time any of the partitions (by default, those of the mark) was still without a new version."""
        wanted = parts_of(mark.partitions) if parts is None else parts
        newest = (self._scene.history.newest(mark.dataset, part, at, reader) for part in sorted(wanted) or [""])
        return any(made is None or made.at < mark.since for made in newest)

    # What follows from attempts

    async def _outputs(self, found: dict[Reach, Cause]) -> dict[Use, Cause]:
        """Note attempts that are not good; returns the versions that they made of what is not."""
        self._followed.update(found)
        for reach, cause in found.items():
            self.attempts.setdefault(reach.attempt, cause)
        made = {use: cause for reach, cause in found.items() for use in self._flows.produced(reach)}
        return {use: cause for use, cause in made.items() if use not in self.versions}

    async def _marks_of(self, attempts: dict[AttemptId, Cause]) -> dict[Mark, Cause]:
        """What attempts that failed, or are asked about and have not ended, should have made: what they said they
        would, else what their job writes now."""
        scene = self._scene
        failed = {k: c for k, c in attempts.items() if scene.failed(k) or c.reason == Reason.FAILED}
        await self._slots.fetch(failed)
        await scene.fetch_jobs(dict.fromkeys(scene.attempt(key).job for key in failed))
        marks: dict[Mark, Cause] = {}
        for key, cause in failed.items():
            job, since = scene.attempt(key).job, scene.over(key)
            said = [(scene.names.representative(u.dataset), u.partitions) for u in await self._joined(key)]
            for dataset, partitions in said or [(dataset, "") for dataset in scene.writes(job)]:
                marks[Mark(dataset, partitions, since, job, key, scene.containers(key))] = cause
        return marks

    async def _joined(self, key: AttemptId) -> list[Use]:
        produced = self._slots.produced(key)
        await self._scene.names.join(use.dataset for use in produced)
        return produced

    # Jobs that did not run

    async def _ask_writers(self, mark: Mark, cause: Cause) -> None:
        """The jobs that write a dataset which has had no new version should run."""
        members = self._scene.names.members(mark.dataset)
        for owners in (await passing(self._scene.live, members, 1, upstream=True)).values():
            for job in owners:
                if job[0] == "J":
                    self.waiting.setdefault(Waiting(job, Slot(loose=True), mark.since, None), cause)

    async def _ask_followers(self, marks: dict[Mark, Cause]) -> dict[Waiting, Cause]:
        """The jobs that should have run after one that failed, in the same container; returns those that did not."""
        names, live = self._scene.names, self._scene.live
        asked = {mark: cause for mark, cause in marks.items() if mark.origin and mark.containers}
        members = {name: mark.dataset for mark in asked for name in names.members(mark.dataset)}
        readers: dict[str, dict[str, frozenset[str]]] = {}
        for member, owners in (await passing(live, list(members), 1, upstream=False)).items() if members else ():
            found = readers.setdefault(members[member], {})
            found.update((job, frozenset(known.parents())) for job, known in owners.items() if job[0] == "J")
        new: dict[Waiting, Cause] = {}
        for mark, cause in asked.items():
            assert mark.origin is not None
            for job, containers in readers.get(mark.dataset, {}).items():
                if job not in (mark.job, self._scene.attempt(mark.origin).job) and containers & mark.containers:
                    for slot in self._slots.of(mark.origin):
                        waits = Cause("", Reason.WAITING, mark.dataset, named=cause.recorded, before=cause)
                        new.setdefault(Waiting(job, slot, mark.since, mark.origin), waits)
        new = {one: cause for one, cause in new.items() if one not in self.waiting}
        self.waiting.update(new)
        since: dict[str, int] = {}
        for one in new:
            since[one.job] = min(one.since, since.get(one.job, one.since))
        ran = await self.attempts_since(since)
        return {one: c for one, c in new.items() if not any(self._ran(one, key) for key in ran.get(one.job, ()))}

    def _ran(self, one: Waiting, key: AttemptId) -> bool:
        complete = self._scene.state(key) == State.COMPLETE
        return complete and self._scene.attempt(key).start >= one.since and self._slots.covers(key, one.slot)

    async def attempts_since(self, since: dict[str, int]) -> dict[str, list[AttemptId]]:
        """Of each job the attempts that started at a time or later, with their slots fetched."""
        await self._scene.history.meet_jobs(since)
        found: dict[str, list[AttemptId]] = {}
        for key, attempt in self._scene.history.attempts.items():
            if attempt.job in since and since[attempt.job] <= attempt.start <= self._scene.question.as_of:
                found.setdefault(attempt.job, []).append(key)
        await self._slots.fetch(key for keys in found.values() for key in keys)
        return found

    async def _marks_of_waiting(self, waiting: dict[Waiting, Cause]) -> dict[Mark, Cause]:
        marks: dict[Mark, Cause] = {}
        await self._scene.fetch_jobs(dict.fromkeys(one.job for one in waiting))
        for one, cause in waiting.items():
            live = self._scene.live[one.job]
            containers = frozenset(live.parents()) if live else frozenset()
            for dataset in self._scene.writes(one.job):
                mark = Mark(
                    dataset,
                    json.dumps([one.slot.partition]) if one.slot.partition else "",
                    one.since,
                    one.job,
                    one.origin,
                    containers,
                )
                marks.setdefault(mark, cause)
        return marks


def _read(reading: Use, made: Use | None, reason: Reason, before: Cause) -> Cause:
    """That an attempt read something that is not good."""
    if made is None:
        return Cause(reading.run, reason, reading.dataset, reading.version, reading.label, bool(reading.label), before)
    return Cause(reading.run, reason, made.dataset, made.version, made.label, bool(reading.label), before)


def _offer(found: dict[Reach, Cause], reach: Reach, cause: Cause) -> None:
    """Keep the better cause of two: a recorded one, else always the same one."""
    known = found.get(reach)
    if known is None or _rank(cause) < _rank(known):
        found[reach] = cause


def _rank(cause: Cause) -> tuple[bool, str, str, str]:
    before = cause.before
    return not cause.recorded, cause.dataset, cause.version, before.run if before else ""
