"""Impact against a brute-force oracle on random graphs: cycles, diamonds, self-loops, other names, containers, edges
that were dropped, late events, several attempts. The oracle reads what was drawn, not the graph: it says what is live,
and tries every way on, one by one."""

import random
from collections import defaultdict
from itertools import pairwise
from typing import Any, NamedTuple

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.build import JOBS, NS, dataset, dataset_event, event, run_id
from tests.changes import Changes
from tests.property.stores import run_on_neo4j, run_on_sqlite
from whence.analyses.impact.answer import impact
from whence.graph.port import GraphStore
from whence_schemas.identity import column_key, dataset_key, job_key
from whence_schemas.impact import Certainty, Change, ImpactQuestion
from whence_schemas.lineage import Granularity
from whence_schemas.times import parse_time

DATASETS = [f"d{number}" for number in range(5)]
JOB_NAMES = [*(f"j{number}" for number in range(5)), "box"]
"""The last one may contain the others, and may say that it reads and writes something itself."""
FIELDS = ["x", "y"]
LATEST = 3
"""Hours of the day at which attempts start; the question is asked as of one of them."""

on_sqlite = settings(max_examples=120, deadline=None)
on_neo4j = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


class Edge(NamedTuple):
    """A column edge; an empty field is the dataset as a whole."""

    output: str
    field: str
    source: str
    source_field: str
    indirect: bool


class Attempt(NamedTuple):
    """One attempt of a job: a run of its own, or the same run started again."""

    job: str
    hour: int
    again: bool
    failed: bool
    reads: frozenset[str]
    writes: frozenset[str]
    columns: frozenset[Edge]
    parent: bool


class World(NamedTuple):
    """What happened, and what is asked of it."""

    attempts: list[Attempt]
    aliases: list[tuple[str, str]]
    starts: list[tuple[str, str]]
    change: Change
    granularity: Granularity
    hour: int
    window: int
    depth: int
    order: int


some = st.frozensets(st.sampled_from(DATASETS), max_size=2)


