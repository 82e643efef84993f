"""Provenance against a brute-force oracle on random worlds: several attempts, failed and running ones, late events,
other names, containers, partitions, versions with names and without, drops. The oracle reads what was drawn, not the
graph: of every single reading it works out what was read, from all that was ever produced."""

import random
from collections import defaultdict
from itertools import pairwise
from typing import Any, NamedTuple

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.build import JOBS, NS, dataset, dataset_event, event, run_id
from tests.changes import Changes
from tests.property.stores import run_on_neo4j, run_on_sqlite
from whence.analyses.provenance.answer import provenance
from whence.graph.port import GraphStore
from whence_schemas.errors import NotFound
from whence_schemas.identity import attempt_id, attempt_version_key, dataset_key, run_key, version_key
from whence_schemas.lineage import Direction
from whence_schemas.provenance import ProvenanceQuestion
from whence_schemas.times import parse_time

DATASETS = [f"d{number}" for number in range(4)]
JOB_NAMES = [*(f"j{number}" for number in range(4)), "box"]
"""Runs of the others may be contained in the first run of the last one."""
LABELS = ["", "", "v1", "v2"]
PARTS = ["", "", "p", "q", "pq"]
LATEST = 4

on_sqlite = settings(max_examples=120, deadline=None)
on_neo4j = settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


class Touch(NamedTuple):
    """A dataset that an attempt reads or writes: the version named, the partitions (letters), whether it is dropped."""

    name: str
    label: str
    parts: str
    drop: bool


class Attempt(NamedTuple):
    """One attempt of a job: a run of its own, or the same run started again. end: RUNNING has none; AT ONCE it starts
    and completes in one event."""

    job: str
    hour: int
    again: bool
    end: str
    reads: tuple[Touch, ...]
    writes: tuple[Touch, ...]
    parent: bool


class World(NamedTuple):
    """What happened, and what is asked of it. start: a run's number, or a dataset's; what: which version of it."""

    attempts: list[Attempt]
    aliases: list[tuple[str, str]]
    start: int
    name: str
    what: str
    direction: Direction
    hour: int
    depth: int
    order: int


def touches(drop: st.SearchStrategy[bool]) -> st.SearchStrategy[tuple[Touch, ...]]:
    one = st.builds(Touch, st.sampled_from(DATASETS), st.sampled_from(LABELS), st.sampled_from(PARTS), drop)
    return st.lists(one, max_size=2, unique_by=lambda touch: touch.name).map(tuple)


