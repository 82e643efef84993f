"""Tables of a selection as CSV (RFC 4180, in UTF-8 with a header), for spreadsheets and databases.

Times are ISO 8601 in UTC, with microseconds; keys are those of `whence_schemas.identity`.

A spreadsheet takes a cell that begins with ``=``, ``+``, ``-`` or ``@``, also after a tab or a line break, for a
formula, and names come from outside. So an apostrophe goes before every cell that begins with one of these characters,
and before every cell that begins with an apostrophe: who removes one leading apostrophe from a cell has the value again
(`cell` and `value_of`).
"""

import asyncio
import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Any, BinaryIO

import orjson

from whence.audit.recorded import INFERRED, NAMED, Page, Place
from whence.audit.spool import Row, Spool
from whence.graph.facts import Attempt, EdgeKind, Role
from whence_schemas.facets import read_facet
from whence_schemas.facets.base import Ownership, Tags
from whence_schemas.facets.dataset import DataQualityAssertions, DatasetType
from whence_schemas.facets.job import JobType
from whence_schemas.facets.run import RunTests
from whence_schemas.identity import Kind, attempt_id, digest
from whence_schemas.read import Use
from whence_schemas.times import format_time

TABLES: dict[str, tuple[str, ...]] = {
    "datasets": ("dataset", "namespace", "name", "type", "subtype"),
    "versions": ("version", "dataset", "namespace", "name", "label", "basis", "attempt", "written", "complete"),
    "jobs": ("job", "namespace", "name", "type", "integration", "processing"),
    "attempts": (
        *("attempt", "run_id", "number", "job_namespace", "job_name", "state", "started", "ended", "last_event"),
        *("parent_run_id", "code_repository", "code_version", "anomalies"),
    ),
    "inputs": (
        *("attempt", "run_id", "namespace", "name", "version", "label", "basis", "read", "partitions"),
        "rows",
    ),
    "outputs": ("attempt", "run_id", "namespace", "name", "version", "label", "written", "state", "partitions", "rows"),
    "column_lineage": (
        *("job_namespace", "job_name", "namespace", "name", "field"),
        *("source_namespace", "source_name", "source_field", "transformations"),
    ),
    "quality_assertions": ("attempt", "run_id", "namespace", "name", "column", "assertion", "success", "severity"),
    "owners": ("kind", "namespace", "name", "owner", "type"),
    "tags": ("kind", "namespace", "name", "field", "key", "value", "source"),
}
"""The columns of each table. Empty cells say that nothing was recorded."""

_CHUNK = 1_000  # rows
_FORMULA = tuple("=+-@\t\r\n'＝＋－＠")
_NOWHERE = Place("", "")
_Cell = str | int | None


async def write_tables(rows: Spool, open_table: Callable[[str], AbstractContextManager[BinaryIO]]) -> None:
    """Write the rows of all pages as `TABLES`, one after the other.

    `open_table` gives the sink of a table by its name, such as ``datasets``.
    """
    for table in TABLES:
        with open_table(table) as sink:
            await _write(table, rows, sink)


async def _write(table: str, rows: Spool, sink: BinaryIO) -> None:
    sink.write(_line(TABLES[table]))
    for number, body in enumerate(rows.section(table)):
        sink.write(body)
        if number % _CHUNK == 0:
            await asyncio.sleep(0)  # others have their turn


def cell(value: _Cell) -> str:
    """A value as a cell that no spreadsheet takes for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def value_of(cell: str) -> str:
    """The value of a cell."""
    return cell.removeprefix("'")


def _line(cells: Iterable[_Cell]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerow(map(cell, cells))
    return text.getvalue().encode()


def _row(table: str, key: str, *cells: _Cell) -> Row:
    assert len(cells) == len(TABLES[table]), table
    return Row(table, key, _line(cells))


def table_rows(page: Page) -> Iterator[Row]:
    """The rows of some runs, of all tables."""
    types = {entity: read_facet(DatasetType, value) for entity, value in page.current("datasetType")}
    jobs = {entity: read_facet(JobType, value) for entity, value in page.current("jobType")}
    for key, place in page.names.items():
        if key[0] == Kind.DATASET:
            kind = types.get(key)
            said = (kind.datasetType, kind.subType) if kind else (None, None)
            yield _row("datasets", f"{place} {key}", key, *place, *said)
        elif key[0] == Kind.JOB:
            job = jobs.get(key)
            what = (job.jobType, job.integration, job.processingType) if job else (None, None, None)
            yield _row("jobs", f"{place} {key}", key, *place, *what)
    for attempt in page.attempts():
        yield _attempt(page, attempt)
    statistics = _statistics(page)
    for use in page.uses():
        yield from _input(page, use, statistics) if use.role == Role.CONSUMED else _output(page, use, statistics)
    yield from _columns(page)
    yield from _assertions(page)
    yield from _owners(page)
    yield from _tags(page)


def _attempt(page: Page, attempt: Attempt) -> Row:
    edges = page.contributions[attempt.run].edges
    codes = sorted(edge.target for edge in edges if edge.kind == EdgeKind.EXECUTED)
    code = [page.names.get(key, _NOWHERE) for key in codes]
    return _row(
        "attempts",
        f"{format_time(attempt.start)} {attempt.run}.{attempt.number:09}",
        attempt_id(attempt.run, attempt.number),
        _run_id(page, attempt.run),
        attempt.number,
        *page.names.get(attempt.job, _NOWHERE),
        attempt.state,
        format_time(attempt.start),
        None if attempt.end is None else format_time(attempt.end),
        format_time(attempt.last),
        _run_id(page, attempt.parent),
        " ".join(place.namespace for place in code),
        " ".join(place.name for place in code),
        "; ".join(orjson.loads(attempt.anomalies)),
    )


def _run_id(page: Page, run: str) -> str:
    return page.names.get(run, _NOWHERE).name


def _statistics(page: Page) -> dict[str, Any]:
    """Rows read or written, by the id of an attempt's input or output."""
    found = [facet for facets in page.said.values() for facet in facets if facet.facet.endswith("Statistics")]
    values = [(facet.entity, orjson.loads(facet.body)) for facet in found]
    return {entity: value.get("rowCount") for entity, value in values if isinstance(value, dict)}


