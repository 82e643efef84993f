"""What jobs declare to read, write and derive, against what their runs showed."""

from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from whence.graph.facts import EdgeId, EdgeKind, Report
from whence.graph.footprint import Footprint, end_of
from whence.graph.live import Activity, footprints_of
from whence.graph.port import GraphStore, Span, Stretch
from whence.lineage.containers import contained_jobs
from whence.lineage.names import Names
from whence_schemas.diff import Showing
from whence_schemas.drift import DriftKind, DriftQuestion, DriftSubject, Finding
from whence_schemas.times import EVER

_ALWAYS = -EVER


class Claimed(NamedTuple):
    """What is declared or observed, by the names that stand for its datasets: an input or output, or that a column
    (field; empty: the dataset as a whole) derives from one of a source."""

    subject: DriftSubject
    dataset: str
    field: str = ""
    source: str = ""
    source_field: str = ""

    @property
    def key(self) -> str:
        """Tells it from the others of a job."""
        return ":".join(self)


class Declared:
    """What a batch of jobs declared, and what their last runs showed."""

    def __init__(self, store: GraphStore, question: DriftQuestion, names: Names) -> None:
        self.store = store
        self.question = question
        self.names = names
        self.jobs: list[str] = []
        self.activities: dict[str, Activity] = {}
        self.footprints: dict[str, Footprint] = {}
        self._history: dict[str, list[Stretch]] = {}
        self._claimed: dict[str, frozenset[Claimed]] = {}

    @classmethod
    async def of(cls, store: GraphStore, jobs: list[str], question: DriftQuestion, names: Names) -> "Declared":
        """Read a batch of jobs."""
        made = cls(store, question, names)
        made.jobs = jobs
        made.activities = await store.activities(jobs, question.as_of, question.window)
        declaring = [job for job in jobs if job in made.activities and made.activities[job].declared]
        spans = [Span(job, _ALWAYS) for job in declaring]
        for span, stretches in (await store.stretches(spans, True, question.as_of)).items():
            made._history[span.owner] = [stretch for stretch in stretches if stretch.first.reported]
        keys = footprints_of(made.activities.values())
        keys |= {stretch.first.footprint for found in made._history.values() for stretch in found}
        await made.know(keys)
        return made

    async def know(self, footprints: Iterable[str]) -> None:
        """Read footprints, and the names of their datasets."""
        new = await self.store.footprints(sorted(set(footprints) - self.footprints.keys()))
        self.footprints.update(new)
        columns = (edge for footprint in new.values() for edge in footprint.columns)
        named = {key for footprint in new.values() for key in (*footprint.reads, *footprint.writes)}
        await self.names.join(named | {key for edge in columns for key in (edge.output, edge.source)})

    def since(self, job: str) -> int | None:
        """When the job's declaration, as it is, came first."""
        history = self._history.get(job)
        return history[-1].first.start if history else None

    def claimed_since(self, job: str, claimed: Claimed) -> int:
        """Since when the job declares something without a break."""
        start = 0
        for stretch in reversed(self._history[job]):
            if claimed not in self.claimed(stretch.first.footprint):
                break
            start = stretch.first.start
        return start

    def claimed(self, footprint: str) -> frozenset[Claimed]:
        """All that a footprint, by key, says."""
        if footprint not in self._claimed:
            self._claimed[footprint] = frozenset(self._claims(self.footprints[footprint]))
        return self._claimed[footprint]

    def _claims(self, footprint: Footprint) -> Iterator[Claimed]:
        standing = self.names.representative
        yield from (Claimed(DriftSubject.INPUT, standing(key)) for key in footprint.reads)
        yield from (Claimed(DriftSubject.OUTPUT, standing(key)) for key in footprint.writes)
        for edge in footprint.columns:
            ends = standing(edge.output), edge.field, standing(edge.source), edge.source_field
            yield Claimed(DriftSubject.COLUMN_LINEAGE, *ends)

    def shown(self, reports: Iterable[Report]) -> frozenset[Claimed]:
        """All that reports say."""
        return frozenset().union(*(self.claimed(key) for key in {report.footprint for report in reports}))


async def compare_edges(declared: Declared) -> dict[str, list[Finding]]:
    """How what jobs declare to read, write and derive differs from what their runs showed, by job."""
    inside = await _inside(declared)
    found: dict[str, list[Finding]] = {}
    missing: dict[str, list[Claimed]] = {}
    for job in declared.jobs:
        activity = declared.activities.get(job)
        if activity is not None and activity.declared is not None:
            told = declared.claimed(activity.declared.footprint)
            shown = declared.shown(activity.observed) | inside.get(job, frozenset())
            missing[job] = list(_comparable(told - shown, shown, told - shown))
        elif activity is not None:
            runs = len(activity.observed)
            found[job] = [Finding("UNDECLARED", 0, DriftKind.UNDECLARED, DriftSubject.JOB, runs=runs)]
    for findings in (await _unobserved(declared, missing, inside.keys()), await _undeclared(declared, missing)):
        for job, more in findings.items():
            found.setdefault(job, []).extend(more)
    return found


