"""The graph is a function of the set of events: real events in any order, repeated, in any batches, some withdrawn
again, make the graph that one fold of those that are left makes, on every store."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.build import dump
from tests.changes import Changes, parsed
from whence.eventlog.port import NewEvent
from whence.eventlog.sqlite import MEMORY, SQLiteEventLog
from whence.graph.neo4j import Neo4jGraphStore
from whence.graph.port import GraphStore
from whence.graph.sqlite import SQLiteGraphStore
from whence.projection.fold import OrderedEvent
from whence.projection.runner import Projector
from whence_schemas.events import unit_of

SAMPLES = {
    file.stem: [line for line in file.read_bytes().splitlines() if line.strip()]
    for file in sorted((Path(__file__).parents[1] / "samples").glob("*.ndjson"))
}
NEIGHBOURS = 40
"""Events are drawn from so many that follow each other in a file: those have runs and datasets in common."""

on_sqlite = settings(max_examples=150, deadline=None)
on_neo4j = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@st.composite
def batches(draw: st.DrawFn) -> list[list[bytes]]:
    """Batches of events from one or two files; an event may come again in the same or a later batch."""
    pool: list[bytes] = []
    for name in draw(st.lists(st.sampled_from(sorted(SAMPLES)), min_size=1, max_size=2, unique=True)):
        start = draw(st.integers(0, max(0, len(SAMPLES[name]) - NEIGHBOURS)))
        pool += SAMPLES[name][start : start + NEIGHBOURS]
    drawn = st.lists(st.sampled_from(pool), min_size=1, max_size=25)
    return draw(st.lists(drawn, min_size=1, max_size=5))


async def projected(store: GraphStore, appended: list[list[bytes]]) -> None:
    """The projector follows the log, which grows batch by batch."""
    log = await SQLiteEventLog.open(MEMORY)
    projector = Projector(log, store)
    for batch in appended:
        await log.append([NewEvent(payload, unit_of(parsed(payload).event), b"{}") for payload in batch])
        await projector.catch_up()
    assert await store.failures(1) == []
    await log.close()


async def toggled(store: GraphStore, drawn: list[list[bytes]]) -> None:
    """Each batch brings the events that are not in the graph and withdraws those that are."""
    changes, present = Changes(store), set[bytes]()
    for batch in map(set, drawn):
        await changes.change(map(parsed, batch - present), map(parsed, batch & present))
        present ^= batch


def left(drawn: list[list[bytes]]) -> set[bytes]:
    """The events that `toggled` leaves."""
    present: set[bytes] = set()
    for batch in drawn:
        present ^= set(batch)
    return present


async def folded(events: set[bytes]) -> list[object]:
    """The graph of a set of events, written in one batch."""
    store = SQLiteGraphStore(None)
    whole: list[OrderedEvent] = [parsed(event) for event in sorted(events)]
    await Changes(store).change(whole)
    found = await dump(store)
    await store.close()
    return found


Way = Callable[[GraphStore, list[list[bytes]]], Awaitable[None]]


async def same_on_sqlite(way: Way, drawn: list[list[bytes]], events: set[bytes]) -> None:
    """Whether the graph is that of the events, whichever way they came."""
    store = SQLiteGraphStore(None)
    await way(store, drawn)
    assert await dump(store) == await folded(events)
    await store.close()


async def same_on_neo4j(neo4j, way: Way, drawn: list[list[bytes]], events: set[bytes]) -> None:
    """The same on Neo4j."""
    store = await Neo4jGraphStore.open(neo4j.uri, *neo4j.auth)
    try:
        await store.clear()
        await way(store, drawn)
        assert await dump(store) == await folded(events)
    finally:
        await store.close()


@on_sqlite
@given(batches())
def test_order_repetition_and_batches_make_no_difference(drawn):
    asyncio.run(same_on_sqlite(projected, drawn, set().union(*drawn)))


@on_sqlite
@given(batches())
def test_withdrawn_events_leave_nothing(drawn):
    asyncio.run(same_on_sqlite(toggled, drawn, left(drawn)))


@on_neo4j
@given(batches())
def test_order_repetition_and_batches_make_no_difference_on_neo4j(neo4j, drawn):
    asyncio.run(same_on_neo4j(neo4j, projected, drawn, set().union(*drawn)))


@on_neo4j
@given(batches())
def test_withdrawn_events_leave_nothing_on_neo4j(neo4j, drawn):
    asyncio.run(same_on_neo4j(neo4j, toggled, drawn, left(drawn)))


def test_all_samples_make_one_graph_on_every_store(neo4j):
    everything = [event for events in SAMPLES.values() for event in events]
    third = len(everything) // 3
    mixed = [everything[::-1][third:], everything[2 * third :], everything[:third]]
    asyncio.run(same_on_sqlite(projected, mixed, set(everything)))
    asyncio.run(same_on_neo4j(neo4j, projected, mixed, set(everything)))
