"""What is bad, or missing, to begin with: as the question says."""

from dataclasses import dataclass, field

from whence.analyses.recovery.scene import Mark, Scene
from whence.graph.facts import Role, State
from whence.graph.port import EARLIEST
from whence.lineage.containers import contained_jobs, contained_runs
from whence.lineage.history import AttemptId, attempt_of
from whence_schemas.errors import InvalidQuestion, NotFound
from whence_schemas.identity import Kind
from whence_schemas.read import Use
from whence_schemas.recovery import Cause, Reason

_NEWEST = 100
"""So many productions are looked through for a current version."""


@dataclass(slots=True)
class Start:
    """What to begin with.

    attempts: which made what is bad, or failed. versions: that are bad. readings: of what is bad and was produced by
    nobody known. marks: datasets without the version that they should have. sources: datasets that are bad themselves.
    """

    attempts: dict[AttemptId, Cause] = field(default_factory=dict)
    versions: dict[Use, Cause] = field(default_factory=dict)
    readings: dict[Use, Cause] = field(default_factory=dict)
    marks: list[Mark] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)


async def find_start(scene: Scene) -> Start:
    """What the question names.

    Raises:
        NotFound: a dataset has no such version.
    """
    question = scene.question
    match Kind(question.start[0]):
        case Kind.RUN:
            return await _of_run(scene, question.start)
        case Kind.JOB:
            return await _of_job(scene, question.start)
        case _:
            return await _of_dataset(scene, question.start)


async def _of_run(scene: Scene, run: str) -> Start:
    """A run that failed: what of it failed. One that completed, and is bad all the same: all that was made in it."""
    inside = await contained_runs(scene.store, [run], scene.question.end)
    await scene.history.meet(inside)
    known = [k for k, a in scene.history.attempts.items() if k.run in inside and a.start <= scene.question.end]
    own = [key for key in known if key.run == run]
    if not own:
        raise InvalidQuestion("nothing is known of this run by then: ask for a later time")
    if all(_completed(scene, key) for key in own):
        return await _innermost(scene, [key for key in known if _completed(scene, key)], Reason.BAD)
    if scene.state(own[-1]) == State.RUNNING:
        scene.notes.append("The run has not ended: what it should make counts as missing since it was last heard of")
    failed = [key for key in known if _failed(scene, key)] or [key for key in own if not _completed(scene, key)]
    return await _innermost(scene, failed, Reason.FAILED)


async def _of_job(scene: Scene, job: str) -> Start:
    """What a job and those in it made: their last attempts that ended, or all since a time."""
    question = scene.question
    jobs = list(await contained_jobs(scene.store, job, question.end, question.window))
    chosen: list[AttemptId] = []
    if question.since is None:
        attempts = await scene.store.runs_of_jobs(jobs, EARLIEST, question.end, question.window)
        await scene.history.meet({attempt.run for found in attempts.values() for attempt in found})
        for found in attempts.values():
            ended = (AttemptId(attempt.run, attempt.number) for attempt in found)
            chosen += [key for key in ended if _ended(scene, key)][:1]
    else:
        await scene.fetch_jobs(jobs)
        written = [dataset for one in jobs for dataset in scene.writes(one)]
        await scene.history.fetch(written, question.since)
        made = {attempt_of(use) for dataset in written for use in scene.history.produced(dataset)}
        of_jobs = {key for key in made if scene.attempt(key).job in jobs}
        chosen = sorted(key for key in of_jobs if _ended(scene, key) and scene.over(key) >= question.since)
    if not chosen:
        scene.notes.append("No run of the job had ended by then")
    failed = await _innermost(scene, [key for key in chosen if _failed(scene, key)], Reason.FAILED)
    bad = await _innermost(scene, [key for key in chosen if _completed(scene, key)], Reason.BAD)
    return Start(failed.attempts | bad.attempts, failed.versions | bad.versions)


async def _innermost(scene: Scene, attempts: list[AttemptId], reason: Reason) -> Start:
    """Attempts, without those that only contain others of them, and all that they made."""
    outer = {container for key in attempts for container in scene.history.containers(key)}
    wanted = set(attempts)
    start = Start({key: Cause(key.run, reason) for key in sorted(attempts) if key.run not in outer})
    for use in await scene.store.uses_of_runs(sorted({key.run for key in attempts})):
        if attempt_of(use) in wanted and use.role == Role.PRODUCED and use.at <= scene.question.as_of:
            start.versions[use] = Cause(use.run, reason)
    return start


def _completed(scene: Scene, key: AttemptId) -> bool:
    return _ended(scene, key) and not scene.failed(key)


def _failed(scene: Scene, key: AttemptId) -> bool:
    return _ended(scene, key) and scene.failed(key)


def _ended(scene: Scene, key: AttemptId) -> bool:
    end = scene.attempt(key).end
    return end is not None and end <= scene.question.end


async def _of_dataset(scene: Scene, dataset: str) -> Start:
    question = scene.question
    await scene.names.join([dataset])
    dataset = scene.names.representative(dataset)
    if question.late:
        assert question.since is not None
        return Start(marks=[Mark(dataset, "", question.since)])
    cause = Cause("", Reason.BAD, dataset)
    if question.version:
        return await _named(scene, dataset, cause)
    since = await _current_since(scene, dataset) if question.since is None else question.since
    await scene.history.fetch([dataset], since)
    made = [u for u in scene.history.produced(dataset) if since <= u.at <= question.end and u.complete > 0]
    if made:
        return _bad_versions(made)
    if question.since is None:
        scene.notes.append("No version of the dataset is known: whoever read it read what is bad")
    start = Start(sources=[dataset])
    for reading in scene.history.consumed(dataset):
        if since <= reading.at <= question.end and (not reading.label or not scene.history.read(reading)):
            start.readings[reading] = cause
    return start


async def _current_since(scene: Scene, dataset: str) -> int:
    """When the version that was current at the end of the question was produced; long ago where none is known."""
    members = scene.names.members(dataset)
    rows = await scene.store.uses_between(members, Role.PRODUCED, EARLIEST, scene.question.end, _NEWEST)
    await scene.history.add(use for uses in rows.values() for use in uses)
    return next((use.at for use in scene.history.produced(dataset) if use.complete > 0), EARLIEST)


async def _named(scene: Scene, dataset: str, cause: Cause) -> Start:
    """A version by the name that a producer or a reader gave it, or by its key."""
    label = scene.question.version
    uses = await scene.store.uses_of_versions([label, *scene.history.versions_of(dataset, label)])
    names = scene.names.members(dataset)
    await scene.history.add(use for use in uses if use.dataset in names)
    known = [u for u in uses if u.dataset in names and u.at <= scene.question.as_of]
    if not known:
        raise NotFound(f"the dataset has no version {label}; `whence show NAME` lists those that it has")
    made = [use for use in known if use.role == Role.PRODUCED]
    if made:
        return _bad_versions(made)
    readings = (inner for use in known for inner in scene.history.instead(use))
    return Start(readings=dict.fromkeys(readings, cause), sources=[dataset])


def _bad_versions(made: list[Use]) -> Start:
    causes = {use: Cause(use.run, Reason.BAD) for use in made}
    return Start({attempt_of(use): cause for use, cause in causes.items()}, causes)
