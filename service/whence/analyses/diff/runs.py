"""How two runs differ: what they read and wrote, schemas, code, parameters, and the runs that they contain."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from pydantic_core import from_json

from whence.analyses.diff.assets import CODE, LOCATION, compare_code
from whence.analyses.diff.schemas import compare_schemas, schema_of
from whence.analyses.diff.values import TEXTS, same
from whence.graph.canonical import canonical_json
from whence.graph.facts import Attempt, EdgeKind, Role
from whence.graph.footprint import Footprint
from whence.graph.port import GraphStore, Page
from whence.lineage.names import Names
from whence.lineage.versions import productions_read
from whence_schemas.diff import (
    CodeDiff,
    ColumnDiff,
    Difference,
    FacetDiff,
    FlowDiff,
    ParameterDiff,
    PartDiff,
    Reading,
    RunDiff,
    UseDiff,
)
from whence_schemas.errors import NotFound
from whence_schemas.facets import read_facet
from whence_schemas.facets.input import InputStatistics
from whence_schemas.facets.output import OutputStatistics
from whence_schemas.identity import attempt_id
from whence_schemas.read import Use
from whence_schemas.times import EVER

_PAGE, _PAGES = 500, 20
_PARAMETERS = "whence_parameters"
_AIRFLOW = ("airflowDagRun", "airflow")
_STATISTICS = ("outputStatistics", "inputStatistics")
_OF_RUN = frozenset({"parent", "nominalTime", "externalQuery", CODE, _PARAMETERS, *_AIRFLOW})
_OF_JOB = frozenset({"lineage", LOCATION, *TEXTS})
_OF_DATASET = frozenset({"lineage", "columnLineage", "symlinks", "version", "schema"})
"""Facets that are told in another way, or are others in every run."""
_T = TypeVar("_T")
_Bodies = dict[tuple[str, str], bytes]


async def run_of_code(store: GraphStore, job: str, commit: str, as_of: int) -> str:
    """The newest run of a job, started by then, that executed a commit; its beginning is enough.

    Raises:
        NotFound: none of the job's last 10,000 attempts did.
    """
    page = None
    for _ in range(_PAGES):
        attempts = await store.runs_of_job(job, as_of, page, _PAGE)
        edges = await store.edges_from([attempt.run for attempt in attempts], [EdgeKind.EXECUTED])
        nodes = await store.nodes(sorted({edge.target for edge in edges}))
        executed = {edge.source for edge in edges if nodes[edge.target].name.startswith(commit)}
        for attempt in attempts:
            if attempt.run in executed:
                return attempt.run
        if len(attempts) < _PAGE:
            break
        page = Page(attempts[-1].start, attempts[-1].run, attempts[-1].number)
    raise NotFound(f"no run of the job is known to have executed the commit {commit}: see its runs' `codeVersions`")


async def compare_runs(
    store: GraphStore, before: str, after: str, never_alias: Sequence[re.Pattern[str]] = ()
) -> RunDiff:
    """How the newest attempts of two runs (by key) differ.

    Raises:
        NotFound: one of them is not known, or only from other runs.
    """
    attempts = await store.attempts([before, after])
    for run in (before, after):
        if run not in attempts:
            raise NotFound("one of the runs is not in the graph, or only known from other runs")
    was, now = [await _Told.of(store, attempts[run][-1]) for run in (before, after)]
    names = Names(store, max(was.attempt.start, now.attempt.start), never_alias)
    await names.join({use.dataset for told in (was, now) for use in told.uses})
    notes = list(names.notes)
    if was.attempt.job != now.attempt.job:
        notes.append("the runs are of two jobs")
    return RunDiff(
        before,
        after,
        _uses(await was.readings(names), await now.readings(names)),
        _flows(was.flows(names), now.flows(names)),
        _columns(was, now, names),
        _code(was, now),
        _parameters(was, now),
        _facets(was, now, names),
        await _parts(store, before, after),
        notes,
    )


class _Told:
    """What an attempt told."""

    def __init__(
        self, store: GraphStore, attempt: Attempt, uses: list[Use], footprint: Footprint, bodies: _Bodies
    ) -> None:
        self._store = store
        self.attempt = attempt
        self.uses = uses
        self.footprint = footprint
        self.bodies = bodies
        self.id = attempt_id(attempt.run, attempt.number)

    @classmethod
    async def of(cls, store: GraphStore, attempt: Attempt) -> "_Told":
        """What is known of an attempt."""
        [contribution] = (await store.contributions([attempt.run])).values()
        footprints = [
            contribution.footprints[report.footprint]
            for report in contribution.rows.reports
            if (report.number, report.owner) == (attempt.number, attempt.job)
        ]
        uses = sorted(use for use in contribution.rows.uses if use.number == attempt.number)
        own = attempt_id(attempt.run, attempt.number)
        said = await store.facets([attempt.job, *{u.dataset for u in uses}], None, attempt.last, attempt.run)
        of_uses = [f"{own}{_SIGNS[use.role]}{use.dataset}" for use in uses]
        said += await store.facets([own], None, EVER)
        said += await store.facets(of_uses, _STATISTICS, EVER)
        bodies = {(row.entity, row.facet): row.body for row in said}
        return cls(store, attempt, uses, footprints[0] if footprints else Footprint(), bodies)

    async def readings(self, names: Names) -> dict[tuple[str, str], Reading]:
        """What was read and written, by role and dataset."""
        found = {}
        consumed = [use for use in self.uses if use.role == Role.CONSUMED]
        read = await productions_read(self._store, names, consumed)
        for use in self.uses:
            rows, size = self._measured(use)
            made = use if use.role == Role.PRODUCED else read.get(use)
            label, version = (made.label, made.version) if made else (use.label, use.version)
            basis = ""
            if use.role == Role.CONSUMED:
                basis = "NAMED" if use.version else "INFERRED" if made else ""
            reading = Reading(version, label, made.at if made else None, basis, rows, size, use.partitions)
            found[use.role, names.representative(use.dataset)] = reading
        return found

    def _measured(self, use: Use) -> tuple[int | float | None, int | float | None]:
        """Rows and bytes."""
        entity = f"{self.id}{_SIGNS[use.role]}{use.dataset}"
        written, read = (self.bodies.get((entity, name)) for name in _STATISTICS)
        facet: OutputStatistics | InputStatistics | None = None
        if written is not None:
            facet = read_facet(OutputStatistics, from_json(written))
        elif read is not None:
            facet = read_facet(InputStatistics, from_json(read))
        return (facet.rowCount, facet.size) if facet else (None, None)

    def flows(self, names: Names) -> dict[tuple[str, str, str, str], str]:
        """Column edges with their transformations (JSON)."""
        found: dict[tuple[str, str, str, str], set[str]] = {}
        for edge in self.footprint.columns:
            ends = names.representative(edge.output), edge.field, names.representative(edge.source), edge.source_field
            parts = {canonical_json(part).decode() for part in from_json(edge.transformations)}
            found.setdefault(ends, set()).update(parts)
        return {ends: f"[{','.join(sorted(said))}]" for ends, said in found.items()}

    def facets(self, entity: str) -> dict[str, bytes]:
        """Facets of an entity, as this attempt said them."""
        return {facet: body for (of, facet), body in self.bodies.items() if of == entity}

    def parameters(self) -> dict[str, bytes]:
        """Parameters by name, as JSON: those of `whence_parameters`, and of an Airflow DAG run's configuration."""
        own = self.facets(self.id)
        found = dict(_listed(own.get(_PARAMETERS)))
        for facet in _AIRFLOW:
            value = from_json(own[facet]) if facet in own else None
            run = value.get("dagRun") if isinstance(value, dict) else None
            conf = run.get("conf") if isinstance(run, dict) else None
            for name, one in conf.items() if isinstance(conf, dict) else ():
                found.setdefault(name, canonical_json(one))
        return found


