"""Events for tests, and the way from events to a graph and its lineage."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from whence.eventlog.port import NewEvent
from whence.eventlog.sqlite import MEMORY, SQLiteEventLog
from whence.graph.port import GraphStore
from whence.graph.sqlite import SQLiteGraphStore
from whence.lineage.answer import lineage
from whence.projection.runner import Projector
from whence_schemas.events import parse_event, unit_of
from whence_schemas.identity import column_key, dataset_key, job_key, run_key
from whence_schemas.lineage import Direction, Granularity, LineageGraph, Question
from whence_schemas.times import parse_time

NS = "postgres://db:5432"
JOBS = "trading"
NOW = parse_time("2026-06-01T00:00:00Z").micros


def run_id(number: int) -> str:
    """A run id that is the same in every test run."""
    return str(UUID(int=(7 << 76) | (2 << 62) | number))


def at(when: str) -> int:
    """Microseconds of a clock time on 2026-01-01, of a day's begin, or of a whole time."""
    return parse_time(f"{when}T00:00:00Z" if re.fullmatch(r"\d{4}-\d\d-\d\d", when) else _time(when)).micros


def dataset(name: str, namespace: str = NS, **facets: Any) -> dict[str, Any]:
    """A dataset with facets; `input=` and `output=` give its input and output facets."""
    found: dict[str, Any] = {"namespace": namespace, "name": name}
    for key, where in (("input", "inputFacets"), ("output", "outputFacets")):
        if key in facets:
            found[where] = facets.pop(key)
    return {**found, "facets": facets}


def event(
    kind: str | None,
    at: str,
    job: str = "etl",
    run: int = 1,
    inputs: Iterable[Any] = (),
    outputs: Iterable[Any] = (),
    run_facets: Mapping[str, Any] | None = None,
    job_facets: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """A RunEvent; `at` is a clock time on 2026-01-01, or a whole time. Datasets may be given by name."""
    return {
        **({"eventType": kind} if kind else {}),
        "eventTime": _time(at),
        "producer": "https://example.org/producer",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": {"runId": run_id(run), "facets": dict(run_facets or {})},
        "job": {"namespace": JOBS, "name": job, "facets": dict(job_facets or {})},
        "inputs": _datasets(inputs),
        "outputs": _datasets(outputs),
    }


def job_event(at: str, job: str = "etl", inputs: Iterable[Any] = (), outputs: Iterable[Any] = (), **facets: Any) -> Any:
    """A JobEvent."""
    return {
        "eventTime": _time(at),
        "job": {"namespace": JOBS, "name": job, "facets": facets},
        "inputs": _datasets(inputs),
        "outputs": _datasets(outputs),
    }


def dataset_event(at: str, name: str, namespace: str = NS, **facets: Any) -> Any:
    """A DatasetEvent."""
    return {"eventTime": _time(at), "dataset": {"namespace": namespace, "name": name, "facets": facets}}


def _time(at: str) -> str:
    return at if "-" in at else f"2026-01-01T{at}Z"


def _datasets(datasets: Iterable[Any]) -> list[Any]:
    return [dataset(found) if isinstance(found, str) else found for found in datasets]


def columns(**sources: list[tuple[str, str]]) -> dict[str, Any]:
    """A `columnLineage` facet: sources (dataset, field) by field."""
    return {
        "fields": {
            field: {"inputFields": [{"namespace": NS, "name": name, "field": column} for name, column in found]}
            for field, found in sources.items()
        }
    }


def schema(*names: str) -> dict[str, Any]:
    """A `schema` facet."""
    return {"fields": [{"name": name, "type": "int"} for name in names]}


def payload(document: Any) -> bytes:
    """The event as bytes."""
    return document if isinstance(document, bytes) else json.dumps(document).encode()


async def project(store: GraphStore, documents: Iterable[Any]) -> None:
    """Append events to a log of their own and project it into the store."""
    log = await SQLiteEventLog.open(MEMORY)
    payloads = [payload(document) for document in documents]
    await log.append([NewEvent(p, unit_of(parse_event(p)), b"{}") for p in payloads])
    await Projector(log, store).catch_up()
    await log.close()


async def graph_of(*documents: Any) -> SQLiteGraphStore:
    """A graph in memory of these events."""
    store = SQLiteGraphStore(None)
    await project(store, documents)
    return store


async def dump(store: GraphStore) -> list[Any]:
    """The whole graph."""
    return [tuple(row) async for row in store.dump()]


class Answer:
    """A lineage graph by names."""

    def __init__(self, graph: LineageGraph) -> None:
        self.graph = graph

    def _label(self, key: str) -> str:
        node = self.graph.nodes[key]
        if node.kind == "RUN":
            return f"run {int(UUID(node.field)) & 0xFFFF}"
        return f"{node.name}.{node.field}" if node.kind == "COLUMN" else node.name

    @property
    def names(self) -> set[str]:
        """Names of all nodes."""
        return {self._label(key) for key in self.graph.nodes}

    @property
    def edges(self) -> set[tuple[str, str, str]]:
        """Edges as (source, kind, target)."""
        return {(self._label(e.source), str(e.kind), self._label(e.target)) for e in self.graph.edges.values()}

    def edge(self, source: str, target: str) -> Any:
        """The edge between two nodes."""
        (found,) = [
            e for e in self.graph.edges.values() if (self._label(e.source), self._label(e.target)) == (source, target)
        ]
        return found


async def ask(
    store: GraphStore,
    name: str = "",
    *,
    job: str = "",
    run: int = 0,
    field: str = "",
    at: str = "2026-06-01T00:00:00Z",
    up: bool = True,
    down: bool = True,
    granularity: Granularity | None = None,
    namespace: str = NS,
    **options: Any,
) -> Answer:
    """Lineage of a dataset (by name), a job, a run or a column."""
    start = dataset_key(namespace, name)
    usual = Granularity.DATASET
    if field:
        start, usual = column_key(start, field), Granularity.COLUMN
    elif job:
        start = job_key(JOBS, job)
    elif run:
        start, usual = run_key(run_id(run)), Granularity.RUN
    direction = Direction.BOTH if up and down else Direction.UPSTREAM if up else Direction.DOWNSTREAM
    question = Question(start, parse_time(_time(at)).micros, direction, granularity=granularity or usual, **options)
    return Answer(await lineage(store, question))
