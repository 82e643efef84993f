"""The projector: batches, folds that go on, late events, and what cannot be folded."""

import asyncio
import random
from itertools import pairwise

import pytest

from tests.build import NS, ask, dump, event, graph_of, payload, run_id
from whence.eventlog.port import Erasure, NewEvent
from whence.eventlog.sqlite import MEMORY, SQLiteEventLog
from whence.graph.sqlite import SQLiteGraphStore
from whence.projection import runner
from whence.projection.runner import Projector
from whence_schemas.errors import GraphUnavailable
from whence_schemas.events import parse_event, unit_of
from whence_schemas.identity import dataset_key, run_key


class Feed:
    """A log and a projector that are fed step by step."""

    def __init__(self, log, store):
        self.log, self.store, self.projector = log, store, Projector(log, store)

    async def send(self, *documents):
        payloads = [payload(document) for document in documents]
        await self.log.append([NewEvent(p, unit_of(parse_event(p)), b"{}") for p in payloads])
        return await self.projector.catch_up()


@pytest.fixture
async def feed():
    feed = Feed(await SQLiteEventLog.open(MEMORY), SQLiteGraphStore(None))
    yield feed
    await feed.log.close()
    await feed.store.close()


def streaming(count: int):
    """A run that reports for ever, its outputs changing."""
    yield event("START", "2026-01-01T00:00:00Z", outputs=["t"])
    for n in range(count):
        at = f"2026-01-01T{n // 3600:02}:{n // 60 % 60:02}:{n % 60:02}.5Z"
        yield event("RUNNING", at, inputs=["t"], outputs=[f"o{n % 7}"], run_facets={"progress": {"rows": n}})


async def test_event_by_event_gives_the_graph_of_all_at_once(feed):
    events = [*streaming(60), event("COMPLETE", "11:00:00"), event("START", "12:00:00", inputs=["x"])]
    for document in events:
        await feed.send(document)
    assert await dump(feed.store) == await dump(await graph_of(*events))


@pytest.mark.parametrize("seed", range(8))
async def test_after_erasures_the_graph_is_what_a_rebuild_gives(feed, seed):
    """Whole runs and parts of them are erased, some replaced, while others go on."""
    chance = random.Random(seed)
    documents = [
        event(
            kind, f"{number % 20:02}:{minute}:00", job=f"j{run % 3}", run=run, inputs=[f"i{number % 5}"], outputs=["o"]
        )
        for run in range(6)
        for number, (kind, minute) in enumerate((("START", 10), ("RUNNING", 20), ("COMPLETE", 30)))
    ]
    chance.shuffle(documents)
    await feed.log.append_record("key", b"no event", b"{}")
    for first in range(0, len(documents), 6):
        await feed.send(*documents[first : first + 6])
        for entry in chance.sample(await events_of(feed.log), 3):
            copy = entry.payload.replace(b'"o"', b'"redacted"')
            replacement = NewEvent(copy, entry.unit, b"{}") if chance.random() < 0.4 and copy != entry.payload else None
            await feed.log.erase([Erasure(entry.index, "r", "k1", "k2", replacement)])
            if chance.random() < 0.5:
                await feed.projector.catch_up()
    await feed.log.append_record("export", b"no event", b"{}")
    assert await feed.projector.catch_up() == await feed.log.size()
    rebuilt = SQLiteGraphStore(None)
    await Projector(feed.log, rebuilt).catch_up()
    assert await dump(feed.store) == await dump(rebuilt)
    assert await dump(rebuilt) == await dump(await graph_of(*(entry.payload for entry in await events_of(feed.log))))
    assert await feed.store.failures(9) == await rebuilt.failures(9) == []
    await rebuilt.close()


async def events_of(log):
    """The events that are left in a log."""
    entries = await log.read(0, 1_000, 2**40)
    return [entry for entry in entries if entry.kind == "event" and entry.payload is not None]


async def test_erasing_all_of_a_run_takes_it_from_the_graph(feed):
    await feed.send(event("START", "10:00:00", outputs=["t"]), event("COMPLETE", "11:00:00", outputs=["t"]))
    assert await dump(feed.store)
    await feed.log.erase([Erasure(n, "r", "k1", "k2") for n in range(2)])
    await feed.projector.catch_up()
    assert await dump(feed.store) == []