@st.composite
def attempts(draw: st.DrawFn) -> Attempt:
    """An attempt whose columns, where it tells them, may leave out an input or an output."""
    reads, writes = draw(some), draw(some)
    columns: frozenset[Edge] = frozenset()
    if reads and writes and draw(st.integers(0, 3)):
        outputs = st.sampled_from(sorted(writes))
        sources = st.sampled_from(sorted(reads))
        fields, sides = st.sampled_from(FIELDS), st.sampled_from([*FIELDS, ""])
        edge = st.builds(Edge, outputs, sides, sources, fields, st.booleans())
        columns = draw(st.frozensets(edge, min_size=1, max_size=5))
    job, hour = draw(st.sampled_from(JOB_NAMES)), draw(st.integers(0, LATEST))
    again, failed, inside = (draw(st.booleans()) for _ in range(3))
    return Attempt(job, hour, again, failed, reads, writes, columns, inside and job != "box")


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A random world. No two attempts of a job start at one time: their order would be that of their run ids."""
    made = draw(st.lists(attempts(), min_size=1, max_size=12, unique_by=lambda attempt: (attempt.job, attempt.hour)))
    pairs = st.tuples(st.sampled_from(DATASETS), st.sampled_from(DATASETS)).filter(lambda pair: pair[0] < pair[1])
    aliases = draw(st.lists(pairs, max_size=2, unique_by=lambda pair: pair[0]))
    granularity = draw(st.sampled_from([Granularity.DATASET, *[Granularity.COLUMN] * 3]))
    change = draw(st.sampled_from(Change))
    known = [(name, "") for name in DATASETS]
    if granularity == Granularity.COLUMN:  # mostly such as are used
        used = [(edge.source, edge.source_field) for attempt in made for edge in sorted(attempt.columns)]
        known += 3 * used + [(name, field) for name in DATASETS for field in FIELDS]
    if change in (Change.DROP, Change.VALUES):
        known += [(name, "job") for name in JOB_NAMES]
    starts = draw(st.lists(st.sampled_from(known), min_size=1, max_size=3, unique=True))
    hour, depth = draw(st.sampled_from([0, 1, *[LATEST] * 3])), draw(st.sampled_from([0, 1, 2, *[5] * 4]))
    numbers = [hour, draw(st.integers(1, 3)), depth, draw(st.integers(0, 30))]
    return World(made, aliases, starts, change, granularity, *numbers)


def events_of(world: World) -> list[Any]:
    """The world as events, in a random order: late ones too. Everything that a question may name is there."""
    facets = {"fields": [{"name": field, "type": "int"} for field in FIELDS]}
    others = defaultdict(list)
    for name, other in world.aliases:
        others[name].append({"namespace": NS, "name": other, "type": "TABLE"})
    found = [
        dataset_event(
            "00:00:00", name, schema=facets, **({"symlinks": {"identifiers": others[name]}} if others[name] else {})
        )
        for name in DATASETS
    ]
    found += [event("START", "00:00:00", name, _first_run(name)) for name in JOB_NAMES]
    for number, attempt in enumerate(world.attempts):
        # Started again: one run of a job has all its attempts that are `again`; each ends before the next starts.
        run = 500 + JOB_NAMES.index(attempt.job) if attempt.again else number + 1
        parent = {"run": {"runId": run_id(_first_run("box"))}, "job": {"namespace": JOBS, "name": "box"}}
        facets = {"parent": parent} if attempt.parent else {}
        found.append(event("START", f"{attempt.hour + 1:02}:00:00", attempt.job, run, run_facets=facets))
        end = "FAIL" if attempt.failed else "COMPLETE"
        outputs = [_output(name, attempt.columns) for name in sorted(attempt.writes)]
        found.append(
            event(end, f"{attempt.hour + 1:02}:30:00", attempt.job, run, sorted(attempt.reads), outputs, facets)
        )
    random.Random(world.order).shuffle(found)
    return found


def _first_run(job: str) -> int:
    return 900 + JOB_NAMES.index(job)


def _output(name: str, edges: frozenset[Edge]) -> Any:
    fields: dict[str, Any] = {}
    whole: list[Any] = []
    for edge in sorted(edge for edge in edges if edge.output == name):
        said = [{"type": "INDIRECT", "subtype": "FILTER"}] if edge.indirect else [{"type": "DIRECT"}]
        source = {"namespace": NS, "name": edge.source, "field": edge.source_field, "transformations": said}
        (fields.setdefault(edge.field, {"inputFields": []})["inputFields"] if edge.field else whole).append(source)
    return dataset(name, **({"columnLineage": {"fields": fields, "dataset": whole}} if fields or whole else {}))


class Oracle:
    """The answer, by trying every way on from everything reached, one step after the other."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.live: dict[str, list[Attempt]] = {}
        for job in JOB_NAMES:
            # An attempt that reports no datasets counts in no window.
            said = [a for a in world.attempts if a.job == job and a.hour <= world.hour and (a.reads or a.writes)]
            self.live[job] = sorted(said, key=lambda attempt: -attempt.hour)[: world.window]
        self.names = {name: self._component(name) for name in DATASETS}

    def starts(self) -> set[str]:
        """Keys of the starts, by the names that stand for them."""
        return {_key(self.names.get(name, name), field) for name, field in self.world.starts}

    def _component(self, name: str) -> str:
        joined = {name}
        for _ in DATASETS:
            joined |= {end for pair in self.world.aliases if joined & set(pair) for end in pair}
        return min(joined)

    def reads(self, job: str) -> set[str]:
        """What a job reads, by the names that were read."""
        return {name for attempt in self.live[job] for name in attempt.reads}

    def passes(self, job: str, name: str) -> bool:
        """Whether lineage passes from the name through the job: not if this contains a job that reads it too."""
        inner = [other for other in JOB_NAMES if any(attempt.parent for attempt in self.live[other])]
        return name in self.reads(job) and not (job == "box" and any(name in self.reads(other) for other in inner))

    def flows(self, job: str, source: str) -> set[str]:
        """What an input flows into."""
        return {
            output
            for attempt in self.live[job]
            if source in attempt.reads
            for output in attempt.writes
            if source in self._inputs(attempt, output)
        }

    def _inputs(self, attempt: Attempt, output: str) -> set[str]:
        """In a job with several outputs, column lineage tells them apart."""
        own = {edge.source for edge in attempt.columns if edge.output == output}
        if not own or len(attempt.writes) == 1:
            return set(attempt.reads)
        return own | (attempt.reads - {edge.source for edge in attempt.columns})

    def steps(self, spot: tuple[str, str, bool]) -> set[tuple[str, tuple[str, str, bool] | None, bool]]:
        """Every single step from a spot: the job, where to (None: it only reads), whether it is recorded."""
        dataset_name, field, goes_on = spot
        found: set[Any] = set()
        if not goes_on:
            return found
        for job in JOB_NAMES:
            for name in DATASETS:
                if self.names[name] != dataset_name or not self.passes(job, name):
                    continue
                outputs = self.flows(job, name)
                if not outputs:
                    found.add((job, None, self.world.granularity == Granularity.DATASET or not field))
                for output in outputs:
                    found |= self._ways(job, name, field, output)
        return found

    def _ways(self, job: str, name: str, field: str, output: str) -> set[Any]:
        target = self.names[output]
        if self.world.granularity == Granularity.DATASET:
            return {(job, (target, "", True), True)}
        edges = {e for a in self.live[job] for e in a.columns if (e.source, e.output) == (name, output)}
        if not edges:
            return {(job, (target, "", True), False)}
        retype = self.world.change == Change.RETYPE
        return {
            (job, (target, e.field, not (retype and e.indirect)), True) for e in edges if field in ("", e.source_field)
        }

    def answer(self) -> tuple[dict[str, tuple[int, bool]], set[Any]]:
        """Distance by key and whether the best of the shortest paths is recorded; and all steps that there are."""
        best: dict[Any, tuple[int, bool]] = {}
        jobs: dict[str, tuple[int, bool]] = {}
        for name, field in self.world.starts:
            if field == "job":
                jobs |= dict.fromkeys(self._in(name), (0, True))
            else:
                best[self.names[name], field, True] = (0, True)
        depth = min(self.world.depth, 1) if self.world.change == Change.RENAME else self.world.depth
        all_steps: set[Any] = set()
        for distance in range(1, depth + 1):
            offers = [
                ((self.names[output], "", True), True, None, True)
                for job in (jobs if distance == 1 else ())
                for attempt in self.live.get(job, ())
                for output in attempt.writes
            ]
            for spot, (at, recorded) in list(best.items()):
                if at == distance - 1:
                    for job, target, said in self.steps(spot):
                        all_steps.add((spot[:2], job, target[:2] if target else None))
                        offers.append((target, recorded and said, job, recorded and (said or not spot[1])))
            for target, recorded, job, reads in offers:
                if job is not None:
                    jobs[job] = _better(jobs.get(job), (distance, reads))
                if target is not None:
                    best[target] = _better(best.get(target), (distance, recorded))
        return self._keys(best, jobs), all_steps

    def _in(self, name: str) -> set[str]:
        """A job with what it contains."""
        return {name} | ({a.job for a in self.world.attempts if a.parent} if name == "box" else set())

    def _keys(
        self, best: dict[Any, tuple[int, bool]], jobs: dict[str, tuple[int, bool]]
    ) -> dict[str, tuple[int, bool]]:
        found: dict[str, tuple[int, bool]] = {}
        for (name, field, _), how in best.items():
            key = dataset_key(NS, name)
            for one in {key, column_key(key, field) if field else key}:
                found[one] = _better(found.get(one), how)
        found |= {job_key(JOBS, job): how for job, how in jobs.items()}
        return {key: how for key, how in found.items() if how[0]}


