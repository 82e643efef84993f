"""Declared schemas against those that runs told."""

from collections.abc import Iterator
from typing import NamedTuple

from whence.analyses.diff.schemas import columns_of, same_type, schema_of
from whence.analyses.drift.edges import Declared
from whence.graph.facts import Contribution, EdgeId, EdgeKind, Report
from whence_schemas.drift import DriftKind, DriftSubject, Finding
from whence_schemas.facets.dataset import Schema
from whence_schemas.identity import column_key

_FACET = "schema"


class _Said(NamedTuple):
    """A schema: since when it is said, last when, of which of the dataset's names, and what it is."""

    last: int
    first: int
    name: str
    schema: Schema


class _Use(NamedTuple):
    """A dataset that a job uses: whether it writes it, and the newest run that did so."""

    job: str
    dataset: str
    writes: bool
    run: str


async def compare_schemas(declared: Declared) -> dict[str, list[Finding]]:
    """How the declared columns of what jobs write differ from those that their newest runs told, by job. Of what a job
    only reads, types are compared, where it declares them: a reader may tell only the columns that it uses."""
    uses = list(_uses(declared))
    datasets = {name for use in uses for name in declared.names.members(use.dataset)}
    units = {*datasets, *(use.job for use in uses), *(use.run for use in uses)}
    said = await declared.store.contributions(sorted(units)) if uses else {}
    found: dict[str, list[Finding]] = {}
    for use in uses:
        names = declared.names.members(use.dataset)
        declaring = [use.job, *names] if use.writes else [use.job]
        told = _latest(said, declaring, names, declared.question.as_of)
        seen = _latest(said, [use.run], names, declared.question.as_of)
        if told is not None and seen is not None and seen.last >= told.first:
            found.setdefault(use.job, []).extend(_compare(use, told, seen))
    return await _dated(declared, found)


async def _dated(declared: Declared, found: dict[str, list[Finding]]) -> dict[str, list[Finding]]:
    """With the time when columns that are not declared were seen first, ever."""
    edges = {_column(one) for findings in found.values() for one in findings if one.kind == DriftKind.NOT_DECLARED}
    first = await declared.store.since(sorted(edges)) if edges else {}
    seen = {edge: since.observed for edge, since in first.items() if since.observed is not None}
    return {job: [one._replace(since=seen.get(_column(one), one.since)) for one in rows] for job, rows in found.items()}


def _column(finding: Finding) -> EdgeId:
    """The edge to a column; nested fields are no columns of their own."""
    top = column_key(finding.dataset, finding.field.partition(".")[0])
    return EdgeId(finding.dataset, EdgeKind.HAS_FIELD, finding.dataset, top)


def _uses(declared: Declared) -> Iterator[_Use]:
    for job in declared.jobs:
        activity = declared.activities.get(job)
        newest: dict[tuple[str, bool], Report] = {}
        for report in activity.observed if activity else ():
            for one in declared.claimed(report.footprint):
                if one.subject in (DriftSubject.INPUT, DriftSubject.OUTPUT):
                    newest.setdefault((one.dataset, one.subject == DriftSubject.OUTPUT), report)
        for (dataset, writes), report in sorted(newest.items()):
            if writes or (dataset, True) not in newest:
                yield _Use(job, dataset, writes, report.run)


def _latest(said: dict[str, Contribution], units: list[str], names: tuple[str, ...], as_of: int) -> _Said | None:
    """The schema that units said last of a dataset, under any of its names."""
    found = [
        (claim.last if claim.last <= as_of else claim.first, claim.value, claim.first, claim.entity, unit)
        for unit in units
        if unit in said
        for claim in said[unit].rows.claims
        if claim.facet == _FACET and claim.entity in names and claim.first <= as_of
    ]
    if not found:
        return None
    last, value, first, name, unit = max(found)
    schema = schema_of(said[unit].facets[value]) if value else None
    return _Said(last, first, name, schema) if schema is not None else None


def _compare(use: _Use, told: _Said, seen: _Said) -> Iterator[Finding]:
    declared, observed = columns_of(told.schema), columns_of(seen.schema)
    for path in sorted(declared.keys() | observed.keys()):
        types = declared.get(path), observed.get(path)
        if path in declared and path in observed:
            if not same_type(*types):
                yield _finding(DriftKind.TYPE, told.name, path, types, told.first)
        elif use.writes and path in declared:
            yield _finding(DriftKind.NOT_OBSERVED, told.name, path, types, told.first)
        elif use.writes:
            yield _finding(DriftKind.NOT_DECLARED, seen.name, path, types, seen.first)


def _finding(kind: DriftKind, dataset: str, path: str, types: tuple[str | None, str | None], since: int) -> Finding:
    key = f"{kind}:{DriftSubject.COLUMN}:{dataset}:{path}"
    return Finding(key, 0, kind, DriftSubject.COLUMN, dataset, path, "", "", *types, since)
