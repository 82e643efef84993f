"""What a question costs whose answer is large: counts and the first page, over GraphQL, beside one Cypher statement."""

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import neo4j
from rich.table import Table

from tests.benchmarks.serving import Server, load, serving
from tests.benchmarks.workload import NAMESPACE, WIDTH, dataset_name
from whence.neo4j_server import LocalNeo4j
from whence_schemas.identity import dataset_key

DEPTH = 101
"""So many steps from one dataset reach 10,498 nodes, however large the graph is."""
SMALLEST = (DEPTH + 1) * WIDTH
"""So many jobs have that many layers."""
REPEATS = 11
WARM_UP = 10

_IMPACT = """
query ($namespace: String!, $name: String!) {
  answer: impact(of: [{dataset: {namespace: $namespace, name: $name}}], depth: DEPTH, maxNodes: 50000) {
    counts { datasets jobs }
    page: touched(first: 20) { edges { node { distance node { namespace name } } } }
  }
}
"""
_PROVENANCE = """
query ($namespace: String!, $name: String!) {
  answer: provenance(
    of: {dataset: {namespace: $namespace, name: $name}}, direction: DIRECTION, depth: DEPTH, maxNodes: 50000
  ) {
    counts { attempts versions }
    page: attempts(first: 20) { edges { node { distance run { name runId } attempt { state startedAt } } } }
  }
}
"""

_STEP = """
UNWIND front AS one
MATCH (one)STEP(end:Node)
WITH found, collect(DISTINCT end) AS front, collect(DISTINCT by) AS others
WITH found + [node IN front + others | [node, DISTANCE]] AS found, front
"""
_CYPHER = """
MATCH (start:Node {key: $key}) WITH [] AS found, collect(start) AS front
STEPS
UNWIND found AS one
WITH one[0] AS node, min(one[1]) AS distance ORDER BY distance, node.key
WITH node.kind AS kind, count(node) AS nodes, collect([distance, node.key])[..20] AS first
UNWIND first AS one
MATCH (node:Node {key: one[1]})
RETURN kind, nodes, collect([one[0], node.namespace, node.name])
"""
"""The same walk, written out step by step, with the counts and the first page: the best single statement that we know.
SHORTEST paths of one pattern, `((:Node)STEP(:Node)){1,DEPTH}`, do not end in minutes. It takes all edges ever seen: so
it is without what is live, other names, paths, and what facets say."""


class Question(NamedTuple):
    """query: with the variables namespace and name. layer: where the dataset lies that it starts from. step: of the
    Cypher statement, from dataset to dataset."""

    name: str
    query: str
    layer: int
    step: str


QUESTIONS = [
    Question("impact", _IMPACT, 0, "<-[:READS]-(by:Node)-[:WRITES]->"),
    Question(
        "provenance, up",
        _PROVENANCE.replace("DIRECTION", "UPSTREAM"),
        DEPTH,
        "<-[:PRODUCED]-(by:Node)-[:CONSUMED]->",
    ),
    Question(
        "provenance, down",
        _PROVENANCE.replace("DIRECTION", "DOWNSTREAM"),
        0,
        "<-[:CONSUMED]-(by:Node)-[:PRODUCED]->",
    ),
]


def measure_questions(store: str, sizes: list[int], table: Table) -> None:
    """A row for each question, on graphs of so many jobs; the log grows from size to size."""
    with tempfile.TemporaryDirectory() as name, serving(store, Path(name)) as server:
        done = 0
        for size in sizes:
            load(server, "batch", done, max(size, SMALLEST) - done)
            server.settle()
            done = max(size, SMALLEST)
            for question in QUESTIONS:
                _row(server, table, store, done, question)


def _row(server: Server, table: Table, store: str, jobs: int, question: Question) -> None:
    query = question.query.replace("DEPTH", str(DEPTH))
    dataset = dataset_name(question.layer * WIDTH + WIDTH // 2)
    variables = {"namespace": NAMESPACE, "name": dataset}
    counts = server.ask(query, variables)["answer"]["counts"]
    times = _times(lambda: server.ask(query, variables))
    middle = statistics.median(times[WARM_UP:])
    cypher = _cypher(server.neo4j, question, dataset) if server.neo4j is not None else None
    table.add_row(
        store,
        f"{jobs:,}",
        question.name,
        f"{sum(counts.values()):,}",
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


def _cypher(server: LocalNeo4j, question: Question, dataset: str) -> float:
    """Seconds of the statement, the median when it is warm."""
    step = _STEP.replace("STEP", question.step)
    steps = [step.replace("DISTANCE", str(distance)) for distance in range(1, DEPTH + 1)]
    statement = _CYPHER.replace("STEPS", "".join(steps))
    key = dataset_key(NAMESPACE, dataset)
    with neo4j.GraphDatabase.driver(server.uri, auth=server.auth) as driver, driver.session() as session:
        return statistics.median(_times(lambda: session.run(statement, key=key).consume())[WARM_UP:])
