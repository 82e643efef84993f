"""Selections of runs, for tests."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.build import graph_of, payload, run_id
from whence.eventlog.port import EventLog, NewEvent
from whence.eventlog.sqlite import MEMORY, SQLiteEventLog
from whence.graph.facts import Node
from whence.graph.port import GraphStore
from whence.graph.sqlite import SQLiteGraphStore
from whence.projection.runner import Projector
from whence_schemas.events import parse_event, unit_of
from whence_schemas.identity import Kind, run_key

DEMO = Path(__file__).parents[2] / "demo"
META = b'{"received":"2026-11-21T12:00:00.000000Z","redacted":[],"sender":""}'


class Runs:
    """A selection of these runs, by number (see `run_id`) or key."""

    since = None
    until = None

    def __init__(self, runs: Iterable[int | str], datasets: Iterable[str] = (), jobs: Iterable[str] = ()) -> None:
        self._runs = sorted(run_key(run_id(run)) if isinstance(run, int) else run for run in runs)
        self.datasets = sorted(datasets)
        self.jobs = sorted(jobs)

    async def runs(self) -> AsyncIterator[list[str]]:
        """One page."""
        yield self._runs


async def graph_of_file(path: Path) -> SQLiteGraphStore:
    """A graph of recorded events."""
    return await graph_of(*events_of(path))


def events_of(path: Path) -> list[bytes]:
    """Recorded events, as bytes."""
    return [line for line in path.read_bytes().splitlines() if line.strip()]


async def keys_of(store: GraphStore, kind: Kind) -> list[str]:
    """Keys of all nodes of a kind."""
    nodes = [Node(*row[1:]) for row in [tuple(r) async for r in store.dump()] if row[0] == "node"]
    return [node.key for node in nodes if node.key[0] == kind]


async def runs_of(store: GraphStore) -> list[str]:
    """Keys of all runs."""
    return await keys_of(store, Kind.RUN)


@asynccontextmanager
async def stores_of(*documents: Any) -> AsyncIterator[tuple[EventLog, GraphStore]]:
    """A log and a graph in memory that hold these events, all received at one time."""
    log = await SQLiteEventLog.open(MEMORY)
    store = SQLiteGraphStore(None)
    payloads = [payload(document) for document in documents]
    await log.append([NewEvent(p, unit_of(parse_event(p)), META) for p in payloads])
    await Projector(log, store).catch_up()
    yield log, store
    await store.close()
    await log.close()
