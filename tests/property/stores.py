"""Checks of random worlds, each on a store of its own."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from whence.graph.neo4j import Neo4jGraphStore
from whence.graph.port import GraphStore
from whence.graph.sqlite import SQLiteGraphStore

_World = TypeVar("_World")
_Check = Callable[[GraphStore, _World], Awaitable[None]]


def run_on_sqlite(check: _Check[_World], world: _World) -> None:
    """Check a world in a new store in memory."""

    async def run() -> None:
        store = SQLiteGraphStore(None)
        try:
            await check(store, world)
        finally:
            await store.close()

    asyncio.run(run())


def run_on_neo4j(neo4j: Any, check: _Check[_World], world: _World) -> None:
    """Check a world in the server's database, which is cleared before."""

    async def run() -> None:
        store = await Neo4jGraphStore.open(neo4j.uri, *neo4j.auth)
        try:
            await store.clear()
            await check(store, world)
        finally:
            await store.close()

    asyncio.run(run())
