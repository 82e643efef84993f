"""Ingestion over HTTP, as OpenLineage.yml (2.0.2) defines it, with answers that say more.

The endpoints read their requests and write their answers by hand: FastAPI's parsing and models would cost more than
all that is done with an event.
"""

import asyncio
import json
import re
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from whence.api import document
from whence.api.body import read_body
from whence.api.guard import SENDER
from whence.eventlog.port import Appended
from whence.ingestion import Ingestion
from whence.projection.runner import Projector
from whence_schemas.errors import InvalidEvent

MAX_WAIT_SECONDS = 30
_WAIT = re.compile(r'(?:^|,)\s*wait\s*=\s*"?(\d{1,9})"?\s*(?=[,;]|$)', re.IGNORECASE)


class PlainRoute(APIRoute):
    """A route in the OpenAPI document whose endpoint is called with the request, and nothing else."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The endpoint."""
        return self.endpoint


def lineage_routes(ingestion: Ingestion, projector: Projector, max_body_bytes: int) -> APIRouter:
    """The routes that take events."""
    router = APIRouter(prefix="/api/v1", tags=["OpenLineage"], route_class=PlainRoute)

    @router.post("/lineage", status_code=201, **document.EVENT)
    async def post_event(request: Request) -> Response:
        """Takes an event. The answer comes when it is in the log durably.

        With the header `Prefer: wait=10` (RFC 7240) the answer waits up to 10 seconds (at most 30) until the event
        is in the graph too, and `projected` says whether it is.
        """
        payload = await read_body(request, max_body_bytes)
        appended = await ingestion.ingest(payload, request.scope[SENDER])
        answer = {"index": appended.index, "duplicate": appended.duplicate}
        return await _answer(request, projector, 201, answer, appended.index + 1)

    @router.post("/lineage/batch", **document.BATCH)
    async def post_batch(request: Request) -> Response:
        """Takes an array of events. The answer comes when all that are valid are in the log durably.

        What is no valid event is reported with its index, and does not keep the others out.
        `Prefer: wait=SECONDS` works as for one event.
        """
        body = await read_body(request, max_body_bytes)
        results = await ingestion.ingest_batch(body, request.scope[SENDER])
        end = max((result.index + 1 for result in results if isinstance(result, Appended)), default=0)
        return await _answer(request, projector, 200, _report(results), end)

    return router


def _report(results: list[Appended | InvalidEvent]) -> dict[str, Any]:
    """What became of a batch. A failure of the log is answered for the batch as a whole, so that none is retriable."""
    failed = [
        {"index": index, "reason": result.reason, "field": result.field, "retriable": False}
        for index, result in enumerate(results)
        if isinstance(result, InvalidEvent)
    ]
    return {
        "status": "partial_success" if failed else "success",
        "summary": {
            "received": len(results),
            "successful": len(results) - len(failed),
            "failed": len(failed),
            "retriable": 0,
            "non_retriable": len(failed),
        },
        "failed_events": failed,
    }


async def _answer(request: Request, projector: Projector, status: int, answer: dict[str, Any], end: int) -> Response:
    """The answer, after the graph holds the log's first `end` entries if the client prefers to wait for that."""
    headers = {}
    wait = _WAIT.search(", ".join(request.headers.getlist("prefer")))
    if wait:
        seconds = min(int(wait[1]), MAX_WAIT_SECONDS)
        answer["projected"] = await _is_projected(projector, end, seconds)
        headers["Preference-Applied"] = f"wait={seconds}"
    return Response(json.dumps(answer), status, headers, "application/json")


async def _is_projected(projector: Projector, end: int, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await projector.wait_for(end)
    except TimeoutError:
        return False
    return True
