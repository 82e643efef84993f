"""Completeness against a brute-force oracle on random worlds: other names, containers, late events, runs that go on,
columns and code that only some tell. The oracle reads what was drawn, not the graph, and judges each thing by itself.
"""

import random
from collections import Counter
from itertools import pairwise
from typing import Any, NamedTuple

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.build import JOBS, NS, dataset, dataset_event, event, run_id, schema
from tests.changes import Changes
from tests.property.stores import run_on_neo4j, run_on_sqlite
from whence.analyses.completeness.answer import completeness
from whence.graph.port import GraphStore
from whence_schemas.completeness import Check, CompletenessQuestion
from whence_schemas.identity import dataset_key, job_key, run_key
from whence_schemas.times import parse_time

DATASETS = [
    (NS, "d"),
    (NS, "D"),
    ("hive://meta", "s.t"),
    ("s3://lake", "w/s/t"),
    ("s3a://lake/", "W/s/T/"),
    (NS, "e"),
]
ONE_PLACE = [(0, 1), (3, 4)]
ENDS_ALIKE = [(2, 3), (2, 4)]
JOB_NAMES = ["j0", "j1", "test", "box"]
"""The last but one is a test; the last may contain the others, and may read and write something itself."""
FIELDS = ["x", "y"]
OWNERS = ["o", "p"]
LAST_DAY = 12
HOUR = 3_600_000_000

on_sqlite = settings(max_examples=100, deadline=None)
on_neo4j = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


class Attempt(NamedTuple):
    """A run of a job that starts at one o'clock of a day, and ends half an hour later, if at all. columns: (output,
    field) of which it tells the source, `x` of the first of its inputs."""

    job: str
    day: int
    reads: frozenset[int]
    writes: frozenset[int]
    columns: frozenset[tuple[int, str]]
    code: bool
    ended: bool
    inside: bool


class Described(NamedTuple):
    """What a DatasetEvent says on a day, at noon."""

    dataset: int
    day: int
    fields: tuple[str, ...]
    owners: frozenset[str]
    source: bool


class World(NamedTuple):
    """What happened, and what is asked of it."""

    attempts: list[Attempt]
    described: list[Described]
    aliases: list[tuple[int, int]]
    job_owner: str
    day: int
    window: int
    namespace: str | None
    owner: str | None
    order: int


some = st.frozensets(st.sampled_from(range(len(DATASETS))), max_size=2)


@st.composite
def attempts(draw: st.DrawFn) -> Attempt:
    """An attempt."""
    reads, writes = draw(some), draw(some)
    columns: frozenset[tuple[int, str]] = frozenset()
    if reads and writes:
        columns = draw(st.frozensets(st.tuples(st.sampled_from(sorted(writes)), st.sampled_from(FIELDS))))
    job, day = draw(st.sampled_from(JOB_NAMES)), draw(st.integers(1, LAST_DAY))
    code, ended, inside = draw(st.booleans()), draw(st.integers(0, 3)) > 0, draw(st.booleans())
    return Attempt(job, day, reads, writes, columns, code, ended, inside and job != "box")


described = st.builds(
    Described,
    st.sampled_from(range(len(DATASETS))),
    st.integers(1, LAST_DAY),
    st.sampled_from([(), ("x",), ("x", "y")]),
    st.frozensets(st.sampled_from(OWNERS), max_size=2),
    st.booleans(),
)
pairs = st.tuples(st.sampled_from(range(len(DATASETS))), st.sampled_from(range(len(DATASETS))))
worlds = st.builds(
    World,
    st.lists(attempts(), min_size=1, max_size=14, unique_by=lambda attempt: (attempt.job, attempt.day)),
    st.lists(described, max_size=5, unique_by=lambda said: (said.dataset, said.day)),
    st.lists(pairs.filter(lambda pair: pair[0] < pair[1]), max_size=2, unique_by=lambda pair: pair[0]),
    st.sampled_from(["", *OWNERS]),
    st.sampled_from([2, 6, *[LAST_DAY] * 3, 40]),
    st.integers(1, 4),
    st.sampled_from([None, None, NS, JOBS]),
    st.sampled_from([None, None, None, "o"]),
    st.integers(0, 30),
)


def time_of(day: int, clock: str) -> str:
    """A clock time on a day of the world."""
    return f"2026-{1 + (day - 1) // 28:02}-{1 + (day - 1) % 28:02}T{clock}:00Z"


def at(day: int, clock: str) -> int:
    return parse_time(time_of(day, clock)).micros


