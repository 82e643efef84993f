"""One pass over a selection's runs and their log entries, which counts what all findings rest on.

Memory grows with the number of datasets and jobs, not with that of runs or events.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import orjson
from pydantic_core import from_json

from whence.audit.recorded import Page, Place, pages
from whence.audit.report.content import Cell, Cut, EntryLink, shown_time
from whence.audit.selection import Selection
from whence.audit.subject import received
from whence.eventlog.leaf import ERASURE, EVENT, erased_index
from whence.eventlog.port import Entry, EventLog
from whence.graph.facts import Attempt, EdgeKind, Role
from whence.graph.port import GraphStore
from whence.read.jobs import JobReader
from whence_schemas.facets import read_facet
from whence_schemas.facets.base import Ownership
from whence_schemas.facets.dataset import DataQualityAssertions, DatasetType
from whence_schemas.facets.run import RunTests
from whence_schemas.times import DAY, parse_time

MODEL, ANSWER = "MODEL", "ANSWER"
"""Types of datasets (the `datasetType` facet, type or subtype) that a report looks for."""

_PAGE = 200
_WINDOW = 10


@dataclass(slots=True)
class Checks:
    """How many data-quality checks passed and failed."""

    passed: int = 0
    failed: int = 0

    def add(self, success: bool) -> None:
        """Count one."""
        if success:
            self.passed += 1
        else:
            self.failed += 1

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed" if self.passed + self.failed else "none recorded"


@dataclass(slots=True)
class DatasetSurvey:
    """A dataset: times are microseconds since the epoch. unknown: readings of which no version is known."""

    place: Place
    types: frozenset[str] = frozenset()
    owners: list[str] = field(default_factory=list)
    versions: int = 0
    named: int = 0
    reads: int = 0
    unknown: int = 0
    first: int | None = None
    last: int | None = None
    schemas: set[str] = field(default_factory=set)
    checks: Checks = field(default_factory=Checks)
    has_writer: bool = False

    def seen(self, at: int) -> None:
        """It was read or written then."""
        self.first = at if self.first is None else min(self.first, at)
        self.last = at if self.last is None else max(self.last, at)


@dataclass(slots=True)
class JobSurvey:
    """A job. codes: code versions by when they ran first. without_code: attempts whose code version is not known."""

    place: Place
    owners: list[str] = field(default_factory=list)
    states: Counter[str] = field(default_factory=Counter)
    codes: dict[str, int] = field(default_factory=dict)
    without_code: int = 0
    footprints: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Coverage:
    """The log entries of the runs. days: on which an event was received, by number since the epoch."""

    events: int = 0
    erased: int = 0
    attempts: int = 0
    open: Cut[tuple[Cell, ...]] = field(default_factory=Cut)
    without_start: Cut[tuple[Cell, ...]] = field(default_factory=Cut)
    anomalies: Cut[tuple[Cell, ...]] = field(default_factory=Cut)
    tombstones: Cut[tuple[Cell, ...]] = field(default_factory=Cut)
    oldest: tuple[int, int] | None = None
    newest: tuple[int, int] | None = None
    days: set[int] = field(default_factory=set)


@dataclass(slots=True)
class Survey:
    """What was counted, by key of dataset and job."""

    datasets: dict[str, DatasetSurvey] = field(default_factory=dict)
    jobs: dict[str, JobSurvey] = field(default_factory=dict)
    coverage: Coverage = field(default_factory=Coverage)

    def of_type(self, kind: str) -> list[str]:
        """Keys of the datasets of a type, by name."""
        found = [key for key, dataset in self.datasets.items() if kind in dataset.types]
        return sorted(found, key=lambda key: self.datasets[key].place)


async def survey(
    log: EventLog,
    graph: GraphStore,
    selection: Selection,
    size: int,
    as_of: int,
    never_alias: Sequence[re.Pattern[str]] = (),
) -> Survey:
    """Count what is recorded of a selection in the log's first `size` entries.

    Raises:
        GraphUnavailable: the graph store does not answer.
    """
    found = Survey()
    async for page in pages(graph, selection, never_alias):
        _count_datasets(found, page)
        _count_jobs(found, page)
        _count_checks(found, page)
        entries = await log.read_units(page.runs, size)
        for run in page.runs:
            _count_entries(found.coverage, page, run, entries.get(run, []))
    writers = JobReader(graph, never_alias)
    datasets = list(found.datasets)
    for start in range(0, len(datasets), _PAGE):
        links = await writers.writers(datasets[start : start + _PAGE], as_of, _WINDOW)
        for key, jobs in links.items():
            found.datasets[key].has_writer |= bool(jobs)
    return found


def _count_datasets(found: Survey, page: Page) -> None:
    for use in page.uses():
        dataset = found.datasets.setdefault(use.dataset, DatasetSurvey(page.names.get(use.dataset, Place("", "?"))))
        dataset.seen(use.at)
        if use.role == Role.CONSUMED:
            dataset.reads += 1
            dataset.unknown += not page.reads[use].version
        elif use.complete >= 0:
            dataset.versions += 1
            dataset.named += bool(use.label)
            dataset.has_writer = True
    for entity, value in page.current("datasetType"):
        kind = read_facet(DatasetType, value)
        if kind and entity in found.datasets:
            found.datasets[entity].types = frozenset({kind.datasetType.upper(), (kind.subType or "").upper()})
    for entity, value in page.current("ownership"):
        if entity in found.datasets:
            found.datasets[entity].owners = owner_names(value)
    for contribution in page.contributions.values():
        for claim in contribution.rows.claims:
            if claim.facet == "schema" and claim.value and claim.entity in found.datasets:
                found.datasets[claim.entity].schemas.add(claim.value)


def owner_names(value: object) -> list[str]:
    """The owners that an `ownership` facet names."""
    facet = read_facet(Ownership, value)
    return sorted({owner.name for owner in facet.owners}) if facet else []


def _count_jobs(found: Survey, page: Page) -> None:
    for attempt in page.attempts():
        job = found.jobs.setdefault(attempt.job, JobSurvey(page.names.get(attempt.job, Place("", "?"))))
        job.states[attempt.state] += 1
        codes = [e.target for e in page.contributions[attempt.run].edges if e.kind == EdgeKind.EXECUTED]
        job.without_code += not codes
        for key in codes:
            code = shown_code(page.names.get(key, Place("", "?")))
            job.codes[code] = min(job.codes.get(code, attempt.start), attempt.start)
    for owner, _, _, footprint in page.footprints():
        if owner in found.jobs:
            found.jobs[owner].footprints.add(footprint.key)
    for entity, value in page.current("ownership"):
        if entity in found.jobs:
            found.jobs[entity].owners = owner_names(value)


def shown_code(place: Place) -> str:
    """A code version: repository and commit."""
    return f"{place.namespace} @ {place.name}"


def _count_checks(found: Survey, page: Page) -> None:
    for facets in page.said.values():
        for facet in facets:
            dataset = facet.entity.rpartition("<")[2]
            if dataset in found.datasets:
                for success in checks(facet.facet, orjson.loads(facet.body)):
                    found.datasets[dataset].checks.add(success)


def checks(facet: str, value: object) -> Iterator[bool]:
    """Whether each check succeeded that a `dataQualityAssertions` or a `test` facet holds."""
    if facet == "dataQualityAssertions":
        assertions = read_facet(DataQualityAssertions, value)
        yield from (check.success for check in (assertions.assertions if assertions else ()))
    elif facet == "test":
        tests = read_facet(RunTests, value)
        yield from (test.status == "pass" for test in (tests.tests if tests else ()) if test.status != "skip")


def _count_entries(coverage: Coverage, page: Page, run: str, entries: list[Entry]) -> None:
    starts: list[int] = []
    for entry in entries:
        if entry.kind == ERASURE:
            said = orjson.loads(entry.leaf)
            tombstone = (EntryLink(entry.index), EntryLink(erased_index(entry.leaf)), said["r"], said["b"], said["a"])
            coverage.tombstones.add(tombstone)
        elif entry.kind == EVENT:
            coverage.events += 1
            coverage.erased += entry.payload is None
            _count_receipt(coverage, entry)
            event = from_json(entry.payload) if entry.payload is not None else {}
            if event.get("eventType") == "START":
                starts.append(parse_time(event["eventTime"]).micros)
    last = EntryLink(entries[-1].index) if entries else ""
    contribution = page.contributions.get(run)
    for attempt in sorted(contribution.rows.attempts) if contribution else ():
        _count_attempt(coverage, page, attempt, starts, last)


def _count_receipt(coverage: Coverage, entry: Entry) -> None:
    at = received(entry)
    if at is None:
        return
    coverage.days.add(at // DAY)
    this = (at, entry.index)
    coverage.oldest = min(coverage.oldest or this, this)
    coverage.newest = max(coverage.newest or this, this)


def _count_attempt(coverage: Coverage, page: Page, attempt: Attempt, starts: list[int], last: Cell) -> None:
    coverage.attempts += 1
    job = str(page.names.get(attempt.job, Place("", "?")))
    run = page.names.get(attempt.run, Place("", "?")).name
    row = (job, run, shown_time(attempt.start))
    if attempt.end is None:
        coverage.open.add((*row, attempt.state, last))
    if attempt.number == 0 and not any(start <= attempt.last for start in starts):
        coverage.without_start.add((*row, attempt.state, last))  # every other attempt begins with a START
    for anomaly in orjson.loads(attempt.anomalies):
        coverage.anomalies.add((job, run, anomaly, last))
