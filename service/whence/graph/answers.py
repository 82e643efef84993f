"""Rows of statements as answers of the port: what is the same for every adapter.

A row has the fields of its fact, in their order.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any, TypeVar

from whence.graph.derive import contribution_of, makes_edges
from whence.graph.facts import Attempt, Claim, Contribution, EdgeId, Report, Rows, Since
from whence.graph.footprint import Footprint
from whence.graph.live import Activity
from whence.graph.port import Span, Stretch
from whence_schemas.identity import Kind
from whence_schemas.read import Use

Row = Sequence[Any]
_T = TypeVar("_T")


def edges_of(rows: Iterable[Row]) -> dict[EdgeId, Since]:
    """Rows of edges, by edge."""
    return {EdgeId(*row[:4]): Since(*row[4:]) for row in rows}


def edges_by_target(targets: Iterable[str], edges: Iterable[EdgeId]) -> dict[str, list[EdgeId]]:
    """The edges into each of the targets."""
    found: dict[str, list[EdgeId]] = {target: [] for target in targets}
    for edge in edges:
        found[edge.target].append(edge)
    return found


def aliases_by_name(names: Iterable[str], edges: Iterable[EdgeId]) -> dict[str, list[EdgeId]]:
    """The alias edges at either end of which each of the names is."""
    found: dict[str, list[EdgeId]] = {name: [] for name in names}
    for edge in edges:
        for name in {edge.source, edge.target} & found.keys():
            found[name].append(edge)
    return found


def activities_of(rows: Iterable[Row]) -> dict[str, Activity]:
    """Rows of reports, those observed newest first and those declared too, by owner. The last one declared counts. A
    JobEvent that names no datasets declares nothing, and replaces those before; a DatasetEvent without lineage only
    says something else of the dataset."""
    observed: dict[str, list[Report]] = {}
    declared: dict[str, Report] = {}
    for report in map(Report._make, rows):
        if not report.declared:
            observed.setdefault(report.owner, []).append(report)
        elif report.reported or report.owner[0] == Kind.JOB:
            declared[report.owner] = max(report, declared.get(report.owner, report), key=lambda report: report.order)
    declared = {owner: report for owner, report in declared.items() if report.reported}
    owners = dict.fromkeys([*observed, *declared])
    return {owner: Activity(observed.get(owner, []), declared.get(owner)) for owner in owners}


def stretches_of(rows: Iterable[tuple[Span, int, Report]]) -> dict[Span, list[Stretch]]:
    """Stretches from the reports that begin and end them, with the place of each among its span's reports; those that
    named datasets and those that did not are numbered apart."""
    found: dict[Span, list[Stretch]] = {}
    ends = groupby(rows, lambda row: (row[0], row[2].reported, row[2].footprint))
    for (span, *_), group in ends:
        (_, begin, first), *rest = group
        _, end, last = rest[-1] if rest else (span, begin, first)
        found.setdefault(span, []).append(Stretch(first, last, end - begin + 1))
    return found


def last_said(rows: Iterable[Row]) -> list[Row]:
    """Of rows (entity, facet, time, value, unit) the last of each facet, without deletions, by (entity, facet)."""
    last = {(row[0], row[1]): row for row in sorted(rows, key=tuple)}
    return [row for row in last.values() if row[3]]


def attempts_by_run(rows: Iterable[Row]) -> dict[str, list[Attempt]]:
    """Rows of attempts by run, by number."""
    found: dict[str, list[Attempt]] = {}
    for row in sorted(rows, key=tuple):
        found.setdefault(row[0], []).append(Attempt(*row))
    return found


def attempts_by_job(rows: Iterable[Row]) -> dict[str, list[Attempt]]:
    """Rows of attempts by job, newest first."""
    found: dict[str, list[Attempt]] = {}
    for one in sorted((Attempt(*row) for row in rows), key=lambda one: one.order, reverse=True):
        found.setdefault(one.job, []).append(one)
    return found


def uses_by_dataset(rows: Iterable[Row]) -> dict[str, list[Use]]:
    """Rows of uses by dataset, newest first."""
    found: dict[str, list[Use]] = {}
    for use in sorted((Use(*row) for row in rows), key=lambda use: use.order, reverse=True):
        found.setdefault(use.dataset, []).append(use)
    return found


def rows_by_unit(
    attempts: Iterable[Row], reports: Iterable[Row], claims: Iterable[Row], uses: Iterable[Row]
) -> dict[str, Rows]:
    """Rows of each table by unit. A run's own begin with it; those of reports and claims have their unit at the end."""
    attempted = _grouped((row[0], Attempt(*row)) for row in attempts)
    reported = _grouped((row[-1], Report(*row[:-1])) for row in reports)
    claimed = _grouped((row[-1], Claim(*row[:-1])) for row in claims)
    used = _grouped((row[0], Use(*row)) for row in uses)
    return {
        unit: Rows(
            frozenset(attempted.get(unit, ())),
            frozenset(reported.get(unit, ())),
            frozenset(claimed.get(unit, ())),
            frozenset(used.get(unit, ())),
        )
        for unit in attempted.keys() | reported.keys() | claimed.keys()
    }


def _grouped(rows: Iterable[tuple[str, _T]]) -> dict[str, list[_T]]:
    found: dict[str, list[_T]] = defaultdict(list)
    for unit, row in rows:
        found[unit].append(row)
    return found


def footprints_in(rows: Mapping[str, Rows]) -> set[str]:
    """Keys of the footprints that units' rows refer to."""
    return {report.footprint for of_unit in rows.values() for report in of_unit.reports}


def values_in(rows: Mapping[str, Rows]) -> set[str]:
    """Those values in units' rows from which edges follow."""
    return {claim.value for of_unit in rows.values() for claim in of_unit.claims if makes_edges(claim)}


def contributions_of(
    rows: Mapping[str, Rows],
    edges: Mapping[EdgeId, Since],
    bodies: dict[str, bytes],
    footprints: dict[str, Footprint],
) -> dict[str, Contribution]:
    """Contributions by unit from their rows, the edges of those that are runs, and the content."""
    owned: dict[str, dict[EdgeId, Since]] = defaultdict(dict)
    for edge, since in edges.items():
        owned[edge.owner][edge] = since
    return {unit: contribution_of(unit, own, owned[unit], bodies, footprints) for unit, own in rows.items()}
