"""Where a provenance starts: a version, what is read of a dataset of which no version is known, or attempts."""

from dataclasses import dataclass, field

from whence.graph.facts import Attempt, Node, Role
from whence.graph.port import GraphStore
from whence.lineage.containers import contained_runs
from whence.lineage.names import Names
from whence.lineage.versions import newest_first
from whence_schemas.errors import InvalidQuestion, NotFound
from whence_schemas.identity import Kind, version_key
from whence_schemas.provenance import ProvenanceQuestion
from whence_schemas.read import Use


@dataclass(frozen=True, slots=True)
class Start:
    """Where it starts; one of the three is there, or none where a dataset has no current version.

    made: the productions of one version, the last one first. unmade: a reading that names a version which nobody is
    known to have produced; of a dataset without any version, it names none. attempts: of the run, and of those in it.
    """

    made: list[Use] = field(default_factory=list)
    unmade: Use | None = None
    attempts: list[Attempt] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


async def find_start(store: GraphStore, names: Names, question: ProvenanceQuestion) -> Start:
    """What a question starts from.

    Raises:
        NotFound: it is not in the graph, or was not by then.
        InvalidQuestion: it is no dataset, run, job or version; or a run is asked for a version.
    """
    kind = Kind(question.start[0])
    if (question.version or question.run) and kind != Kind.DATASET:
        raise InvalidQuestion("`version` and `run` go with a dataset: they say which version of it is meant")
    if question.version and question.run:
        raise InvalidQuestion("give `version` or `run`, not both: each says which version of the dataset is meant")
    if kind == Kind.DATASET_VERSION:
        return _version(await _uses(store, [question.start], question.as_of), "this version")
    node = (await store.nodes([question.start])).get(question.start)
    if node is None:
        raise NotFound("the start of the provenance is not in the graph: find its exact name with search")
    if kind == Kind.DATASET:
        await names.join([node.key])
        return await _of_dataset(store, names.members(node.key), node, question)
    if kind in (Kind.RUN, Kind.JOB):
        return await _of_run(store, node, question.as_of)
    raise InvalidQuestion("a provenance starts from a dataset, a version, a run or a job; of a column, ask for lineage")


async def _of_dataset(store: GraphStore, members: tuple[str, ...], node: Node, question: ProvenanceQuestion) -> Start:
    if question.version:
        keys = [version_key(name, question.version) for name in members]
        uses = sorted(await _uses(store, keys, question.as_of), key=lambda use: members.index(use.dataset))
        return _version(uses, f"version {question.version} of {node.name}")
    if question.run:
        uses = await store.uses_of_runs([question.run], [Role.PRODUCED])
        made = [use for use in uses if use.dataset in members and use.at <= question.as_of]
        made.sort(key=lambda use: (-use.number, members.index(use.dataset)))
        return _version(made[:1], f"a version of {node.name} that this run produced")
    return await _current(store, members, node, question.as_of)


async def _current(store: GraphStore, members: tuple[str, ...], node: Node, as_of: int) -> Start:
    """The version that is current: the last complete one; of a dataset that nobody produced the one named last."""
    notes: list[str] = []
    async for use in newest_first(store, members, Role.PRODUCED, as_of):
        if use.complete > 0:
            return Start([use], notes=notes)
        if use.complete < 0:
            return Start(notes=[f"{node.name} was dropped: it has no current version"])
        notes = [f"{node.name} was written again since, by an attempt that failed or has not ended: it does not count"]
    async for use in newest_first(store, members, Role.CONSUMED, as_of):
        if use.version:
            return Start(unmade=use, notes=notes)
        break
    return Start(unmade=Use("", 0, Role.CONSUMED, members[0], as_of, "", "", 0, ""), notes=notes)


async def _uses(store: GraphStore, keys: list[str], as_of: int) -> list[Use]:
    return [use for use in await store.uses_of_versions(keys) if use.at <= as_of]


def _version(uses: list[Use], what: str) -> Start:
    """One version, by its uses: its last complete production stands first, else its last one."""
    made = sorted(
        (use for use in uses if use.role == Role.PRODUCED),
        key=lambda use: (use.complete > 0, *use.order),
        reverse=True,
    )
    if made:
        return Start(made)
    if not uses:
        raise NotFound(f"{what} is not known by then: `whence show NAME` lists versions")
    return Start(unmade=max(uses, key=lambda use: use.order))


async def _of_run(store: GraphStore, node: Node, as_of: int) -> Start:
    runs = [node.key]
    if node.kind == Kind.JOB:
        runs = [attempt.run for attempt in await store.runs_of_job(node.key, as_of, None, 1)]
    if not runs:
        raise NotFound(f"no run of {node.name} is known by then")
    attempts: list[Attempt] = []
    for found in (await store.attempts(await contained_runs(store, runs, as_of))).values():
        attempts += [attempt for attempt in found if attempt.start <= as_of][-1:]
    if not attempts:
        raise NotFound(f"no attempt of the run {node.name} is known by then")
    return Start(attempts=attempts)