@st.composite
def attempts(draw: st.DrawFn) -> Attempt:
    """An attempt; one that is started again has ended before."""
    again = draw(st.booleans())
    end = draw(
        st.sampled_from(
            ["COMPLETE", "COMPLETE", "COMPLETE", "FAIL", "ABORT", *([] if again else ["RUNNING", "AT ONCE"])]
        )
    )
    reads = draw(touches(st.just(False)))
    writes = draw(touches(st.sampled_from([False] * 7 + [True])))
    job = draw(st.sampled_from(JOB_NAMES))
    return Attempt(job, draw(st.integers(0, LATEST)), again, end, reads, writes, draw(st.booleans()) and job != "box")


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A random world."""
    made = draw(st.lists(attempts(), min_size=1, max_size=12, unique_by=lambda attempt: (attempt.job, attempt.hour)))
    pairs = st.tuples(st.sampled_from(DATASETS), st.sampled_from(DATASETS)).filter(lambda pair: pair[0] < pair[1])
    aliases = draw(st.lists(pairs, max_size=2, unique_by=lambda pair: pair[0]))
    runs = [_run(number, attempt) for number, attempt in enumerate(made)]
    start, name = draw(st.sampled_from([*runs, _first_run("box")])), draw(st.sampled_from(DATASETS))
    what = draw(st.sampled_from(["current", "current", "v1", "of run", "run", "run"]))
    direction = draw(st.sampled_from([Direction.UPSTREAM, Direction.DOWNSTREAM]))
    hour, depth = draw(st.sampled_from([1, *[LATEST] * 4])), draw(st.sampled_from([0, 1, 2, *[20] * 4]))
    return World(made, aliases, start, name, what, direction, hour, depth, draw(st.integers(0, 30)))


def _run(number: int, attempt: Attempt) -> int:
    return 500 + JOB_NAMES.index(attempt.job) if attempt.again else number + 1


def _first_run(job: str) -> int:
    return 900 + JOB_NAMES.index(job)


def events_of(world: World) -> list[Any]:
    """The world as events, in a random order: late ones too."""
    others = defaultdict(list)
    for name, other in world.aliases:
        others[name].append({"namespace": NS, "name": other, "type": "TABLE"})
    found = [
        dataset_event("00:00:00", name, **({"symlinks": {"identifiers": others[name]}} if others[name] else {}))
        for name in DATASETS
    ]
    found += [event("START", "00:00:00", name, _first_run(name)) for name in JOB_NAMES]
    for number, attempt in enumerate(world.attempts):
        run = _run(number, attempt)
        parent = {"run": {"runId": run_id(_first_run("box"))}, "job": {"namespace": JOBS, "name": "box"}}
        facets = {"parent": parent} if attempt.parent else {}
        said = [_sent(touch, "input") for touch in attempt.reads], [_sent(touch, "output") for touch in attempt.writes]
        begun = said if attempt.end == "RUNNING" else ([], [])
        if attempt.end != "AT ONCE":
            found.append(event("START", _clock(attempt.hour, 0), attempt.job, run, *begun, facets))
        if attempt.end != "RUNNING":
            end = "COMPLETE" if attempt.end == "AT ONCE" else attempt.end
            found.append(event(end, _clock(attempt.hour, 30), attempt.job, run, *said, facets))
    random.Random(world.order).shuffle(found)
    return found


def _clock(hour: int, minute: int) -> str:
    return f"{hour + 1:02}:{minute:02}:00"


def _sent(touch: Touch, side: str) -> Any:
    facets: dict[str, Any] = {"version": {"datasetVersion": touch.label}} if touch.label else {}
    if touch.drop:
        facets["lifecycleStateChange"] = {"lifecycleStateChange": "DROP"}
    if touch.parts:
        condition = {"type": "partition", "partitions": [{"dimensions": {"p": letter}} for letter in touch.parts]}
        facets[side] = {"subset": {f"{side}Condition": condition}}
    return dataset(touch.name, **facets)


class Use(NamedTuple):
    """A reading or a production, in the oracle's words. attempt: its id; order: by which the last one is told."""

    order: tuple[int, str, int]
    attempt: str
    touch: Touch
    complete: bool = False

    @property
    def version(self) -> str:
        """The version produced, or named; else empty."""
        key = dataset_key(NS, self.touch.name)
        return version_key(key, self.touch.label) if self.touch.label else attempt_version_key(key, self.attempt)


