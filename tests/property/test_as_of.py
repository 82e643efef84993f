"""Lineage at any time and window, and what differs between two times, against a brute-force oracle on random worlds:
late events, several attempts, declarations that replace one another, other names that come and go, renames, containers,
self-loops, cycles. The oracle reads what was drawn, not the graph, and looks through all of it for every question."""

import json
import random
from itertools import chain
from typing import Any, NamedTuple

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.build import JOBS, NS, dataset_event, event, job_event, run_id
from tests.changes import Changes
from tests.property.stores import run_on_neo4j, run_on_sqlite
from tests.property.test_impact import DATASETS, FIELDS, JOB_NAMES, LATEST, Attempt, Edge, _first_run, _output, attempts
from whence.analyses.diff.answer import diff
from whence.graph.port import GraphStore
from whence.lineage.answer import lineage
from whence_schemas.diff import Difference, DiffQuestion
from whence_schemas.identity import column_key, dataset_key, job_key, run_key
from whence_schemas.lineage import Direction, Granularity, Question
from whence_schemas.times import parse_time

on_sqlite = settings(max_examples=120, deadline=None)
on_neo4j = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


class Names(NamedTuple):
    """What a dataset says of its other names from an hour on, and that it had another name before."""

    hour: int
    name: str
    others: frozenset[str]
    before: str | None


class World(NamedTuple):
    """What happened, and what is asked of it. declared: the last word of a job by then; again, failed and parent say
    nothing there. late: a column that datasets have from an hour on. times: of the day, as (hour, minute)."""

    attempts: list[Attempt]
    declared: list[Attempt]
    names: list[Names]
    late: dict[str, int]
    start: tuple[str, str]
    direction: Direction
    granularity: Granularity
    times: tuple[tuple[int, int], tuple[int, int]]
    window: int
    depth: int
    order: int


hours = st.integers(0, LATEST)
moments = st.tuples(st.integers(0, LATEST), st.sampled_from([15, 45]))


