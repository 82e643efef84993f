"""Running named statements.

KIND in a statement stands for a label or for relationship types from a closed list; all values are parameters. Where
many small rows come back they are collected in one: each record costs the driver some 60 µs. USING INDEX stands where
statistics of a smaller graph have made the planner take another index, and sort. CASE stands where an OR may be planned
as a union of scans, which has no order.
"""

from collections.abc import Collection, Iterable
from functools import cache
from typing import Any, TypeVar

from neo4j import AsyncManagedTransaction

from whence.graph.facts import EdgeKind
from whence.graph.port import NEWEST, Page
from whence.graph.queries import load_queries

CYPHER = load_queries("neo4j")
ALL_EDGES = tuple(EdgeKind)
Transaction = AsyncManagedTransaction
_T = TypeVar("_T")


async def fetch(tx: Transaction, query: str, kind: str = "", **parameters: Any) -> list[list[Any]]:
    """All rows of a statement."""
    result = await tx.run(text(query, kind), parameters)
    return await result.values()


async def collect(tx: Transaction, query: str, kind: str = "", **parameters: Any) -> list[list[Any]]:
    """All rows of a statement that collects them in one record."""
    found: list[list[Any]] = (await fetch(tx, query, kind, **parameters))[0][0]
    return found


@cache
def text(query: str, kind: str) -> str:
    """A statement's text; `kind` is made of a closed list's labels or types, so there are few texts to plan."""
    return CYPHER[query].replace("KIND", kind) if kind else CYPHER[query]


def types(kinds: Collection[EdgeKind]) -> str:
    """Kinds of edges as the `kind` of a statement."""
    return "|".join(kind for kind in EdgeKind if kind in kinds)


def listed(values: Iterable[_T]) -> list[_T]:
    """The distinct values, as a list: the driver takes no other collection."""
    return list(dict.fromkeys(values))


def before(after: Page | None, as_of: int) -> dict[str, Any]:
    """Parameters of a page of rows until `as_of` that begins after the given page's last row."""
    page = after or NEWEST
    return {**page._asdict(), "until": min(as_of, page.at)}