class Oracle:
    """The answer, by trying everything."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.as_of = _micros(world.hour, 45)
        self.names = {name: self._component(name) for name in DATASETS}
        self.readings: list[Use] = []
        self.productions: list[Use] = []
        self.attempts: dict[str, list[tuple[int, str]]] = {run_key(run_id(_first_run(n))): [] for n in JOB_NAMES}
        self.attempts = {run: [(_micros(-1, 0), attempt_id(run, 0))] for run in self.attempts}
        seen: dict[int, int] = defaultdict(int)
        for number, attempt in sorted(enumerate(world.attempts), key=lambda one: one[1].hour):
            run = _run(number, attempt)
            self._add(attempt, run_key(run_id(run)), seen[run])
            seen[run] += 1

    def _add(self, attempt: Attempt, run: str, number: int) -> None:
        key, start = attempt_id(run, number), _micros(attempt.hour, 30 if attempt.end == "AT ONCE" else 0)
        end = start if attempt.end == "RUNNING" else _micros(attempt.hour, 30)
        self.attempts.setdefault(run, []).append((start, key))
        self.readings += [Use((start, run, number), key, touch) for touch in attempt.reads if start <= self.as_of]
        done = attempt.end in ("COMPLETE", "AT ONCE")
        self.productions += [Use((end, run, number), key, t, done) for t in attempt.writes if end <= self.as_of]

    def _component(self, name: str) -> list[str]:
        joined = {name}
        for _ in DATASETS:
            joined |= {end for pair in self.world.aliases if joined & set(pair) for end in pair}
        return sorted(joined)

    def _last(self, uses: list[Use]) -> Use | None:
        """The last one; of one attempt the one under the first of the dataset's names."""
        newest = max((use.order for use in uses), default=None)
        return min((use for use in uses if use.order == newest), key=lambda use: use.touch.name, default=None)

    def of(self, name: str, uses: list[Use]) -> list[Use]:
        """Those of a dataset, under all its names."""
        return [use for use in uses if use.touch.name in self.names[name]]

    def made(self, reading: Use) -> Use | None:
        """The production of what was read."""
        candidates = self.of(reading.touch.name, self.productions)
        if reading.touch.label:
            named = [use for use in candidates if use.touch.label == reading.touch.label]
            return self._last([use for use in named if use.order[0] <= reading.order[0]] or named)
        last = self._last(
            [
                use
                for use in candidates
                if use.complete
                and use.order[0] <= reading.order[0]
                and use.attempt != reading.attempt
                and (not use.touch.parts or not reading.touch.parts or set(use.touch.parts) & set(reading.touch.parts))
            ]
        )
        return None if last is None or last.touch.drop else last

    def version_read(self, reading: Use) -> tuple[str, str, Use | None]:
        """What was read, how that is known, and its production."""
        made = self.made(reading)
        if reading.touch.label:
            return made.version if made else self._unmade(reading), "NAMED", made
        if made:
            return made.version, "INFERRED", made
        return self._unmade(reading), "UNKNOWN", None

    def _unmade(self, reading: Use) -> str:
        key = dataset_key(NS, self.names[reading.touch.name][0])
        return version_key(key, reading.touch.label) if reading.touch.label else key

    def start(self) -> tuple[list[Use], str, list[str]] | None:
        """Productions of the start's version; its key where nobody produced it; attempts. None: there is no such."""
        world = self.world
        if world.what == "run":
            runs = {run_key(run_id(world.start))}
            if world.start == _first_run("box"):
                runs |= {run_key(run_id(_run(n, a))) for n, a in enumerate(world.attempts) if a.parent}
            last = [[key for start, key in self.attempts[run] if start <= self.as_of][-1:] for run in runs]
            found = [key for keys in last for key in keys]
            return ([], "", found) if found else None
        made = self.of(world.name, self.productions)
        read = self.of(world.name, self.readings)
        if world.what == "of run":
            mine = [use for use in made if use.order[1] == run_key(run_id(world.start))]
            last_one = max((use.order[2] for use in mine), default=0)
            mine = sorted((use for use in mine if use.order[2] == last_one), key=lambda use: use.touch.name)
            return (mine[:1], "", []) if mine else None
        if world.what == "v1":
            named = [use for use in made if use.touch.label == "v1"]
            best = self._last([use for use in named if use.complete and not use.touch.drop]) or self._last(named)
            if best:
                return [best, *(use for use in named if use != best)], "", []
            newest = self._last([use for use in read if use.touch.label == "v1"])
            return ([], self._unmade(newest), []) if newest else None
        current = self._last([use for use in made if use.complete])
        if current:
            return ([], "", []) if current.touch.drop else ([current], "", [])
        newest = self._last(read)
        return [], self._unmade(newest) if newest else dataset_key(NS, self.names[world.name][0]), []

    def answer(self) -> Any:
        """Distances of attempts and versions, and the edges; None where there is no such start."""
        start = self.start()
        if start is None:
            return None
        made, unmade, attempts = start
        self.found: dict[str, int] = dict.fromkeys(attempts, 0) | ({unmade: 0} if unmade else {})
        self.found |= dict.fromkeys((use.version for use in made), 0)
        self.used: set[tuple[str, str, str]] = set()
        self.generated: set[tuple[str, str]] = set()
        if self.world.direction == Direction.UPSTREAM:
            for use in made[:1]:
                self._generate(use, 0)
            self._upstream()
        else:
            self._downstream(made)
        return self.found, self.used, self.generated

    def _generate(self, use: Use, distance: int) -> None:
        self.found.setdefault(use.attempt, distance)
        self.found.setdefault(use.version, distance)
        self.generated.add((use.attempt, use.version))

    def _upstream(self) -> None:
        for distance in range(1, self.world.depth + 1):
            for reading in self.readings:
                if self.found.get(reading.attempt) == distance - 1:
                    version, known, made = self.version_read(reading)
                    self.used.add((reading.attempt, version, known))
                    self.found.setdefault(version, distance)
                    if made:
                        self._generate(made, distance)

    def _downstream(self, made: list[Use]) -> None:
        reached = set(made)  # productions whose readers count
        for distance in range(self.world.depth + 1):
            if distance:
                for reading in self.readings:
                    version, known, source = self.version_read(reading)
                    if source in reached if source else self.found.get(version) == 0:
                        self.used.add((reading.attempt, version, known))
                        self.found.setdefault(reading.attempt, distance)
            new = [u for u in self.productions if u.attempt in self.found and not (u.complete and u.touch.drop)]
            for use in new if not (distance == 0 and made) else []:
                self._generate(use, distance)
            reached |= set(new) if not (distance == 0 and made) else set()