@st.composite
def names(draw: st.DrawFn) -> Names:
    """What a dataset says of its names."""
    name = draw(st.sampled_from(DATASETS))
    others = st.sampled_from([other for other in DATASETS if other != name])
    return Names(draw(hours), name, draw(st.frozensets(others, max_size=1)), draw(st.none() | others))


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A random world; of one job or dataset nothing is said twice at one time."""
    made = draw(st.lists(attempts(), min_size=1, max_size=10, unique_by=lambda attempt: (attempt.job, attempt.hour)))
    telling = attempts().filter(lambda attempt: bool(attempt.reads or attempt.writes))
    telling = telling.map(lambda attempt: attempt._replace(parent=False, again=False, failed=False))
    declared = draw(st.lists(telling, max_size=4, unique_by=lambda attempt: (attempt.job, attempt.hour)))
    said = draw(st.lists(names(), max_size=3, unique_by=lambda one: (one.name, one.hour)))
    late = draw(st.dictionaries(st.sampled_from(DATASETS), hours, max_size=2))
    granularity = draw(st.sampled_from([Granularity.DATASET, Granularity.COLUMN]))
    starts = [(name, "") for name in DATASETS]
    if granularity == Granularity.COLUMN:
        starts += [(name, field) for name in DATASETS for field in FIELDS]
    else:
        starts += [(name, "job") for name in JOB_NAMES]
    times = sorted(draw(st.tuples(moments, moments)))
    return World(
        made,
        declared,
        said,
        late,
        draw(st.sampled_from(starts)),
        draw(st.sampled_from(Direction)),
        granularity,
        (times[0], times[1]),
        draw(st.integers(1, 3)),
        draw(st.sampled_from([0, 1, 2, 5, 5])),
        draw(st.integers(0, 30)),
    )


def events_of(world: World) -> list[Any]:
    """The world as events, in a random order: late ones too."""
    fields = {"fields": [{"name": field, "type": "int"} for field in FIELDS]}
    more = {"fields": [*fields["fields"], {"name": "late"}]}
    found = [dataset_event("00:00:00", name, schema=fields) for name in DATASETS]
    found += [dataset_event(f"{hour + 1:02}:02:00", name, schema=more) for name, hour in world.late.items()]
    found += [event("START", "00:00:00", name, _first_run(name)) for name in JOB_NAMES]
    for said in world.names:
        facets: dict[str, Any] = {"symlinks": {"identifiers": [_named(other) for other in sorted(said.others)]}}
        if said.before:
            renamed = {"lifecycleStateChange": "RENAME", "previousIdentifier": _named(said.before)}
            facets["lifecycleStateChange"] = renamed
        found.append(dataset_event(f"{said.hour + 1:02}:05:00", said.name, **facets))
    for one in world.declared:
        outputs = [_output(name, one.columns) for name in sorted(one.writes)]
        found.append(job_event(f"{one.hour + 1:02}:10:00", one.job, sorted(one.reads), outputs))
    for number, one in enumerate(world.attempts):
        run = _run(one, number)
        parent = {"run": {"runId": run_id(_first_run("box"))}, "job": {"namespace": JOBS, "name": "box"}}
        facets = {"parent": parent} if one.parent else {}
        found.append(event("START", f"{one.hour + 1:02}:00:00", one.job, run, run_facets=facets))
        outputs = [_output(name, one.columns) for name in sorted(one.writes)]
        end = "FAIL" if one.failed else "COMPLETE"
        found.append(event(end, f"{one.hour + 1:02}:30:00", one.job, run, sorted(one.reads), outputs, facets))
    random.Random(world.order).shuffle(found)
    return found


def _named(name: str) -> dict[str, str]:
    return {"namespace": NS, "name": name, "type": "TABLE"}


def _run(attempt: Attempt, number: int) -> int:
    """Started again: one run of a job has all its attempts that are `again`."""
    return 500 + JOB_NAMES.index(attempt.job) if attempt.again else number + 1


def at(moment: tuple[int, int]) -> int:
    return parse_time(f"2026-01-01T{moment[0] + 1:02}:{moment[1]:02}:00Z").micros


End = tuple[str, str]
"""A dataset (or with a field a column) by the name that stands for it, or (job, "job")."""


class Oracle:
    """The lineage at one time: nodes with their distances; edges with how they are supported."""

    def __init__(self, world: World, moment: tuple[int, int]) -> None:
        self.world = world
        hour = moment[0]
        self.hour = hour
        self.observed: dict[str, list[Attempt]] = {}
        self.declared: dict[str, list[Attempt]] = {}
        for job in JOB_NAMES:
            said = [a for a in world.attempts if a.job == job and a.hour <= hour and (a.reads or a.writes)]
            self.observed[job] = sorted(said, key=lambda a: -a.hour)[: world.window]
            said = [a for a in world.declared if a.job == job and a.hour <= hour]
            self.declared[job] = sorted(said, key=lambda a: -a.hour)[:1]
        self.stands = self._components()
        self.nodes: dict[End, int] = {}
        self.edges: dict[tuple[End, str, End, str], Any] = {}
        ways = [way for way in (Direction.UPSTREAM, Direction.DOWNSTREAM) if world.direction in (way, Direction.BOTH)]
        for way in ways:
            up = way == Direction.UPSTREAM
            self._columns(upstream=up) if world.granularity == Granularity.COLUMN else self._datasets(upstream=up)

    def _components(self) -> dict[str, str]:
        pairs = [(said.name, said.before) for said in self.world.names if said.before and said.hour <= self.hour]
        for name in DATASETS:
            said = [one for one in self.world.names if one.name == name and one.hour <= self.hour]
            if said:
                pairs += [(name, other) for other in max(said).others]
        found = {}
        for name in DATASETS:
            joined = {name}
            for _ in DATASETS:
                joined |= {end for pair in pairs if joined & set(pair) for end in pair}
            found[name] = min(joined)
        return found

    def live(self, job: str) -> list[Attempt]:
        return self.observed[job] + self.declared[job]

    def same(self, name: str) -> list[str]:
        return [other for other in DATASETS if self.stands[other] == name]

    def _note(self, source: End, kind: str, target: End, job: str, shows: Any) -> None:
        attempts = [a for a in self.observed[job] if shows(a)]
        support = len(attempts), len(self.observed[job]), sum(a.failed for a in attempts)
        self.edges.setdefault((source, kind, target, job), set()).add((support, any(map(shows, self.declared[job]))))

    def _reach(self, node: End, distance: int) -> None:
        self.nodes[node] = min(distance, self.nodes.get(node, distance))

    # Datasets and jobs

    def _datasets(self, *, upstream: bool) -> None:
        name, field = self.world.start
        distance, frontier = 0, {self.stands.get(name, name)}
        if field == "job":
            frontier, distance = self._leave(name, upstream=upstream), 1
        for one in frontier:
            self._reach((one, ""), distance)
        visited = set(frontier)
        while frontier and distance < self.world.depth:
            distance += 1
            found = {other for one in frontier for other in self._step(one, distance, upstream=upstream)}
            for one in found:
                self._reach((one, ""), distance)
            frontier = found - visited
            visited |= found

    def _leave(self, name: str, *, upstream: bool) -> set[str]:
        inner = {a.job for a in self.world.attempts if a.parent and a.hour <= self.hour} if name == "box" else set()
        found = set()
        for job in {name} | inner:
            self._reach((job, "job"), 0)
            if job != name:
                self._note((job, "job"), "PART_OF", (name, "job"), job, lambda a: a.parent)
            for touched in {d for a in self.live(job) for d in (a.reads if upstream else a.writes)}:
                self._touch(job, "READS" if upstream else "WRITES", touched)
                found.add(self.stands[touched])
        return found

    def _touch(self, job: str, kind: str, name: str) -> None:
        def shows(a: Attempt) -> bool:
            return name in (a.reads if kind == "READS" else a.writes)

        self._note((job, "job"), kind, (self.stands[name], ""), job, shows)

    def _step(self, standing: str, distance: int, *, upstream: bool) -> set[str]:
        found = set()
        for name in self.same(standing):
            touching = {j for j in JOB_NAMES for a in self.live(j) if name in (a.writes if upstream else a.reads)}
            if any(a.parent for job in touching for a in self.observed[job]):
                touching -= {"box"}
            for job in touching:
                self._reach((job, "job"), distance)
                self._touch(job, "WRITES" if upstream else "READS", name)
                for other in self._across(job, name, upstream=upstream):
                    self._touch(job, "READS" if upstream else "WRITES", other)
                    found.add(self.stands[other])
        return found

    def _across(self, job: str, name: str, *, upstream: bool) -> set[str]:
        if upstream:
            return {source for a in self.live(job) if name in a.writes for source in _inputs(a, name)}
        return {o for a in self.live(job) if name in a.reads for o in a.writes if name in _inputs(a, o)}

    # Columns

    def _columns(self, *, upstream: bool) -> None:
        name, field = self.world.start
        frontier = {(self.stands[name], field)} if field else self._all(self.stands[name])
        distance = 0
        for one in frontier:
            self._reach(one, 0)
        visited = set(frontier)
        while frontier and distance < self.world.depth:
            distance += 1
            found = set(chain.from_iterable(self._ways(one, upstream=upstream) for one in frontier if one[1]))
            for one in found:
                self._reach(one, distance)
            frontier = found - visited
            visited |= found

    def _fields(self, name: str) -> set[str]:
        return {*FIELDS, "late"} if self.world.late.get(name, LATEST + 1) <= self.hour else set(FIELDS)

    def _all(self, standing: str) -> set[End]:
        return {(standing, field) for name in self.same(standing) for field in self._fields(name)}

    def _ways(self, column: End, *, upstream: bool) -> set[End]:
        found = set()
        for name in self.same(column[0]):
            for job in JOB_NAMES:
                for edge in {edge for a in self.live(job) for edge in a.columns}:
                    if upstream and edge.output == name and edge.field in (column[1], ""):
                        found.add(self._derive(column, edge, job))
                    if not upstream and edge.source == name and edge.source_field == column[1]:
                        for field in [edge.field] if edge.field else self._fields(edge.output):
                            target = self.stands[edge.output], field
                            self._derive(target, edge, job)
                            found.add(target)
        return found

    def _derive(self, column: End, edge: Edge, job: str) -> End:
        source = self.stands[edge.source], edge.source_field
        self._note(column, "DERIVED_FROM", source, job, lambda a: edge in a.columns)
        self.edges[column, "DERIVED_FROM", source, job].add(edge.indirect)
        return source

    def answer(self) -> tuple[dict[str, int], dict[tuple[str, str, str, str], Any]]:
        """By keys."""
        edges = {
            (_key(source), kind, _key(target), job_key(JOBS, job)): (kind, support)
            for (source, kind, target, job), support in self.edges.items()
        }
        return {_key(node): distance for node, distance in self.nodes.items()}, edges


def _inputs(attempt: Attempt, output: str) -> frozenset[str]:
    """In a job with several outputs, column lineage tells them apart."""
    own = frozenset(edge.source for edge in attempt.columns if edge.output == output)
    if not own or len(attempt.writes) == 1:
        return attempt.reads
    return own | (attempt.reads - {edge.source for edge in attempt.columns})


def _key(end: End) -> str:
    name, field = end
    if field == "job":
        return job_key(JOBS, name)
    return column_key(dataset_key(NS, name), field) if field else dataset_key(NS, name)


def _question(world: World, moment: tuple[int, int]) -> Question:
    return Question(_key(world.start), at(moment), world.direction, world.granularity, world.depth, world.window)


async def check_lineage(store: GraphStore, world: World, moment: tuple[int, int], oracle: Oracle) -> None:
    """The lineage at a time is the oracle's."""
    graph = await lineage(store, _question(world, moment))
    nodes, edges = oracle.answer()
    assert {key: node.distance for key, node in graph.nodes.items()} == nodes
    assert graph.edges.keys() == edges.keys()
    for key, edge in graph.edges.items():
        kind, support = edges[key]
        counts = {one for one in support if isinstance(one, tuple)}
        assert ((edge.seen.attempts, edge.seen.of, edge.seen.failed), edge.seen.declared) in counts or (
            kind == "PART_OF" and edge.seen.attempts == 0
        )
        said = {part["type"] == "INDIRECT" for part in json.loads(edge.transformations)}
        assert said == {one for one in support if isinstance(one, bool)}