def _input(page: Page, use: Use, statistics: dict[str, Any]) -> Iterator[Row]:
    read = page.reads[use]
    attempt = attempt_id(use.run, use.number)
    label = use.label or (read.produced.label if read.produced else "")
    yield _row(
        *("inputs", f"{attempt}{use.dataset}", attempt, _run_id(page, use.run)),
        *(*page.names.get(use.dataset, _NOWHERE), read.version, label, read.basis),
        *(format_time(use.at), _partitions(use), statistics.get(f"{attempt}<{use.dataset}")),
    )


def _output(page: Page, use: Use, statistics: dict[str, Any]) -> Iterator[Row]:
    attempt = attempt_id(use.run, use.number)
    place = page.names.get(use.dataset, _NOWHERE)
    at = format_time(use.at)
    yield _row(
        *("outputs", f"{attempt}{use.dataset}", attempt, _run_id(page, use.run), *place, use.version, use.label, at),
        *(_STATES[use.complete], _partitions(use), statistics.get(f"{attempt}>{use.dataset}")),
    )
    if use.complete >= 0:
        basis = NAMED if use.label else INFERRED
        complete = "true" if use.complete else "false"
        key = f"{use.dataset}{at}{use.version}{attempt}"
        yield _row("versions", key, use.version, use.dataset, *place, use.label, basis, attempt, at, complete)


_STATES = {1: "COMPLETE", 0: "INCOMPLETE", -1: "DROPPED"}


def _partitions(use: Use) -> str:
    return " ".join(json.loads(use.partitions)) if use.partitions else ""


def _columns(page: Page) -> Iterator[Row]:
    for owner, _, _, footprint in page.footprints():
        job = page.names.get(owner, _NOWHERE)
        for edge in footprint.columns:
            output = page.names.get(edge.output, _NOWHERE)
            source = page.names.get(edge.source, _NOWHERE)
            said = "" if edge.transformations == "[]" else edge.transformations
            key = f"{owner}{edge.output}{digest(edge.field)}{edge.source}{digest(edge.source_field, said)}"
            yield _row("column_lineage", key, *job, *output, edge.field, *source, edge.source_field, said)


def _assertions(page: Page) -> Iterator[Row]:
    for run, facets in page.said.items():
        for facet in facets:
            attempt, _, dataset = facet.entity.rpartition("<") if "<" in facet.entity else (facet.entity, "", "")
            if attempt[0] == Kind.DATASET:  # said of the dataset by the run
                attempt, dataset = run, facet.entity
            place = page.names.get(dataset, _NOWHERE)
            for name, column, success, severity in _checks(facet.facet, orjson.loads(facet.body)):
                key = f"{attempt} {dataset} {digest(name, column or '')}"
                run_id = _run_id(page, run)
                yield _row("quality_assertions", key, attempt, run_id, *place, column, name, success, severity)


def _checks(facet: str, value: Any) -> Iterator[tuple[str, str | None, str, str | None]]:
    """Checks in a `dataQualityAssertions` or a `test` facet: name, column, success and severity."""
    if facet == "dataQualityAssertions":
        found = read_facet(DataQualityAssertions, value)
        for check in found.assertions if found else ():
            yield check.assertion, check.column, "true" if check.success else "false", check.severity
    elif facet == "test":
        tests = read_facet(RunTests, value)
        for test in tests.tests if tests else ():
            yield test.name, None, _RESULTS.get(test.status, test.status), test.severity


_RESULTS = {"pass": "true", "fail": "false"}


def _owners(page: Page) -> Iterator[Row]:
    for entity, value in page.current("ownership"):
        facet = read_facet(Ownership, value)
        place = page.names.get(entity, _NOWHERE)
        for owner in facet.owners if facet else ():
            key = f"{entity}{digest(owner.name, owner.type or '')}"
            yield _row("owners", key, _kind(entity), *place, owner.name, owner.type)


def _tags(page: Page) -> Iterator[Row]:
    said = [(entity, value, page.names.get(entity, _NOWHERE)) for entity, value in page.current("tags")]
    for run, facets in page.said.items():
        tags = [orjson.loads(facet.body) for facet in facets if facet.facet == "tags"]
        said += [(run, value, Place("", _run_id(page, run))) for value in tags]
    for entity, value, place in said:
        facet = read_facet(Tags, value)
        for tag in facet.tags if facet else ():
            key = f"{entity}{digest(tag.field or '', tag.key, tag.value, tag.source or '')}"
            yield _row("tags", key, _kind(entity), *place, tag.field, tag.key, tag.value, tag.source)


def _kind(entity: str) -> str:
    return Kind(entity[0]).name.lower()