async def test_what_failed_of_an_erased_event_is_forgotten(feed):
    await feed.log.append([NewEvent(b"a secret, no event", run_key(run_id(1)), b"{}")])
    await feed.projector.catch_up()
    assert len(await feed.store.failures(9)) == 1
    await feed.log.erase([Erasure(0, "r", "k1", "k2")])
    await feed.projector.catch_up()
    assert await feed.store.failures(9) == []


async def test_late_events_fold_the_run_again(feed):
    events = list(streaming(40))
    random.Random(1).shuffle(events)
    for document in events:
        await feed.send(document)
    assert await dump(feed.store) == await dump(await graph_of(*events))


async def test_a_start_that_comes_late_moves_the_attempts(feed):
    first = [event("START", "10:00:00", outputs=["a"]), event("FAIL", "10:01:00"), event("COMPLETE", "10:03:00")]
    await feed.send(*first)
    await feed.send(event("START", "10:02:00", outputs=["b"]))
    runs = await feed.store.attempts([run_key(run_id(1))])
    assert [attempt.state for attempt in runs[run_key(run_id(1))]] == ["FAIL", "COMPLETE"]


async def test_what_is_no_event_is_set_aside_and_stops_nothing(feed):
    await feed.log.append([NewEvent(b"{}", run_key(run_id(5)), b"{}")])
    await feed.send(event("COMPLETE", "10:00:00", inputs=["a"], outputs=["b"]))
    assert (await ask(feed.store, "b")).names == {"a", "etl", "b"}
    (failure,) = await feed.store.failures(10)
    assert failure.entry == 0
    assert "run, job and dataset" in failure.error


async def test_an_event_that_breaks_the_fold_is_set_aside_and_stops_nothing(feed, monkeypatch):
    def broken(*_):
        raise RuntimeError("boom")

    monkeypatch.setattr("whence.projection.run._AttemptFold._relate", broken)
    await feed.send(event("COMPLETE", "10:00:00", inputs=["a"], outputs=["b"]))
    monkeypatch.undo()
    await feed.send(event("COMPLETE", "10:00:00", run=2, inputs=["b"], outputs=["c"]))
    assert "c" in (await ask(feed.store, "b")).names
    assert "boom" in (await feed.store.failures(10))[0].error


async def test_batches_are_bounded(feed, monkeypatch):
    monkeypatch.setattr(runner, "BATCH_EVENTS", 10)
    cursors = []
    original = feed.store.apply

    async def apply(batch):
        cursors.append(batch.cursor)
        await original(batch)

    monkeypatch.setattr(feed.store, "apply", apply)
    await feed.send(*(event("COMPLETE", "10:00:00", run=n, outputs=[f"o{n}"]) for n in range(35)))
    assert all(later - earlier <= 10 for earlier, later in pairwise([0, *cursors]))
    assert cursors[-1] == 35


async def test_an_outage_of_the_graph_is_waited_out(feed, monkeypatch):
    monkeypatch.setattr(runner, "_RETRY_SECONDS", 0.01)
    original, failures = feed.store.apply, iter([True, True])

    async def apply(batch):
        if next(failures, False):
            raise GraphUnavailable("the graph store is away")
        await original(batch)

    monkeypatch.setattr(feed.store, "apply", apply)
    running = asyncio.create_task(feed.projector.run())
    document = payload(event("COMPLETE", "10:00:00", outputs=["b"]))
    await feed.log.append([NewEvent(document, unit_of(parse_event(document)), b"{}")])
    async with asyncio.timeout(5):
        await feed.projector.wait_for(1)
    running.cancel()
    assert dataset_key(NS, "b") in await feed.store.nodes([dataset_key(NS, "b")])


async def test_a_rebuilt_graph_is_the_same(feed):
    await feed.send(*streaming(30))
    before = await dump(feed.store)
    await feed.store.clear()
    assert await dump(feed.store) == []
    await feed.projector.catch_up()
    assert await dump(feed.store) == before