async def check_diff(store: GraphStore, world: World, before: Oracle, after: Oracle) -> None:
    """What differs is the set difference of the two answers, and each edge is shown by what the oracle finds."""
    question = _question(world, world.times[0])
    asked = DiffQuestion(question.start, at(world.times[0]), at(world.times[1]), *_reach(question))
    found = await diff(store, asked)
    (was_nodes, was), (now_nodes, now) = before.answer(), after.answer()
    assert _keys(found.nodes, Difference.APPEARED) == now_nodes.keys() - was_nodes.keys()
    assert _keys(found.nodes, Difference.VANISHED) == was_nodes.keys() - now_nodes.keys()
    appeared, vanished, changed = (
        {ends for row in found.edges if row.difference == how for ends in [_ends(row)]} for how in Difference
    )
    assert appeared == now.keys() - was.keys()
    assert vanished == was.keys() - now.keys()
    one_name = world.names == []
    if one_name:
        assert changed == {key for key in was.keys() & now.keys() if _basis(was[key]) != _basis(now[key])}
    for row, shown in zip(found.edges, await found.edge_evidence(found.edges), strict=True):
        if one_name and row.difference != Difference.CHANGED and row.edge.kind != "PART_OF":
            _check_evidence(world, row, shown, (before, after))
    assert len(await found.node_evidence(found.nodes)) == len(found.nodes)


