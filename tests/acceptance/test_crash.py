"""What was acknowledged survives, and the graph comes out the same, however often the server is killed."""

import asyncio
import random
import threading
import urllib.error
from http.client import HTTPException
from pathlib import Path

import pytest

from tests.build import dump
from tests.running import RunningServer
from whence.eventlog.sqlite import SQLiteEventLog
from whence.graph.sqlite import SQLiteGraphStore
from whence.projection.runner import Projector

SAMPLES = Path(__file__).parents[1] / "samples"


def recorded() -> list[bytes]:
    return [
        line for file in sorted(SAMPLES.glob("*.ndjson")) for line in file.read_bytes().splitlines() if line.strip()
    ]


def send_until_killed(server: RunningServer, events: list[bytes], after: float) -> list[bytes]:
    """Send events and kill the server on the way; those that it acknowledged."""
    acknowledged = []
    timer = threading.Timer(after, server.kill)
    timer.start()
    for event in events:
        try:
            status, _ = server.post("/api/v1/lineage", event)
        except (urllib.error.URLError, ConnectionError, HTTPException):  # the last: killed in the middle of an answer
            break
        assert status == 201
        acknowledged.append(event)
    timer.join()
    return acknowledged


async def logged(folder: Path) -> list[bytes]:
    """Payloads in the log."""
    log = await SQLiteEventLog.open(folder / ".whence/log.db", read_only=True)
    entries = await log.read(0, 100_000, 2**40)
    await log.close()
    return [entry.payload for entry in entries if entry.payload is not None]


async def whole_graph(folder: Path) -> tuple[list[object], list[object]]:
    """The graph in the folder, and the one that the events make in one go."""
    there = SQLiteGraphStore(folder / ".whence/graph.db", read_only=True)
    fresh = SQLiteGraphStore(None)
    log = await SQLiteEventLog.open(folder / ".whence/log.db", read_only=True)
    await Projector(log, fresh).catch_up()
    found = await dump(there), await dump(fresh)
    await asyncio.gather(log.close(), there.close(), fresh.close())
    return found


def crash(folder: Path, rounds: int, seed: int) -> None:
    """Kill the server again and again while it is fed, then compare."""
    chance = random.Random(seed)
    server = RunningServer(folder)
    events = recorded()
    chance.shuffle(events)
    acknowledged: list[bytes] = []
    for _ in range(rounds):
        server.start()
        left = events[len(acknowledged) :]
        acknowledged += send_until_killed(server, left, chance.uniform(0.05, 0.6))
    server.start()
    server.settle()
    server.stop()
    in_log = asyncio.run(logged(folder))
    assert set(acknowledged) <= set(in_log)
    assert len(in_log) == len(set(in_log))
    found, expected = asyncio.run(whole_graph(folder))
    assert found == expected


def test_nothing_acknowledged_is_lost(tmp_path):
    crash(tmp_path, rounds=3, seed=1)


@pytest.mark.full
@pytest.mark.parametrize("seed", range(4))
def test_nothing_acknowledged_is_lost_in_many_crashes(tmp_path, seed):
    crash(tmp_path, rounds=15, seed=seed)