_SIGNS: dict[str, str] = {Role.CONSUMED: "<", Role.PRODUCED: ">"}


def _listed(body: bytes | None) -> Iterator[tuple[str, bytes]]:
    value = from_json(body) if body is not None else None
    listed = value.get("parameters") if isinstance(value, dict) else None
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, dict) and isinstance(one.get("name"), str):
            yield one["name"], canonical_json(one["value"] if "value" in one else {"sha256": one.get("sha256")})


def _differing(was: Mapping[_T, Any], now: Mapping[_T, Any]) -> Iterator[tuple[_T, Difference, Any, Any]]:
    for key in was.keys() | now.keys():
        before, after = was.get(key), now.get(key)
        if key not in was or key not in now:
            yield key, Difference.VANISHED if key in was else Difference.APPEARED, before, after
        elif before != after:
            yield key, Difference.CHANGED, before, after


def _uses(was: dict[tuple[str, str], Reading], now: dict[tuple[str, str], Reading]) -> list[UseDiff]:
    found = []
    for (role, dataset), difference, before, after in _differing(was, now):
        if difference == Difference.CHANGED and _measures(role, before) == _measures(role, after):
            continue
        found.append(UseDiff(f"{role}:{dataset}", 0, dataset, role, difference, before, after))
    return sorted(found)