def _reach(question: Question) -> tuple[Any, ...]:
    return question.direction, question.granularity, question.depth, question.window


def _keys(rows: Any, difference: Difference) -> set[str]:
    return {row.key for row in rows if row.difference == difference}


def _ends(row: Any) -> tuple[str, str, str, str]:
    return row.edge.source, row.edge.kind, row.edge.target, row.edge.by


def _basis(support: tuple[str, set[Any]]) -> Any:
    counts = [one for one in support[1] if isinstance(one, tuple)]
    said = {one for one in support[1] if isinstance(one, bool)}
    return said, {(seen[0] > 0, declared) for seen, declared in counts}


def _check_evidence(world: World, row: Any, shown: Any, oracles: tuple[Oracle, Oracle]) -> None:
    """Every attempt and declaration is looked at, one by one."""
    names = {job_key(JOBS, job): job for job in JOB_NAMES}
    job, difference = names[row.edge.by], row.difference
    own = oracles[difference == Difference.APPEARED]
    showing = [a for a in own.live(job) if _shows(a, row.edge)]
    assert showing
    other = oracles[difference != Difference.APPEARED]
    reach = any(_shows(a, row.edge) for a in other.live(job))
    assert shown.reach == reach
    if reach:
        return
    earlier, later = (oracle.hour for oracle in oracles)
    told = [(a, False) for a in world.attempts if a.job == job and (a.reads or a.writes)]
    told += [(a, True) for a in world.declared if a.job == job]
    told = [(a, declared) for a, declared in told if a.hour <= later]
    if difference == Difference.APPEARED:
        found = [_showing(world, a, d) for a, d in told if a.hour > earlier and _shows(a, row.edge)]
        assert (shown.first, shown.last) == (min(found), None)
        return
    counted = {id(a) for a in oracles[0].live(job)}
    told = [(a, declared) for a, declared in told if a.hour > earlier or id(a) in counted]
    last, declared = max(((_showing(world, a, d), d) for a, d in told if _shows(a, row.edge)), key=lambda pair: pair[0])
    assert (shown.first, shown.last) == (None, last)
    since = [_showing(world, a, d) for a, d in told if d == declared and _showing(world, a, d) > last]
    assert shown.without == min(since)


