"""What the provenance of one version costs: its summary and first page, over GraphQL."""

import json
import statistics
import time
import urllib.request
from typing import Any

from tests.benchmarks.workload import NAMESPACE, WIDTH, dataset_name

_QUERY = """
query ($namespace: String!, $name: String!, $direction: Direction!) {
  provenance(of: {dataset: {namespace: $namespace, name: $name}}, direction: $direction, depth: 1000000) {
    truncated
    counts { attempts versions sources codeVersions dirty withoutCode named inferred }
    attempts(first: 20) { edges { node { distance run { name runId } attempt { state startedAt } } } }
  }
}
"""
_REPEATS = 7


def measure_provenance(port: int, jobs: int) -> list[tuple[str, int, float]]:
    """For each direction: its name, nodes of the answer, and seconds (median). The way up starts in the last layer, the
    way down in the first; an answer is cut at 10,000 nodes."""
    last = (jobs - 1) // WIDTH * WIDTH + WIDTH // 2
    return [_measured(port, "UPSTREAM", last), _measured(port, "DOWNSTREAM", WIDTH // 2)]


def _measured(port: int, direction: str, job: int) -> tuple[str, int, float]:
    times = []
    for _ in range(_REPEATS):
        start = time.perf_counter()
        counts = _ask(port, direction, job)["counts"]
        times.append(time.perf_counter() - start)
    return direction.lower(), counts["attempts"] + counts["versions"], statistics.median(times)


def _ask(port: int, direction: str, job: int) -> dict[str, Any]:
    variables = {"namespace": NAMESPACE, "name": dataset_name(job), "direction": direction}
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/graphql",
        json.dumps({"query": _QUERY, "variables": variables}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:
        found: dict[str, Any] = json.loads(answer.read())["data"]["provenance"]
        return found
