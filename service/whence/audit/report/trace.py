"""The history of one model version, from its training run: what went in, and what rests on it."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import orjson

from whence.analyses.provenance.decisions import read_decisions
from whence.audit.recorded import NAMED, UNKNOWN, Place
from whence.audit.report.content import shown_time
from whence.audit.report.survey import Checks, checks, owner_names, shown_code
from whence.eventlog.port import EventLog
from whence.graph.facts import Attempt, EdgeKind, Role
from whence.graph.port import GraphStore
from whence.lineage.answer import lineage
from whence.lineage.names import Names
from whence.lineage.versions import newest_first
from whence.read.versions import VersionReader
from whence_schemas.facets import read_facet
from whence_schemas.facets.dataset import DatasetType
from whence_schemas.facets.whence import Approval
from whence_schemas.identity import Kind, attempt_id, dataset_key
from whence_schemas.lineage import Direction, Granularity, LineageGraph, Question
from whence_schemas.provenance import Asset, VersionNode, asset_of
from whence_schemas.read import Use
from whence_schemas.times import EVER

MAX_NODES = 2_000
"""Runs and versions that a trace looks at in either direction; beyond, it says that it is cut."""
_DEPTH = 1_000
_CODE = ("sourceCodeLocation", "sourceCode", "sql")


class RunOf(NamedTuple):
    """An attempt, with its job, its code (empty if not recorded) and the index of its run's last log entry."""

    job: Place
    run_id: str
    attempt: Attempt
    code: str
    entry: int | None


class Origin(NamedTuple):
    """A dataset version that went into a model. basis: see `whence.audit.recorded`; distance: steps from the model."""

    place: Place
    label: str
    basis: str
    written: int | None
    by: RunOf | None
    owners: list[str]
    checks: Checks
    distance: int

    @property
    def version(self) -> str:
        """The version in words."""
        if self.label:
            return self.label
        return f"as of {shown_time(self.written)}" if self.written is not None else "not recorded"


class Decision(NamedTuple):
    """An approval. agrees: whether the version that it names is the one that its run read."""

    approval: Approval
    at: str
    by: RunOf
    agrees: bool


class Dependent(NamedTuple):
    """A dataset version that rests on the model."""

    place: Place
    label: str
    written: int
    is_answer: bool
    by: RunOf | None


@dataclass(slots=True)
class Trace:
    """All that is recorded of one model version. training is its use by the run that made it."""

    place: Place
    use: Use
    owners: list[str]
    training: RunOf
    runs: list[RunOf] = field(default_factory=list)
    origins: list[Origin] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    dependents: list[Dependent] = field(default_factory=list)
    truncated: bool = False

    @property
    def version(self) -> str:
        """The version in words."""
        return self.use.label or f"as of {shown_time(self.use.at)}"


async def trace(
    log: EventLog,
    graph: GraphStore,
    model: str,
    size: int,
    as_of: int,
    never_alias: Sequence[re.Pattern[str]] = (),
) -> Trace | None:
    """The history of the last version of a model (a dataset's key) that was complete at `as_of`; None if there is none.

    Raises:
        GraphUnavailable: the graph store does not answer.
    """
    names = Names(graph, as_of, never_alias)
    await names.join([model])
    async for made in newest_first(graph, names.members(model), Role.PRODUCED, as_of):
        if made.complete > 0:
            return await _Tracing(log, graph, size, as_of, never_alias).trace(made)
    return None