def ds(number: int) -> str:
    namespace, name = DATASETS[number]
    return dataset_key(namespace, name)


def events_of(world: World) -> list[Any]:
    """The world as events, in a random order."""
    found: list[Any] = []
    for source, target in world.aliases:
        namespace, name = DATASETS[target]
        link = {"identifiers": [{"namespace": namespace, "name": name, "type": "TABLE"}]}
        found.append(dataset_event(time_of(1, "00:00"), *reversed(DATASETS[source]), symlinks=link))
    for said in world.described:
        facets: dict[str, Any] = {"schema": schema(*said.fields)}
        facets["ownership"] = {"owners": [{"name": owner} for owner in sorted(said.owners)]}
        if said.source:
            facets["lineage"] = {"inputs": []}
        found.append(dataset_event(time_of(said.day, "12:00"), *reversed(DATASETS[said.dataset]), **facets))
    for number, attempt in enumerate(world.attempts):
        found += _run(world, attempt, number)
    random.Random(world.order).shuffle(found)
    return found


def _run(world: World, attempt: Attempt, number: int) -> list[Any]:
    job_facets: dict[str, Any] = {"jobType": {"processingType": "BATCH", "integration": _integration(attempt.job)}}
    if attempt.job == "test":
        job_facets["jobType"]["jobType"] = "Test"
    if world.job_owner:
        job_facets["ownership"] = {"owners": [{"name": world.job_owner}]}
    if attempt.code:
        job_facets["sourceCodeLocation"] = {"type": "git", "url": "https://git/x", "version": "abc"}
    parent = {"run": {"runId": run_id(_box_run(world))}, "job": {"namespace": JOBS, "name": "box"}}
    run_facets = {"parent": parent} if attempt.inside else {}
    outputs = []
    for output in sorted(attempt.writes):
        fields = {field: {"inputFields": [_source(attempt)]} for other, field in attempt.columns if other == output}
        facets = {"columnLineage": {"fields": fields}} if fields else {}
        outputs.append(dataset(*reversed(DATASETS[output]), **facets))
    inputs = [dataset(*reversed(DATASETS[number])) for number in sorted(attempt.reads)]
    start = event("START", time_of(attempt.day, "01:00"), attempt.job, number, inputs, outputs, run_facets, job_facets)
    end = event("COMPLETE", time_of(attempt.day, "01:30"), attempt.job, number)
    return [start, end] if attempt.ended else [start]


def _source(attempt: Attempt) -> dict[str, str]:
    namespace, name = DATASETS[min(attempt.reads)]
    return {"namespace": namespace, "name": name, "field": "x"}


def _box_run(world: World) -> int:
    """The run that contains others: the first of the box, or one that sends no events."""
    return next((number for number, attempt in enumerate(world.attempts) if attempt.job == "box"), 999)


def _integration(job: str) -> str:
    return "A" if job in ("j0", "j1") else "B"


class Fact(NamedTuple):
    """Something that counts: where, for whom, how much of it, and what is missing, if anything."""

    check: Check
    namespace: str
    owners: frozenset[str]
    countable: int
    key: str = ""
    missing: int = 0
    since: int | None = None