def _showing(world: World, attempt: Attempt, declared: bool) -> tuple[int, str, int]:
    if declared:
        return at((attempt.hour, 10)), "", 0
    run = _run(attempt, next(n for n, a in enumerate(world.attempts) if a is attempt))
    again = sorted(a.hour for a in world.attempts if a.again and a.job == attempt.job)
    number = again.index(attempt.hour) if attempt.again else 0
    return at((attempt.hour, 0)), run_key(run_id(run)), number


def _shows(attempt: Attempt, edge: Any) -> bool:
    if edge.kind != "DERIVED_FROM":
        return edge.target in {dataset_key(NS, n) for n in (attempt.reads if edge.kind == "READS" else attempt.writes)}
    return any(
        _key((e.source, e.source_field)) == edge.target
        and (
            _key((e.output, e.field)) == edge.source or (not e.field and edge.source[1:23] == _key((e.output, ""))[1:])
        )
        for e in attempt.columns
    )


async def check(store: GraphStore, world: World) -> None:
    changes, events = Changes(store), events_of(world)
    for batch in (events[: world.order], events[world.order :]):
        await changes.add(*batch)
    oracles = [Oracle(world, moment) for moment in world.times]
    for moment, oracle in zip(world.times, oracles, strict=True):
        await check_lineage(store, world, moment, oracle)
    await check_diff(store, world, *oracles)


@on_sqlite
@given(worlds())
def test_lineage_and_its_diff_are_what_looking_through_everything_finds(world):
    run_on_sqlite(check, world)


@on_neo4j
@given(worlds())
def test_lineage_and_its_diff_are_what_looking_through_everything_finds_on_neo4j(neo4j, world):
    run_on_neo4j(neo4j, check, world)
