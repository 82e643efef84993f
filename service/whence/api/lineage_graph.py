"""``GET /api/v1/lineage/graph``: a whole lineage as one JSON document, also of graphs that are too large for GraphQL.

Names and values are GraphQL's. The document is written in chunks, straight from the rows of the answer.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from itertools import islice
from typing import Any, TypeVar

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from whence_graphql.ports import Reader
from whence_schemas.errors import InvalidQuestion
from whence_schemas.identity import Kind, column_key, dataset_key, job_key, run_key
from whence_schemas.lineage import Direction, Granularity, LineageEdge, LineageGraph, LineageNode, Question
from whence_schemas.read import Freshness
from whence_schemas.times import format_time, now, parse_time

MAX_NODES = 1_000_000
_CHUNK = 1_000  # rows; some 300 KB
_Row = TypeVar("_Row")
_Word = TypeVar("_Word", bound=StrEnum)
_USUAL = {
    "dataset": Granularity.DATASET,
    "job": Granularity.DATASET,
    "run": Granularity.RUN,
    "column": Granularity.COLUMN,
}
_KNOWN = (
    *("kind", "namespace", "name", "field", "run"),
    *("direction", "granularity", "depth", "window", "maxNodes", "asOf"),
)


def lineage_graph_router(reader: Reader) -> APIRouter:
    """The route of whole lineages."""
    router = APIRouter(prefix="/api/v1", tags=["Lineage"])

    @router.get("/lineage/graph")
    async def lineage_graph(request: Request) -> Response:
        """The lineage of a dataset, job, run or column as JSON: `nodes`, `edges`, `truncated` and how fresh it is.

        Parameters: `kind` (dataset, job, run or column) with `namespace` and `name`, `field` of a column, or `run`;
        `direction`, `granularity`, `depth`, `window`, `maxNodes` and `asOf` as in GraphQL.
        """
        question = await _question(reader, request.query_params)
        fresh = await reader.freshness()
        graph = await reader.lineage(question)
        return StreamingResponse(_fairly(document(graph, question, fresh)), media_type="application/json")

    return router


async def _fairly(chunks: Iterable[bytes]) -> AsyncIterator[bytes]:
    """The chunks, with a turn for other requests after each. A thread for each would cost more than making it."""
    for chunk in chunks:
        yield chunk
        await asyncio.sleep(0)


def document(graph: LineageGraph, question: Question, fresh: Freshness) -> Iterator[bytes]:
    """The answer as JSON, in chunks."""
    times = _Times()
    yield b'{"nodes":['
    yield from _rows(graph.nodes.values(), _node)
    yield b'],"edges":['
    yield from _rows(graph.edges.values(), lambda edge: _edge(edge, times))
    rest = {
        "truncated": graph.truncated is not None,
        "truncatedBy": graph.truncated,
        "notes": graph.notes,
        "nodeCount": len(graph.nodes),
        "edgeCount": len(graph.edges),
        "start": question.start,
        "asOf": format_time(question.as_of),
        "logSize": fresh.log_size,
        "cursor": fresh.cursor,
    }
    yield b"]," + orjson.dumps(rest)[1:]


def _rows(rows: Iterable[_Row], shown: Callable[[_Row], dict[str, Any]]) -> Iterator[bytes]:
    remaining = iter(rows)
    separator = b""
    while chunk := [shown(row) for row in islice(remaining, _CHUNK)]:
        yield separator + orjson.dumps(chunk)[1:-1]
        separator = b","


def _node(row: LineageNode) -> dict[str, Any]:
    node: dict[str, Any] = {
        "id": row.key,
        "kind": row.kind,
        "namespace": row.namespace,
        "name": row.name,
        "distance": row.distance,
    }
    if row.field:
        node[_FIELD[row.key[0]]] = row.field
    if row.state:
        node["state"] = row.state
    if row.names:
        node["names"] = [{"namespace": ns, "name": name} for ns, name in ((row.namespace, row.name), *row.names)]
    return node


_FIELD: dict[str, str] = {Kind.COLUMN: "field", Kind.RUN: "runId", Kind.DATASET_VERSION: "label"}


def _edge(row: LineageEdge, times: "_Times") -> dict[str, Any]:
    seen = row.seen
    edge: dict[str, Any] = {
        "source": row.source,
        "target": row.target,
        "kind": row.kind,
        "by": row.by or None,
        "observed": seen.attempts > 0,
        "declared": seen.declared,
        "seen": {"attempts": seen.attempts, "of": seen.of, "failed": seen.failed},
        "firstSeen": times[seen.first] if seen.first else None,
        "lastSeen": times[seen.last] if seen.last else None,
    }
    if row.basis:
        edge["basis"] = row.basis
    if row.transformations != "[]":
        edge["transformations"] = orjson.Fragment(row.transformations)
    return edge


class _Times(dict[int, str]):
    """Times in words, each worked out once: the edges of one job share theirs."""

    def __missing__(self, micros: int) -> str:
        text = self[micros] = format_time(micros)
        return text


async def _question(reader: Reader, given: Mapping[str, str]) -> Question:
    unknown = sorted(given.keys() - set(_KNOWN))
    if unknown:
        raise InvalidQuestion(f"the parameter {unknown[0][:80]!r} is not known: use {', '.join(_KNOWN)}")
    kind = given.get("kind", "run" if "run" in given else "column" if "field" in given else "dataset")
    if kind not in _USUAL:
        raise InvalidQuestion(f"kind is {kind[:80]!r}, but must be one of {', '.join(_USUAL)}")
    return Question(
        await _start(reader, kind, given),
        _time(given["asOf"]) if "asOf" in given else now(),
        _word(given, "direction", Direction.BOTH),
        _word(given, "granularity", _USUAL[kind]),
        _number(given, "depth", 20, 0, 1_000_000),
        _number(given, "window", 10, 1, 1_000),
        _number(given, "maxNodes", 10_000, 1, MAX_NODES),
    )


async def _start(reader: Reader, kind: str, given: Mapping[str, str]) -> str:
    if kind == "run":
        run = _needed(given, "run")
        key = run_key(run)
        found = await reader.catalog.nodes([key, run])
        return next((known for known in (key, run) if known in found and known[0] == Kind.RUN), key)
    identity = _needed(given, "namespace"), _needed(given, "name")
    if kind == "job":
        return job_key(*identity)
    dataset = dataset_key(*identity)
    return column_key(dataset, _needed(given, "field")) if kind == "column" else dataset


def _needed(given: Mapping[str, str], name: str) -> str:
    if name not in given:
        raise InvalidQuestion(f"{name} is missing: give namespace and name, with field for a column, or run")
    return given[name]


def _word(given: Mapping[str, str], name: str, default: _Word) -> _Word:
    words = type(default)
    try:
        return words(given.get(name, default).upper())
    except ValueError:
        raise InvalidQuestion(f"{name} is {given[name][:80]!r}, but must be one of {', '.join(words)}") from None


def _number(given: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    text = given.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and least <= int(text) <= most):
        raise InvalidQuestion(f"{name} is {text[:80]!r}, but must be a number between {least} and {most}")
    return int(text)


def _time(text: str) -> int:
    try:
        return parse_time(text).micros
    except ValueError as error:
        raise InvalidQuestion(f"asOf: {error}") from None