def _measures(role: str, reading: Reading) -> tuple[Any, ...]:
    """What makes a difference: every run writes another version."""
    version = reading.version if role == Role.CONSUMED else ""
    return version, reading.rows, reading.size, reading.partitions


def _flows(was: dict[tuple[str, str, str, str], str], now: dict[tuple[str, str, str, str], str]) -> list[FlowDiff]:
    return sorted(FlowDiff("\0".join(ends), 0, *ends, *how) for ends, *how in _differing(was, now))


def _common(was: _Told, now: _Told, names: Names) -> Iterator[tuple[str, dict[str, bytes], dict[str, bytes]]]:
    """Datasets that both attempts used, with their facets as each said them."""
    facets: list[dict[str, dict[str, bytes]]] = [{}, {}]
    for told, found in zip((was, now), facets, strict=True):
        for use in told.uses:
            found.setdefault(names.representative(use.dataset), {}).update(told.facets(use.dataset))
    for dataset in sorted(facets[0].keys() & facets[1].keys()):
        yield dataset, facets[0][dataset], facets[1][dataset]


def _columns(was: _Told, now: _Told, names: Names) -> list[ColumnDiff]:
    found = []
    for dataset, before, after in _common(was, now, names):
        old, new = schema_of(before.get("schema")), schema_of(after.get("schema"))
        if old is not None and new is not None:
            for changed in compare_schemas(old, new):
                key = f"{dataset}:{changed.path}:{changed.change}"
                found.append(ColumnDiff(key, 0, dataset, *changed, None))
    return sorted(found, key=lambda row: row.key)


def _code(was: _Told, now: _Told) -> list[CodeDiff]:
    said = [(told.facets(told.attempt.job), told.facets(told.id).get(CODE)) for told in (was, now)]
    found = compare_code(*said)
    job = now.attempt.job
    return [CodeDiff(job, 0, job, *found, None)] if found else []


def _parameters(was: _Told, now: _Told) -> list[ParameterDiff]:
    return sorted(ParameterDiff(name, 0, name, *how) for name, *how in _differing(was.parameters(), now.parameters()))


def _facets(was: _Told, now: _Told, names: Names) -> list[FacetDiff]:
    """Facets of the runs, their job and the datasets that both used."""
    compared = [(now.attempt.run, was.facets(was.id), now.facets(now.id), _OF_RUN)]
    if was.attempt.job == now.attempt.job:
        job = now.attempt.job
        compared.append((job, was.facets(job), now.facets(job), _OF_JOB))
    compared += [(*common, _OF_DATASET) for common in _common(was, now, names)]
    return sorted(
        FacetDiff(f"{entity}:{facet}", 0, entity, facet, difference, before, after, None)
        for entity, old, new, told in compared
        for facet, difference, before, after in _differing(old, new)
        if facet not in told and not (before and after and same(before, after))
    )


async def _parts(store: GraphStore, before: str, after: str) -> list[PartDiff]:
    """How the runs contained in the two differ, by job; of several runs of a job the last started counts."""
    inner: dict[str, list[str]] = {before: [], after: []}
    for edge in await store.owners([before, after], [EdgeKind.CHILD_OF]):
        inner[edge.target].append(edge.owner)
    attempts = await store.attempts(sorted({run for runs in inner.values() for run in runs}))
    was, now = [
        {a.job: a for a in sorted((attempts[run][-1] for run in inner[outer] if run in attempts), key=_started)}
        for outer in (before, after)
    ]
    states = [{job: attempt.state for job, attempt in found.items()} for found in (was, now)]
    return sorted(
        PartDiff(job, 0, job, difference, was[job].run if job in was else None, now[job].run if job in now else None)
        for job, difference, _, _ in _differing(*states)
    )


def _started(attempt: Attempt) -> tuple[int, str]:
    return attempt.start, attempt.run
