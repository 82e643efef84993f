"""Clients of the GraphQL layer over graphs in memory."""

import asyncio
from pathlib import Path

import pytest

from tests.build import NOW, project
from whence.graph.sqlite import SQLiteGraphStore
from whence.reader import GraphReader
from whence_graphql.context import Context
from whence_graphql.limits import Limits
from whence_graphql.schema import execute
from whence_schemas.times import parse_time

SAMPLES = Path(__file__).parents[1] / "samples"
AFTER_SAMPLES = parse_time("2026-11-22T00:00:00Z").micros


def sample_lines(pattern):
    return [line for file in sorted(SAMPLES.glob(pattern)) for line in file.read_bytes().splitlines() if line.strip()]


class CountingStore:
    """A graph store that counts calls by method."""

    def __init__(self, store):
        self._store = store
        self.calls = {}

    def __getattr__(self, name):
        method = getattr(self._store, name)

        async def call(*args, **kwargs):
            self.calls[name] = self.calls.get(name, 0) + 1
            return await method(*args, **kwargs)

        return call

    def question(self):
        return self._store.question()


class Client:
    """Asks a graph as it was at a time."""

    def __init__(self, store, now=AFTER_SAMPLES, size=1_000):
        self.store = CountingStore(store)
        self.now = now
        self.size = size
        self.reader = GraphReader(self.store, self._log_size)

    async def _log_size(self):
        return self.size

    async def result(self, query, limits=None, **variables):
        self.store.calls.clear()
        return await execute(Context(self.reader, limits, self.now), query, variables)

    async def ask(self, query, limits=None, **variables):
        result = await self.result(query, limits, **variables)
        assert not result.errors, result.errors
        return result.data

    async def error(self, query, limits=None, **variables):
        (error,) = (await self.result(query, limits, **variables)).errors
        return error


async def client_of(lines, now=AFTER_SAMPLES):
    lines = list(lines)
    store = SQLiteGraphStore(None)
    await project(store, lines)
    return Client(store, now, len(lines))


@pytest.fixture(scope="session")
def samples():
    """All samples in one graph."""
    client = asyncio.run(client_of(sample_lines("*.ndjson")))
    yield client
    asyncio.run(client.store.close())


@pytest.fixture
async def graph():
    """A graph of the events given."""
    clients = []

    async def get(*events, now=NOW):
        clients.append(await client_of(events, now))
        return clients[-1]

    yield get
    for client in clients:
        await client.store.close()


@pytest.fixture
async def sample(graph):
    """One sample in a graph of its own, by name."""

    async def get(name):
        return await graph(*sample_lines(f"{name}.ndjson"), now=AFTER_SAMPLES)

    return get


LOOSE = Limits(depth=100, tokens=100_000, aliases=100_000, rows=10_000_000, seconds=120)
