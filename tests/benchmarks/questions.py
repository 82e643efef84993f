"""What a question costs whose answer is large: counts and the first page, over GraphQL, beside one Cypher statement."""

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import neo4j
from rich.table import Table

from tests.benchmarks.serving import Server, load, serving
from tests.benchmarks.workload import NAMESPACE, WIDTH, dataset_name
from whence_schemas.identity import dataset_key

LAYERS = 102
"""So many that 101 steps from one dataset of the first layer reach 10,498 nodes."""
REPEATS = 11
WARM_UP = 10

_IMPACT = """
query ($of: [LineageStart!]!) {
  impact(of: $of, depth: 200, maxNodes: 50000) {
    counts { datasets jobs }
    touched(first: 20) { edges { node { distance node { namespace name } } } }
  }
}
"""

_CYPHER = """
MATCH (start:Node {key: $key})
MATCH SHORTEST 1 (start)((:Node)<-[:READS]-(job:Node)-[:WRITES]->(:Node)){1,200}(end:Node)
UNWIND job AS one
RETURN count(DISTINCT end) AS datasets, count(DISTINCT one) AS jobs
"""
"""The same walk as one statement, by edges ever seen: without what is live, other names, owners, tags and paths."""


def measure_questions(store: str, table: Table) -> None:
    """A row for each question."""
    with tempfile.TemporaryDirectory() as name, serving(store, Path(name)) as server:
        load(server, "batch", 0, LAYERS * WIDTH)
        server.settle()
        dataset = {"namespace": NAMESPACE, "name": dataset_name(WIDTH // 2)}
        variables = {"of": [{"dataset": dataset}]}
        counts = server.ask(_IMPACT, variables)["impact"]["counts"]
        _row(server, table, store, "impact", sum(counts.values()), lambda: server.ask(_IMPACT, variables))


def _row(server: Server, table: Table, store: str, name: str, nodes: int, ask: Callable[[], Any]) -> None:
    times = _times(ask)
    cypher = statistics.median(_cypher(server)) if server.neo4j is not None else None
    middle = statistics.median(times[WARM_UP:])
    table.add_row(
        store,
        name,
        f"{nodes:,}",
        f"{times[0] * 1e3:,.0f}",
        f"{middle * 1e3:,.0f}",
        f"{cypher * 1e3:,.0f}" if cypher else "",
        f"{middle / cypher:.1f}" if cypher else "",
    )


def _times(ask: Callable[[], Any]) -> list[float]:
    """Seconds of each of several times: the first ones warm it up."""
    times = []
    for _ in range(WARM_UP + REPEATS):
        start = time.perf_counter()
        ask()
        times.append(time.perf_counter() - start)
    return times


def _cypher(server: Server) -> list[float]:
    assert server.neo4j is not None
    key = dataset_key(NAMESPACE, dataset_name(WIDTH // 2))
    with neo4j.GraphDatabase.driver(server.neo4j.uri, auth=server.neo4j.auth) as driver, driver.session() as session:
        return _times(lambda: session.run(_CYPHER, key=key).consume())[WARM_UP:]