class _Tracing:
    """Reads the history of one version."""

    def __init__(
        self, log: EventLog, graph: GraphStore, size: int, as_of: int, never_alias: Sequence[re.Pattern[str]]
    ) -> None:
        self._log = log
        self._graph = graph
        self._size = size
        self._as_of = as_of
        self._never_alias = never_alias
        self._versions = VersionReader(graph, never_alias)

    async def trace(self, made: Use) -> Trace:
        up = await self._lineage(made.run, Direction.UPSTREAM)
        down = await self._lineage(made.run, Direction.DOWNSTREAM)
        runs = await self._runs([made.run, *_keys(up, Kind.RUN)])
        attempts = (await self._graph.attempts([made.run]))[made.run]
        training = runs[made.run]._replace(attempt=attempts[made.number])
        node = (await self._graph.nodes([made.dataset]))[made.dataset]
        owners = await self._owners([made.dataset])
        found = Trace(Place(node.namespace, node.name), made, owners.get(made.dataset, []), training)
        found.runs = list(runs.values())
        found.origins = await self._origins(up, made, runs)
        found.decisions = await self._decisions(made)
        found.dependents = await self._dependents(down, made)
        found.truncated = up.truncated is not None or down.truncated is not None
        return found

    async def _lineage(self, run: str, direction: Direction) -> LineageGraph:
        question = Question(run, self._as_of, direction, Granularity.RUN, _DEPTH, max_nodes=MAX_NODES)
        return await lineage(self._graph, question, self._never_alias)

    async def _runs(self, keys: Iterable[str]) -> dict[str, RunOf]:
        keys = list(dict.fromkeys(keys))
        attempts = {run: found[-1] for run, found in (await self._graph.attempts(keys)).items()}
        edges = await self._graph.edges_from(keys, [EdgeKind.EXECUTED])
        wanted = {*keys, *(a.job for a in attempts.values()), *(edge.target for edge in edges)}
        nodes = await self._graph.nodes(sorted(wanted))
        codes = {e.source: shown_code(Place(*nodes[e.target][2:4])) for e in edges if e.target in nodes}
        found: dict[str, RunOf] = {}
        for run, attempt in attempts.items():
            entries = (await self._log.read_units([run], self._size)).get(run, [])
            code = codes.get(run) or await self._code_in_event(run, attempt.job)
            job = nodes[attempt.job]
            entry = entries[-1].index if entries else None
            found[run] = RunOf(Place(job.namespace, job.name), nodes[run].name, attempt, code, entry)
        return found

    async def _code_in_event(self, run: str, job: str) -> str:
        """Where no commit is recorded, the code itself may be, in the run's events."""
        facets = {facet.facet for facet in await self._graph.facets([job], _CODE, EVER, run)}
        if "sourceCode" in facets:
            return "source code in the event"
        return "SQL text in the event" if "sql" in facets else ""

    async def _owners(self, datasets: Sequence[str]) -> dict[str, list[str]]:
        facets = await self._graph.facets(datasets, ["ownership"], self._as_of)
        return {facet.entity: owner_names(orjson.loads(facet.body)) for facet in facets}

    # What went in

    async def _origins(self, up: LineageGraph, made: Use, runs: dict[str, RunOf]) -> list[Origin]:
        consumed: dict[str, str] = {}
        for edge in up.edges.values():
            if edge.kind == Role.CONSUMED and edge.target != made.version:
                named = consumed.get(edge.target) == NAMED or edge.basis == NAMED
                consumed[edge.target] = NAMED if named else edge.basis or UNKNOWN
        productions = await self._versions.producers([key for key in consumed if key[0] == Kind.DATASET_VERSION])
        places = {key: Place(up.nodes[key].namespace, up.nodes[key].name) for key in consumed if key in up.nodes}
        owners = await self._owners(sorted({dataset_key(*place) for place in places.values()}))
        found = []
        for key, place in places.items():
            production = productions.get(key)
            found.append(
                Origin(
                    place,
                    up.nodes[key].field,
                    consumed[key],
                    production.at if production else None,
                    runs.get(production.run) if production else None,
                    owners.get(dataset_key(*place), []),
                    await self._checks(production) if production else Checks(),
                    up.nodes[key].distance,
                )
            )
        return sorted(found, key=lambda origin: (origin.distance, origin.place, origin.written or 0))

    async def _checks(self, production: Use) -> Checks:
        """Checks by the runs that read the version."""
        counted = Checks()
        readers = await self._versions.consumers(production, self._as_of)
        entities = [f"{attempt_id(use.run, use.number)}<{use.dataset}" for use in readers]
        for facet in await self._graph.facets(entities, ["dataQualityAssertions"], EVER) if entities else ():
            for success in checks(facet.facet, orjson.loads(facet.body)):
                counted.add(success)
        return counted

    # What was decided

    async def _decisions(self, made: Use) -> list[Decision]:
        names = Names(self._graph, self._as_of, self._never_alias)
        await names.join([made.dataset])
        version = VersionNode(made.version, 0, "", names.representative(made.dataset), made.label, made)
        decided = await read_decisions(self._graph, names, {made.version: version}, self._as_of)
        runs = await self._runs([one.use.run for one in decided])
        found = [Decision(one.approval, shown_time(one.at), runs[one.use.run], one.agrees) for one in decided]
        return sorted(found, key=lambda decision: decision.by.attempt.last)

    # What rests on it

    async def _dependents(self, down: LineageGraph, made: Use) -> list[Dependent]:
        versions = _reached(down, made.version)
        productions = await self._versions.producers(versions)
        datasets = sorted({production.dataset for production in productions.values()})
        types = await self._graph.facets(datasets, ["datasetType"], self._as_of)
        answers = {facet.entity for facet in types if _is_answer(orjson.loads(facet.body))}
        runs = await self._runs([production.run for production in productions.values()])
        found = [
            Dependent(
                Place(down.nodes[key].namespace, down.nodes[key].name),
                production.label,
                production.at,
                production.dataset in answers,
                runs.get(production.run),
            )
            for key, production in productions.items()
        ]
        return sorted(found, key=lambda dependent: (not dependent.is_answer, dependent.written, dependent.place))


def _keys(graph: LineageGraph, kind: Kind) -> list[str]:
    return [key for key in graph.nodes if key[0] == kind]


def _reached(down: LineageGraph, start: str) -> list[str]:
    """Versions that are made from a version, by runs that consumed it, and from those, and so on."""
    readers: dict[str, list[str]] = {}
    written: dict[str, list[str]] = {}
    for edge in down.edges.values():
        if edge.kind == Role.CONSUMED:
            readers.setdefault(edge.target, []).append(edge.source)
        elif edge.kind == Role.PRODUCED:
            written.setdefault(edge.source, []).append(edge.target)
    found: dict[str, None] = {}
    todo = [start]
    while todo:
        for run in readers.get(todo.pop(), ()):
            new = [version for version in written.get(run, ()) if version not in found and version != start]
            found.update(dict.fromkeys(new))
            todo += new
    return list(found)


def _is_answer(value: object) -> bool:
    return asset_of(read_facet(DatasetType, value)) == Asset.ANSWER
