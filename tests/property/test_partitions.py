"""Gaps in random runs for hours, days, weeks and months, told in every way that producers know; on both stores."""

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.build import JOBS, NS, dataset, event
from tests.changes import Changes
from tests.property.stores import run_on_neo4j, run_on_sqlite
from whence.analyses.partitions.answer import partitions
from whence.graph.port import GraphStore
from whence_schemas.identity import dataset_key, job_key
from whence_schemas.partitions import PartitionQuestion, PartitionStep

on_sqlite = settings(max_examples=120, deadline=None)
on_neo4j = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

WAYS = ("nominal", "columns", "identifier", "dagster")
COUNT = 9


class Ran(NamedTuple):
    """A run for a partition (by number) and a key, which ended so many hours after the last one began."""

    partition: int
    key: str
    state: str
    hours: int


class World(NamedTuple):
    """Runs for partitions from a first one on; whether keys are used; what is asked."""

    step: PartitionStep
    zone: str
    way: str
    runs: list[Ran]
    keyed: bool
    window: int
    until: int
    of_job: bool


@st.composite
def worlds(draw: Any) -> World:
    keyed = draw(st.booleans())
    way = draw(st.sampled_from(WAYS[1:] if keyed else WAYS))
    run = st.builds(
        Ran,
        st.integers(0, COUNT - 1),
        st.sampled_from(["eu", "us", "x"]) if keyed else st.just(""),
        st.sampled_from(["COMPLETE", "COMPLETE", "FAIL", "ABORT", "START"]),
        st.integers(0, 50),
    )
    zone = draw(st.sampled_from(["UTC", "Europe/Berlin", "America/New_York"]))
    return World(
        draw(st.sampled_from(PartitionStep)),
        zone,
        way,
        draw(st.lists(run, max_size=14)),
        keyed,
        draw(st.integers(1, 4)),
        draw(st.integers(1, COUNT)),
        draw(st.booleans()),
    )


def begins(world: World) -> list[datetime]:
    """When partitions begin, by counting on the calendar; over changes of the clocks in March."""
    zone = UTC if world.step == PartitionStep.HOUR else ZoneInfo(world.zone)
    first = datetime(2026, 3, 2, tzinfo=zone)
    if world.step == PartitionStep.MONTH:
        return [datetime(2026 + (n + 2) // 12, (n + 2) % 12 + 1, 1, tzinfo=zone) for n in range(COUNT + 1)]
    length = {"HOUR": timedelta(hours=1), "DAY": timedelta(days=1), "WEEK": timedelta(weeks=1)}[world.step]
    return [(first + n * length) for n in range(COUNT + 1)]  # by wall clock, as Python adds


def name_of(world: World, begin: datetime) -> str:
    """A partition's name: in the asker's clocks."""
    wall = begin.astimezone(ZoneInfo(world.zone)) if world.step == PartitionStep.HOUR else begin
    form = {"HOUR": "%Y-%m-%dT%H:00:00%z", "MONTH": "%Y-%m"}.get(world.step, "%Y-%m-%d")
    return wall.strftime(form)


def event_of(world: World, number: int, ran: Ran) -> Any:
    begin = begins(world)[ran.partition]
    name = name_of(world, begin)
    ended = (begins(world)[-1].astimezone(UTC) + timedelta(hours=ran.hours)).strftime("%Y-%m-%dT%H:%M:%SZ")
    facets: dict[str, Any] = {}
    output: dict[str, Any] = {}
    if world.way == "nominal":
        facets["nominalTime"] = {"nominalStartTime": begin.isoformat()}
    elif world.way == "dagster":
        facets["whence_dagster"] = {"partitionKey": f"{name}|{ran.key}" if ran.key else name}
    else:
        key = {"region": ran.key} if ran.key else {}
        identifier = "/".join([f"date={name}", *(f"region={ran.key}" for _ in key)])
        said = {"dimensions": {"date": name, **key}} if world.way == "columns" else {"identifier": identifier}
        output = {"subset": {"outputCondition": {"type": "partition", "partitions": [said]}}}
    return event(ran.state, ended, "load", number, outputs=[dataset("a", output=output)], run_facets=facets)


def oracle(world: World) -> list[tuple[datetime, str, int, dict[str, str]]]:
    """Each partition in the range with its state, attempts, and its keys, by looking at every run again."""
    rows: list[tuple[datetime, str, int, dict[str, str]]] = []
    had: list[set[str]] = []
    for number, begin in enumerate(begins(world)[: world.until]):
        mine = [ran for ran in world.runs if ran.partition == number]
        keys = {ran.key for ran in mine if ran.key}
        wanted = {key for before in had[-world.window :] for key in before}
        states = {key: _state([ran for ran in mine if ran.key == key]) for key in keys | wanted}
        state = _state(mine)
        if state == "PRESENT" and set(states.values()) - {"PRESENT"}:
            state = "PARTIAL"
        rows.append((begin, state, len(mine), states))
        if present := {key for key in keys if states[key] == "PRESENT"}:
            had.append(present)
    return rows


def _state(runs: list[Ran]) -> str:
    states = {ran.state for ran in runs}
    if "COMPLETE" in states:
        return "PRESENT"
    return "RUNNING" if "START" in states else "FAILED" if states else "MISSING"


async def check(store: GraphStore, world: World) -> None:
    events = [event_of(world, number, ran) for number, ran in enumerate(world.runs)]
    await Changes(store).add(event("START", "2026-01-01T00:00:00Z", "load", 99, outputs=["a"]), *events)
    micros = [int(begin.timestamp()) * 1_000_000 for begin in begins(world)]
    of = job_key(JOBS, "load") if world.of_job else dataset_key(NS, "a")
    as_of = micros[-1] + 60 * 3_600_000_000
    question = PartitionQuestion(of, micros[0], micros[world.until], as_of, world.step, world.zone, world.window)
    given_ = await partitions(store, question)
    wanted = oracle(world)
    found = [(r.at, r.tried.state, r.tried.tries, {k.key: k.tried.state for k in r.keys}) for r in given_.rows]
    prefix = "" if world.way == "dagster" else "region="
    assert found == [
        (int(begin.timestamp()) * 1_000_000, state, tries, {prefix + key: s for key, s in keys.items()})
        for begin, state, tries, keys in wanted
    ]
    detected = await partitions(
        store, PartitionQuestion(of, *micros[:1], micros[world.until], as_of, None, world.zone, world.window)
    )
    if detected.step == world.step:
        assert detected.rows == given_.rows
    elif detected.step:  # longer, as what was seen lies on that too
        assert {ran.partition for ran in world.runs} != set(range(COUNT))
        assert {r.at for r in detected.rows if r.tried.tries} == {r.at for r in given_.rows if r.tried.tries}


@on_sqlite
@given(worlds())
def test_gaps_are_those_that_counting_finds(world):
    run_on_sqlite(check, world)


@on_neo4j
@given(worlds())
def test_gaps_are_those_that_counting_finds_on_neo4j(neo4j, world):
    run_on_neo4j(neo4j, check, world)