async def _inside(declared: Declared) -> dict[str, frozenset[Claimed]]:
    """What runs in containers showed: of jobs that declare something, whose own runs named no dataset."""
    activities = declared.activities.items()
    quiet = [job for job, activity in activities if activity.declared and not activity.observed]
    containers = {edge.target for edge in await declared.store.owners(quiet, [EdgeKind.PART_OF])} if quiet else set()
    when = declared.question.as_of, declared.question.window
    found: dict[str, frozenset[Claimed]] = {}
    for job in sorted(containers):
        inner = [one for one in await contained_jobs(declared.store, job, *when) if one != job]
        observed = [r for one in (await declared.store.activities(inner, *when)).values() for r in one.observed]
        await declared.know({report.footprint for report in observed})
        if observed:
            found[job] = declared.shown(observed)
    return found


def _comparable(
    claims: Iterable[Claimed], other: frozenset[Claimed], differing: Iterable[Claimed]
) -> Iterator[Claimed]:
    """Those that the other side could have said: column lineage only where it tells any of that output, and where the
    datasets themselves are no difference already."""
    told = {one.dataset for one in other if one.subject == DriftSubject.COLUMN_LINEAGE}
    whole = {one.dataset for one in differing if one.subject != DriftSubject.COLUMN_LINEAGE}
    for one in claims:
        if one.subject != DriftSubject.COLUMN_LINEAGE or (
            one.dataset in told and one.dataset not in whole and one.source not in whole
        ):
            yield one


async def _undeclared(declared: Declared, jobs: Iterable[str]) -> dict[str, list[Finding]]:
    """What runs showed since the declaration holds, and it does not name."""
    extra: dict[tuple[str, Claimed], int] = {}
    for job in jobs:
        activity = declared.activities[job]
        assert activity.declared is not None
        since = declared.since(job) or activity.declared.start
        told = declared.claimed(activity.declared.footprint)
        reports = [report for report in activity.observed if report.start >= since]
        more = declared.shown(reports) - told
        for one in _comparable(more, told, more):
            extra[job, one] = sum(one in declared.claimed(report.footprint) for report in reports)
    first = await _first_seen(declared, extra)
    found: dict[str, list[Finding]] = {}
    for (job, one), runs in extra.items():
        finding = _finding(DriftKind.NOT_DECLARED, one, since=first.get((job, one)), runs=runs)
        found.setdefault(job, []).append(finding)
    return found


async def _first_seen(declared: Declared, wanted: Iterable[tuple[str, Claimed]]) -> dict[tuple[str, Claimed], int]:
    """When something was seen first, ever, under any of its names."""
    edges = {edge: (job, one) for job, one in wanted for edge in _edges(declared.names, job, one)}
    found: dict[tuple[str, Claimed], int] = {}
    for edge, since in (await declared.store.since(list(edges))).items() if edges else ():
        if since.observed is not None:
            found[edges[edge]] = min(since.observed, found.get(edges[edge], since.observed))
    return found


def _edges(names: Names, job: str, claimed: Claimed) -> Iterator[EdgeId]:
    for dataset in names.members(claimed.dataset):
        if claimed.subject != DriftSubject.COLUMN_LINEAGE:
            kind = EdgeKind.READS if claimed.subject == DriftSubject.INPUT else EdgeKind.WRITES
            yield EdgeId(job, kind, job, dataset)
            continue
        for source in names.members(claimed.source):
            ends = end_of(dataset, claimed.field), end_of(source, claimed.source_field)
            yield EdgeId(job, EdgeKind.DERIVED_FROM, *ends)


async def _unobserved(
    declared: Declared, missing: dict[str, list[Claimed]], containers: Collection[str]
) -> dict[str, list[Finding]]:
    """What no run that counts showed: since when it is declared, and how many runs there were since."""
    since = {(job, one): declared.claimed_since(job, one) for job, claims in missing.items() for one in claims}
    spans = sorted({Span(job, start - 1) for (job, _), start in since.items()})
    history = await declared.store.stretches(spans, False, declared.question.as_of) if spans else {}
    await declared.know({stretch.first.footprint for found in history.values() for stretch in found})
    findings: dict[str, list[Finding]] = {job: [] for job in missing}
    for (job, one), start in sorted(since.items()):
        stretches = history.get(Span(job, start - 1), [])
        findings[job].append(_not_observed(declared, one, start, stretches, job in containers))
    return findings


def _not_observed(declared: Declared, one: Claimed, since: int, stretches: list[Stretch], inside: bool) -> Finding:
    """inside: whether the job is a container, and runs in it told datasets."""
    telling = [stretch for stretch in stretches if stretch.first.reported]
    silent = sum(stretch.reports for stretch in stretches if not stretch.first.reported)
    showing = [n for n, stretch in enumerate(telling) if one in declared.claimed(stretch.first.footprint)]
    after = telling[showing[-1] + 1 :] if showing else telling
    last = telling[showing[-1]].last if showing else None
    told = bool(telling) or (inside and silent > 0)
    return _finding(
        DriftKind.NOT_OBSERVED if told else DriftKind.UNCONFIRMED,
        one,
        since=since,
        runs=sum(stretch.reports for stretch in after),
        silent=silent,
        last=Showing(last.start, last.run, last.number) if last else None,
    )


def _finding(
    kind: DriftKind, one: Claimed, since: int | None, runs: int, silent: int = 0, last: Showing | None = None
) -> Finding:
    return Finding(f"{kind}:{one.key}", 0, kind, *one, since=since, runs=runs, silent=silent, last=last)
