"""Whether the server lives, and whether it can work. Probes need no key."""

import asyncio
from typing import Any

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from whence.eventlog.port import EventLog
from whence.graph.port import GraphStore
from whence.ingestion import Ingestion
from whence.projection.runner import Projector
from whence_schemas.errors import GraphUnavailable, LogUnavailable

_GRAPH_SECONDS = 2.0
_READY = {"status": "ready", "log": {"size": 42}, "graph": {"cursor": 42, "lag": 0}}


def health_routes(log: EventLog, graph: GraphStore, ingestion: Ingestion, projector: Projector) -> APIRouter:
    """The routes for probes."""
    router = APIRouter(prefix="/health", tags=["Health"])

    @router.get("/live", summary="Does the server live?")
    async def live() -> Response:
        """Answers as long as the server runs."""
        return JSONResponse({"status": "live"})

    @router.get(
        "/ready",
        summary="Can the server take events, and how far is the graph?",
        responses={
            200: {"content": {"application/json": {"example": _READY}}},
            503: {"description": "The log cannot be written; `log.error` says why."},
        },
    )
    async def ready() -> Response:
        """`ready`; or `degraded`, when the graph store does not answer: events are taken all the same, and the
        graph is behind the log by `lag` entries; or `unavailable` with 503, when the log cannot be written.
        """
        try:
            size = await log.size()
        except LogUnavailable as error:
            return JSONResponse({"status": "unavailable", "log": {"error": str(error)}}, 503)
        state = await _graph_state(size)
        if ingestion.refusal:
            refused = {"status": "unavailable", "log": {"size": size, "error": ingestion.refusal}, "graph": state}
            return JSONResponse(refused, 503)
        status = "degraded" if "error" in state else "ready"
        return JSONResponse({"status": status, "log": {"size": size}, "graph": state})

    async def _graph_state(size: int) -> dict[str, Any]:
        """How far the graph is in a log of this size; its last known cursor while the store does not answer."""
        failing = projector.failing
        try:
            async with asyncio.timeout(_GRAPH_SECONDS):
                cursor = await graph.cursor()
        except TimeoutError:
            cursor, failing = projector.cursor, f"the graph store did not answer in {_GRAPH_SECONDS:g} seconds"
        except GraphUnavailable as error:
            cursor, failing = projector.cursor, str(error)
        state: dict[str, Any] = {"cursor": cursor, "lag": max(size - cursor, 0)}
        return state | {"error": failing} if failing else state

    return router
