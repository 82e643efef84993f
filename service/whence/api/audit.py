"""``GET /api/v1/audit/export``: an archive of evidence, streamed while it is made."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Collection
from contextlib import aclosing
from time import gmtime, strftime

from fastapi import APIRouter
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from whence.api.document import problems
from whence.api.guard import SENDER
from whence.audit.export import Source, archive, seal
from whence.audit.scope import Scope
from whence.projection.runner import Projector
from whence_schemas.errors import GraphUnavailable, InvalidQuestion
from whence_schemas.times import parse_time

_KNOWN = ("of", "upstreamOf", "since", "until", "fromSize")
_PATIENCE_SECONDS = 30.0


def audit_routes(source: Source, projector: Projector) -> APIRouter:
    """The routes of evidence."""
    router = APIRouter(prefix="/api/v1/audit", tags=["Audit"])

    @router.get(
        "/export",
        summary="Export evidence",
        responses={
            200: {"description": "The archive.", "content": {"application/zip": {}}},
            **problems(401, 403, 404, 422, 503),
        },
    )
    async def export(request: Request) -> Response:
        """Evidence as one archive that proves itself: of everything, or of a scope. The log records the export.

        Parameters, of which `of`, `upstreamOf` and `fromSize` can be repeated: `of`, the id of a dataset, job or run as
        GraphQL gives it: its runs; `upstreamOf`, such an id: all that lies upstream; `since` and `until`: only runs of
        which something was received from the one time on and before the other; `fromSize`: prove that the log
        continues the one of so many entries. An archive that was cut off is no whole ZIP.
        """
        scope = scope_asked(request.query_params, _KNOWN)
        from_sizes = [_size(text) for text in request.query_params.getlist("fromSize")]
        size = await caught_up(source, projector)
        sealed = await seal(source, scope, request.scope.get(SENDER, ""), from_sizes, size)
        name = strftime("whence-evidence-%Y%m%d-%H%M%S.zip", gmtime())
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return StreamingResponse(_closing(archive(source, sealed)), media_type="application/zip", headers=headers)

    return router


async def _closing(chunks: AsyncGenerator[bytes]) -> AsyncIterator[bytes]:
    """The chunks; where the client goes away, their temporary files go at once."""
    async with aclosing(chunks) as open_chunks:
        async for chunk in open_chunks:
            yield chunk


async def caught_up(source: Source, projector: Projector) -> int:
    """Wait until the graph holds what is in the log now, so that a scope misses nothing of it; how many entries.

    Raises:
        GraphUnavailable: it takes too long.
    """
    size = await source.log.size()
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            await projector.wait_for(size)
    except TimeoutError:
        raise GraphUnavailable("the graph is behind the log: try again when it has caught up") from None
    return size


def scope_asked(given: QueryParams, known: Collection[str]) -> Scope:
    """The scope that parameters name, all of which must be among the known ones.

    Raises:
        InvalidQuestion: one is not, or has a value that it cannot have.
    """
    unknown = sorted(given.keys() - set(known))
    if unknown:
        raise InvalidQuestion(f"the parameter {unknown[0][:80]!r} is not known: use {', '.join(known)}")
    return Scope(
        tuple(given.getlist("of")), tuple(given.getlist("upstreamOf")), _time(given, "since"), _time(given, "until")
    )


def _time(given: QueryParams, name: str) -> int | None:
    try:
        return parse_time(given[name]).micros if given.get(name) else None
    except ValueError as error:
        raise InvalidQuestion(f"{name}: {error}") from None


def _size(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise InvalidQuestion(f"fromSize is {text[:80]!r}, but must be a number of entries")
    return int(text)