def _micros(hour: int, minute: int) -> int:
    return parse_time(f"2026-01-01T{_clock(hour, minute)}Z").micros


def question_of(world: World) -> ProvenanceQuestion:
    """The question in the store's words."""
    run = run_key(run_id(world.start))
    start = run if world.what == "run" else dataset_key(NS, world.name)
    return ProvenanceQuestion(
        start,
        _micros(world.hour, 45),
        "v1" if world.what == "v1" else "",
        run if world.what == "of run" else "",
        world.direction,
        world.depth,
    )


async def check(store: GraphStore, world: World) -> None:
    """The answer of a store is that of the oracle, and every path is one of its edges."""
    changes, events = Changes(store), events_of(world)
    for batch in (events[: world.order], events[world.order :]):
        await changes.add(*batch)
    expected = Oracle(world).answer()
    try:
        found = await provenance(store, question_of(world))
    except NotFound:
        assert expected is None
        return
    nodes = {**found.attempts, **found.versions}
    assert (
        {key: node.distance for key, node in nodes.items()},
        {(edge.attempt, edge.version, str(edge.known)) for edge in found.used},
        {(edge.attempt, edge.version) for edge in found.generated},
    ) == expected
    assert all(
        list(some) == sorted(some, key=lambda k: (some[k].distance, k)) for some in (found.attempts, found.versions)
    )
    edges = {frozenset((edge.attempt, edge.version)) for edge in [*found.used, *found.generated]}
    for key, node in nodes.items():
        path = found.path(key)
        assert nodes[path[0]].distance == 0
        assert all(frozenset(step) in edges for step in pairwise(path))
        assert len(set(path)) == len(path)
        assert sum(step[0] == "R" for step in path) <= node.distance + 1


@on_sqlite
@given(worlds())
def test_provenance_is_what_trying_everything_finds(world):
    run_on_sqlite(check, world)


@on_neo4j
@given(worlds())
def test_provenance_is_what_trying_everything_finds_on_neo4j(neo4j, world):
    run_on_neo4j(neo4j, check, world)
