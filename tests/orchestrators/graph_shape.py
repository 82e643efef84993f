"""What a graph says without what differs from run to run (ids, times): to compare it with a written expectation."""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.build import graph_of

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_EDGES = ("READS", "WRITES", "DERIVED_FROM", "PART_OF")


@dataclass
class Shape:
    """A graph's shape.

    Attributes:
        edges: such as "etl READS raw_trades", "orders.total DERIVED_FROM raw_trades.px".
        runs: for each job, how many runs had which states, attempt by attempt, such as "FAIL COMPLETE".
        contained: how many runs of a job lie within runs of another.
        versions: what was written of each dataset: partitions or label, and whether by a run that completed.
        anomalies: what the projector found odd in any run.
    """

    edges: set[str] = field(default_factory=set)
    runs: dict[str, dict[str, int]] = field(default_factory=dict)
    contained: dict[str, int] = field(default_factory=dict)
    versions: dict[str, set[str]] = field(default_factory=dict)
    anomalies: set[str] = field(default_factory=set)


async def shape_of(events: Iterable[bytes | Mapping[str, Any]]) -> Shape:
    """The shape of the graph of some events."""
    store = await graph_of(*events)
    rows = [row async for row in store.dump()]
    names = {row[1]: row[4] for row in rows if row[0] == "node"}
    for row in rows:
        if row[0] == "node" and row[2] == "C":
            names[row[1]] = f"{names[row[5]]}.{row[4]}"
    shape = Shape()
    states: dict[str, dict[int, str]] = defaultdict(dict)
    jobs: dict[str, str] = {}
    for row in rows:
        if row[0] == "edge" and row[2] in _EDGES:
            shape.edges.add(f"{names[row[3]]} {row[2]} {names[row[4]]}")
        elif row[0] == "attempt":
            states[row[1]][row[2]] = row[6]
            jobs[row[1]] = names[row[3]]
            shape.anomalies.update(json.loads(row[9]))
        elif row[0] == "use" and row[3] == "PRODUCED":
            what = row[9] or _UUID.sub("an id", row[7])
            shape.versions.setdefault(names[row[4]], set()).add(f"{what} {'complete' if row[8] else 'incomplete'}")
    for run, found in states.items():
        counts = shape.runs.setdefault(jobs[run], Counter())
        counts[" ".join(state for _, state in sorted(found.items()))] += 1
    children = Counter(
        f"{jobs[row[3]]} in {jobs.get(row[4], 'unknown')}" for row in rows if row[0] == "edge" and row[2] == "CHILD_OF"
    )
    shape.contained = dict(children)
    shape.runs = {job: dict(counts) for job, counts in shape.runs.items()}
    return shape
