"""What attempts measured and checked, as their facets say: of many runs in one call."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple

from pydantic_core import from_json

from whence.graph.port import GraphStore, Said
from whence_schemas.facets import read_facet
from whence_schemas.facets.dataset import ColumnMetrics, DataQualityAssertions, DataQualityMetrics
from whence_schemas.facets.input import InputStatistics
from whence_schemas.facets.output import OutputStatistics
from whence_schemas.facets.run import RunTests
from whence_schemas.history import CheckKey, CheckResult, MeasureKey
from whence_schemas.identity import Kind, attempt_id
from whence_schemas.read import AttemptRow
from whence_schemas.times import SECOND

_FACETS = ("outputStatistics", "inputStatistics", "dataQualityMetrics", "dataQualityAssertions", "test")
_STATISTICS = {"outputStatistics": OutputStatistics, "inputStatistics": InputStatistics}
_SIZES = ("rowCount", "size", "bytes", "fileCount")
_COLUMN = ("nullCount", "distinctCount", "count", "sum", "min", "max")
_PASSED = {"pass": True, "fail": False}
DURATION = MeasureKey("", "duration")


class Found(NamedTuple):
    """What an attempt measured and checked."""

    measures: dict[MeasureKey, float]
    checks: dict[CheckKey, CheckResult]


async def measure(
    store: GraphStore, attempts: Sequence[AttemptRow], datasets: Collection[str] | None, as_of: int
) -> dict[tuple[str, int], Found]:
    """What each attempt said by then: of all, or of one dataset under these names, which then goes without a name."""
    by_run: dict[str, list[Said]] = {}
    for said in await store.said_by(sorted({attempt.run for attempt in attempts}), _FACETS):
        if said.first <= as_of:
            by_run.setdefault(said.unit, []).append(said)
    return {(a.run, a.number): _found(a, by_run.get(a.run, ()), datasets) for a in attempts}


def _found(attempt: AttemptRow, every: Sequence[Said], datasets: Collection[str] | None) -> Found:
    found = Found({}, {})
    if attempt.end is not None:
        found.measures[DURATION] = (attempt.end - attempt.start) / SECOND
    for said in sorted(every, key=lambda said: (said.last, said.facet)):  # the last word holds
        dataset = _subject(attempt, said)
        if dataset is None or (datasets is not None and dataset not in datasets):
            continue
        about = "" if datasets is not None else dataset
        value = from_json(said.body)
        found.measures.update(_measures(said.facet, value, about))
        found.checks.update((check.key, check) for check in _checks(said.facet, value, about))
    return found


def _subject(attempt: AttemptRow, said: Said) -> str | None:
    """The dataset that an attempt says something of; empty for itself; None if this attempt does not say it."""
    if said.entity[0] == Kind.DATASET:
        return said.entity if said.first <= attempt.last and said.last >= attempt.start else None
    own, _, dataset = said.entity.replace(">", "<").partition("<")
    return dataset if own == attempt_id(attempt.run, attempt.number) else None


def _measures(facet: str, value: Any, dataset: str) -> Iterator[tuple[MeasureKey, float]]:
    if model := _STATISTICS.get(facet):
        statistics = read_facet(model, value)
        yield from _numbers(statistics, facet, _SIZES, dataset)
    elif facet == "dataQualityMetrics" and (metrics := read_facet(DataQualityMetrics, value)):
        yield from _numbers(metrics, facet, _SIZES, dataset)
        for column, measured in metrics.columnMetrics.items():
            yield from _numbers(measured, facet, _COLUMN, dataset, column)
            yield from _quantiles(measured, facet, dataset, column)


def _numbers(
    said: Any, facet: str, names: Sequence[str], dataset: str, column: str = ""
) -> Iterator[tuple[MeasureKey, float]]:
    for name in names:
        if (number := getattr(said, name, None)) is not None:
            yield MeasureKey(facet, name, dataset, column), float(number)


def _quantiles(measured: ColumnMetrics, facet: str, dataset: str, column: str) -> Iterator[tuple[MeasureKey, float]]:
    for place, number in measured.quantiles.items():
        if number is not None:
            yield MeasureKey(facet, f"quantile {place}", dataset, column), float(number)


def _checks(facet: str, value: Any, dataset: str) -> Iterator[CheckResult]:
    if facet == "dataQualityAssertions" and (said := read_facet(DataQualityAssertions, value)):
        for check in said.assertions:
            key = CheckKey(dataset, check.assertion, check.column or "")
            yield CheckResult(key, check.success, "pass" if check.success else "fail", check.severity)
    elif facet == "test" and (tests := read_facet(RunTests, value)):
        for test in tests.tests:
            passed = _PASSED.get(test.status.lower())
            yield CheckResult(CheckKey("", test.name), passed, test.status, test.severity)
