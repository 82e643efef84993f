"""Graphs of events, on both stores."""

import pytest

from tests.build import project
from whence.graph.neo4j import Neo4jGraphStore
from whence.graph.sqlite import SQLiteGraphStore


@pytest.fixture(params=["sqlite", "neo4j"])
async def graph(request):
    """A graph of the events given."""
    if request.param == "sqlite":
        store = SQLiteGraphStore(None)
    else:
        neo4j = request.getfixturevalue("neo4j")
        store = await Neo4jGraphStore.open(neo4j.uri, *neo4j.auth)
        await store.clear()

    async def get(*events):
        await project(store, events)
        return store

    yield get
    await store.close()
