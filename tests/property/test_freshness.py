"""Freshness of random productions: late events, failed attempts, runs started again, aliases, drops; on both stores."""

from itertools import pairwise
from statistics import median
from typing import Any, NamedTuple

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.build import NS, dataset, dataset_event, event, run_id
from tests.changes import Changes
from tests.property.stores import run_on_neo4j, run_on_sqlite
from whence.analyses.freshness.answer import freshness
from whence.graph.port import GraphStore
from whence_schemas.freshness import FreshnessQuestion, FreshnessRule
from whence_schemas.identity import dataset_key, run_key
from whence_schemas.times import format_time, parse_time

NAMES = ("a", "b", "c")
BEGIN = parse_time("2026-01-01T00:00:00Z").micros
HOUR = 3_600_000_000

on_sqlite = settings(max_examples=120, deadline=None)
on_neo4j = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


class Tried(NamedTuple):
    """An attempt: its run and number, hours from start to end, how it ended (START: it runs), what it wrote."""

    run: int
    number: int
    start: int
    end: int
    state: str
    outputs: tuple[str, ...]
    drops: bool


class World(NamedTuple):
    """What happened, what is asked, and how many of the events come late."""

    tries: list[Tried]
    aliased: bool
    rule: tuple[int, int] | None
    as_of: int
    order: int


@st.composite
def worlds(draw: Any) -> World:
    tries = []
    steady = draw(st.booleans())
    for run in range(draw(st.integers(0, 9))):
        start = 24 * run + draw(st.integers(0, 3)) if steady else draw(st.integers(0, 200))
        for number in range(draw(st.sampled_from([1, 1, 1, 2]))):
            end = start + draw(st.integers(0, 5))
            state = draw(st.sampled_from(["COMPLETE", "COMPLETE", "COMPLETE", "FAIL", "ABORT"]))
            outputs = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=2, unique=True))
            tries.append(Tried(run, number, start, end, state, tuple(outputs), draw(st.integers(0, 15)) == 0))
            start = end + 1
        if draw(st.integers(0, 5)) == 0:
            tries[-1] = tries[-1]._replace(state="START")
    rule = draw(st.none() | st.tuples(st.integers(1, 60), st.integers(0, 10)))
    return World(tries, draw(st.booleans()), rule, draw(st.integers(0, 260)), draw(st.integers(0, 40)))


def clock(hours: float) -> str:
    return format_time(BEGIN + int(hours * HOUR))


def events_of(world: World) -> list[Any]:
    found = []
    if world.aliased:
        links = {"identifiers": [{"namespace": NS, "name": "b", "type": "TABLE"}]}
        found.append(dataset_event(clock(-1), "a", symlinks=links))
    for one in world.tries:
        facets = {"lifecycleStateChange": {"lifecycleStateChange": "DROP" if one.drops else "OVERWRITE"}}
        outputs = [dataset(name, **facets) for name in one.outputs]
        found.append(event("START", clock(one.start), "j", one.run, outputs=outputs))
        if one.state != "START":
            found.append(event(one.state, clock(one.end), "j", one.run, outputs=outputs))
    return found


def oracle(world: World, names: set[str]) -> tuple[Any, ...]:
    """How a dataset stands, by looking at every attempt: state, last production, last incomplete one, due, late by."""
    tries = [(one, one.start if one.state == "START" else one.end) for one in world.tries if names & set(one.outputs)]
    tries = sorted(((end, run_key(run_id(one.run)), one.number), one) for one, end in tries if end <= world.as_of)
    done = [(at, one) for at, one in tries if one.state == "COMPLETE" and not one.drops]
    drops = [at for at, one in tries if one.state == "COMPLETE" and one.drops]
    other = [at for at, one in tries if one.state != "COMPLETE"]
    last = done[-1][0] if done else None
    every = grace = None
    if world.rule:
        every, grace = world.rule
    else:
        times = [at[0] for at, _ in done][-11:]
        gaps = [b - a for a, b in pairwise(times)]
        usual = int(median(gaps) * HOUR) / HOUR if gaps else 0
        if len(gaps) >= 3 and usual and sum(usual / 2 <= g <= 2 * usual for g in gaps) >= 0.75 * len(gaps):
            every, grace = usual, usual / 2
    due = last[0] + every if last and every else None
    if drops and (last is None or drops[-1] > last):
        return "DROPPED", last, other[-1:], None, None
    if due is None:
        return "NEVER" if world.rule else "UNKNOWN", last, other[-1:], None, None
    if world.as_of > due + grace:
        return "LATE", last, other[-1:], due, world.as_of - due
    return "FRESH", last, other[-1:], due, None


async def check(store: GraphStore, world: World) -> None:
    changes, events = Changes(store), events_of(world)
    await changes.add(*events[world.order :])
    await changes.add(*events[: world.order])
    rules = (
        (FreshnessRule("r", every=f"PT{world.rule[0]}H", grace=f"PT{world.rule[1]}H"),)
        if world.rule and world.rule[1]
        else ()
    )
    if world.rule and not world.rule[1]:
        rules = (FreshnessRule("r", every=f"PT{world.rule[0]}H"),)
    answer = await freshness(store, FreshnessQuestion(BEGIN + world.as_of * HOUR, rules=rules))
    page = await answer.page(None, 100)
    groups = [{"a", "b"}, {"c"}] if world.aliased else [{"a"}, {"b"}, {"c"}]
    known = {name for one in world.tries for name in one.outputs} | ({"a", "b"} if world.aliased else set())
    wanted = {dataset_key(NS, min(group)): oracle(world, group) for group in groups if group & known}

    def told(row: Any) -> tuple[Any, ...]:
        def use(found: Any) -> Any:
            return ((found.at - BEGIN) / HOUR, found.run, found.number)

        due = (row.due - BEGIN) / HOUR if row.due is not None else None
        late = row.late_by / HOUR if row.late_by is not None else None
        other = [use(row.incomplete)] if row.incomplete else []
        return row.state.value, use(row.last) if row.last else None, other, due, late

    assert {row.key: told(row) for _, row in page.rows} == wanted


@on_sqlite
@given(worlds())
def test_freshness_is_what_looking_at_every_attempt_finds(world):
    run_on_sqlite(check, world)


@on_neo4j
@given(worlds())
def test_freshness_is_what_looking_at_every_attempt_finds_on_neo4j(neo4j, world):
    run_on_neo4j(neo4j, check, world)