class Oracle:
    """Judges each thing by itself, from what was drawn."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.now = at(world.day, "20:00")
        started = [a for a in world.attempts if a.day <= world.day]
        self.past = {job: sorted((a for a in started if a.job == job), key=lambda a: -a.day) for job in JOB_NAMES}
        self.last = {job: found[: world.window] for job, found in self.past.items()}
        self.live = {job: [a for a in found if a.reads or a.writes][: world.window] for job, found in self.past.items()}
        self.said = sorted((s for s in world.described if s.day <= world.day), key=lambda s: s.day)
        self.components = {self._component(number) for number in range(len(DATASETS))}
        self.components = {c for c in self.components if self._exists(c)}

    def facts(self) -> list[Fact]:
        """Everything that counts, as far as it is asked about."""
        found = [fact for component in self.components for fact in self._dataset(component)]
        found += [fact for job in JOB_NAMES if self.past[job] for fact in self._job(job)]
        world = self.world
        found = [f for f in found if world.owner in (None, *f.owners) and world.namespace in (None, f.namespace)]
        asked = world.namespace in (None, JOBS) and world.owner in (None, world.job_owner)
        return found + ([fact for which in "AB" for fact in self._collector(which)] if asked else [])

    # Datasets

    def _component(self, number: int) -> frozenset[int]:
        joined = {number}
        for _ in DATASETS:
            joined |= {end for pair in self.world.aliases if joined & set(pair) for end in pair}
        return frozenset(joined)

    def _writers(self, component: frozenset[int]) -> list[Attempt]:
        return [a for found in self.past.values() for a in found if a.writes & component]

    def _first(self, component: frozenset[int]) -> int | None:
        """When it was first heard of: written, or else read, or else described."""
        readers = [a for found in self.past.values() for a in found if a.reads & component]
        for found in (self._writers(component), readers):
            if found:
                return min(at(a.day, "01:00") for a in found)
        told = [at(s.day, "12:00") for s in self.said if s.dataset in component and (s.fields or s.owners)]
        told += [at(1, "00:00") for source, _ in self.world.aliases if source in component]
        return min(told, default=None)

    def _exists(self, component: frozenset[int]) -> bool:
        return self._first(component) is not None or self._declared(component)

    def _declared(self, component: frozenset[int]) -> bool:
        return any(s.source for s in self.said if s.dataset in component)

    def _latest(self, component: frozenset[int]) -> list[Described]:
        return [s for s in {s.dataset: s for s in self.said}.values() if s.dataset in component]

    def _fields(self, component: frozenset[int]) -> set[str]:
        return {field for said in self._latest(component) for field in said.fields}

    def _dataset(self, component: frozenset[int]) -> list[Fact]:
        main = min(component, key=lambda number: DATASETS[number])
        owners = frozenset(owner for said in self._latest(component) for owner in said.owners)
        first = self._first(component)

        def fact(check: Check, known: bool, since: int | None = first) -> Fact:
            return Fact(check, DATASETS[main][0], owners, 1, ds(main), not known, since)

        found = [
            fact(Check.DATASET_ORIGIN, bool(self._writers(component)) or self._declared(component)),
            fact(Check.DATASET_OWNER, bool(owners)),
            fact(Check.DATASET_NAME, not self._is_twin(component), None),
        ]
        live = [a for attempts in self.live.values() for a in attempts if a.writes & component]
        derived = {a.job for a in live if any(self._inputs(a, output) for output in a.writes & component)}
        if derived and (fields := self._fields(component)):
            traced = {field for a in live for output, field in a.columns if output in component}
            since = min(self._first_written(job, number) for job in derived for number in self._derived(job, component))
            rest = len(fields - traced)
            found.append(Fact(Check.COLUMN_LINEAGE, DATASETS[main][0], owners, len(fields), ds(main), rest, since))
        return found

    def _derived(self, job: str, component: frozenset[int]) -> set[int]:
        return {out for a in self.live[job] for out in a.writes & component if self._inputs(a, out)}

    def _first_written(self, job: str, number: int) -> int:
        return min(at(a.day, "01:00") for a in self.past[job] if number in a.writes)

    def _inputs(self, attempt: Attempt, output: int) -> set[int]:
        """In a job with several outputs, column lineage tells them apart."""
        own = {min(attempt.reads) for other, _ in attempt.columns if other == output}
        if not own or len(attempt.writes) == 1:
            return set(attempt.reads)
        return own | (attempt.reads - {min(attempt.reads)})

    def _is_twin(self, component: frozenset[int]) -> bool:
        for other in self.components - {component}:
            for one, two in ONE_PLACE:
                if {one, two} & component and {one, two} & other and {one, two} <= component | other:
                    return True
            same = self._fields(component) == self._fields(other) != set()
            for one, two in ENDS_ALIKE:
                apart = not (self._sources(component) & other or self._sources(other) & component)
                if same and apart and {one, two} & component and {one, two} & other and {one, two} <= component | other:
                    return True
        return False

    def _sources(self, component: frozenset[int]) -> set[int]:
        live = [a for attempts in self.live.values() for a in attempts]
        return {source for a in live for output in a.writes & component for source in self._inputs(a, output)}

    # Jobs

    def _job(self, job: str) -> list[Fact]:
        last, live = self.last[job], self.live[job]
        owners = frozenset({self.world.job_owner} - {""})
        since = min(at(a.day, "01:00") for a in (live or last))
        found = [self._ended(a, owners) for a in last]
        holds = any(a.inside for a in self.world.attempts)
        # Who is inside names the box as its job; but only its own runs are there to be counted.
        if job == "box" and holds and not live:
            return [fact for fact in found if fact]
        found.append(Fact(Check.JOB_INPUTS, JOBS, owners, 1, job_key(JOBS, job), not any(a.reads for a in live), since))
        if job != "test":
            writes = any(a.writes for a in live)
            found.append(Fact(Check.JOB_OUTPUTS, JOBS, owners, 1, job_key(JOBS, job), not writes, since))
        bare = [a for a in last if not self._coded(a)]
        oldest = min((at(a.day, "01:00") for a in bare), default=None)
        found.append(Fact(Check.RUN_CODE, JOBS, owners, len(last), job_key(JOBS, job), len(bare), oldest))
        return [fact for fact in found if fact]

    def _coded(self, attempt: Attempt) -> bool:
        box = _box_run(self.world)
        return attempt.code or (attempt.inside and box != 999 and self.world.attempts[box].code)

    def _ended(self, attempt: Attempt, owners: frozenset[str]) -> Fact | None:
        if attempt.ended:
            return Fact(Check.RUN_END, JOBS, owners, 1)
        if self.now - at(attempt.day, "01:00") < 24 * HOUR:
            return None
        key = run_key(run_id(self.world.attempts.index(attempt)))
        return Fact(Check.RUN_END, JOBS, owners, 1, key, 1, at(attempt.day, "01:00"))

    def _collector(self, integration: str) -> list[Fact]:
        jobs = {job: self.last[job] for job in JOB_NAMES if _integration(job) == integration and self.last[job]}
        begin = max((found[-1].day for found in jobs.values() if len(found) == self.world.window), default=0)
        days = sorted({a.day for found in jobs.values() for a in found if a.day >= begin})
        ever = [a.day for job in jobs for a in self.past[job]]
        if len(days) < 4 or max(ever) - min(ever) < 2:
            return []
        pauses = [later - earlier for earlier, later in pairwise(days)]
        usual = max(p for p in pauses if 2 * sum(q for q in pauses if q >= p) >= days[-1] - days[0])
        heard, job = max((self._heard(a), job_key(JOBS, a.job)) for found in jobs.values() for a in found)
        silent = self.now - heard > 5 * usual * 24 * HOUR
        return [Fact(Check.COLLECTOR, JOBS, frozenset({self.world.job_owner} - {""}), 1, job, silent, heard)]

    def _heard(self, attempt: Attempt) -> int:
        return at(attempt.day, "01:30" if attempt.ended else "01:00")


async def check(store: GraphStore, world: World) -> None:
    """The answer of a store is that of the oracle: the scores, those of each namespace and owner, and the findings."""
    changes, events = Changes(store), events_of(world)
    for batch in (events[: world.order], events[world.order :]):
        await changes.add(*batch)
    oracle = Oracle(world)
    question = CompletenessQuestion(oracle.now, world.namespace, world.owner, window=world.window)
    answer = await completeness(store, question)
    facts = oracle.facts()
    assert _counts(answer.scores) == _sum(facts)
    by_namespace = {name: _sum(f for f in facts if f.namespace == name) for name in {f.namespace for f in facts}}
    assert {group.name: _counts(group.scores) for group in answer.by_namespace} == by_namespace
    owners = {owner for fact in facts for owner in fact.owners or {None}}
    by_owner = {owner: _sum(f for f in facts if owner in (f.owners or {None})) for owner in owners}
    assert {group.name: _counts(group.scores) for group in answer.by_owner} == by_owner
    found = sorted(_row(ranked.finding, ranked.finding.of) for ranked in answer.findings)
    assert found == sorted(_row(fact, fact.countable) for fact in facts if fact.missing)
    assert (answer.truncated, answer.notes) == (None, [])


def _row(said: Any, of: int) -> tuple[Any, ...]:
    """A finding, or a fact; since when there are twins is left to examples."""
    since = -1 if said.since is None or said.check == Check.DATASET_NAME else said.since
    return said.check, said.key, int(said.missing), of, since


def _counts(scores: Any) -> dict[Check, tuple[int, int]]:
    return {score.check: (score.known, score.countable) for score in scores if score.countable}


def _sum(facts: Any) -> dict[Check, tuple[int, int]]:
    known: Counter[Check] = Counter()
    countable: Counter[Check] = Counter()
    for fact in facts:
        known[fact.check] += fact.countable - fact.missing
        countable[fact.check] += fact.countable
    return {check: (known[check], countable[check]) for check in countable}


@on_sqlite
@given(worlds)
def test_completeness_is_what_judging_each_thing_by_itself_finds(world):
    run_on_sqlite(check, world)


@on_neo4j
@given(worlds)
def test_completeness_is_what_judging_each_thing_by_itself_finds_on_neo4j(neo4j, world):
    run_on_neo4j(neo4j, check, world)