def _key(name: str, field: str) -> str:
    """Key of a start."""
    if field == "job":
        return job_key(JOBS, name)
    return column_key(dataset_key(NS, name), field) if field else dataset_key(NS, name)


def _better(one: tuple[int, bool] | None, other: tuple[int, bool]) -> tuple[int, bool]:
    return other if one is None else min(one, other, key=lambda how: (how[0], not how[1]))


async def check(store: GraphStore, world: World) -> None:
    """The answer of a store is that of the oracle, and every path is one of live steps, each as certain as it says."""
    changes, events = Changes(store), events_of(world)
    for batch in (events[: world.order], events[world.order :]):
        await changes.add(*batch)
    oracle = Oracle(world)
    expected, steps = oracle.answer()
    as_of = parse_time(f"2026-01-01T{world.hour + 1:02}:45:00Z").micros
    starts = tuple(_key(*start) for start in world.starts)
    question = ImpactQuestion(starts, as_of, world.change, world.granularity, world.depth, world.window)
    answer = await impact(store, question)
    found = {t.key: (t.distance, t.step.certainty == Certainty.RECORDED) for t in answer.touched}
    assert found == expected
    assert [(t.distance, t.key) for t in answer.touched] == sorted((t.distance, t.key) for t in answer.touched)
    keys = {dataset_key(NS, name): name for name in DATASETS} | {job_key(JOBS, name): name for name in JOB_NAMES}
    for touched in answer.touched:
        path = touched.step.path()
        assert touched.key in (path[-1].place.key, path[-1].place.asset)
        assert path[0].place.key in oracle.starts()
        assert sum(bool(step.by) for step in path) + (touched.key[0] == "J") == touched.distance
        _check_path(path, steps, keys)


def _check_path(path: list[Any], steps: set[Any], keys: dict[str, str]) -> None:
    """Each step of a path is one that there is."""
    for before, step in pairwise(path):
        if before.place.asset[0] == "J":  # a job that changes, and what it writes or contains
            continue
        spot = keys[before.place.asset], before.place.field
        if step.by:
            assert (spot, keys[step.by], (keys[step.place.asset], step.place.field)) in steps
        else:
            assert any((spot, keys[step.place.asset]) == one[:2] for one in steps)


@on_sqlite
@given(worlds())
def test_impact_is_what_trying_everything_finds(world):
    run_on_sqlite(check, world)


@on_neo4j
@given(worlds())
def test_impact_is_what_trying_everything_finds_on_neo4j(neo4j, world):
    run_on_neo4j(neo4j, check, world)
