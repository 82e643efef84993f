"""The transparency log over HTTP: checkpoint and tiles (C2SP tlog-tiles), entries, proofs."""

import base64
import gzip
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from whence.api.document import problems
from whence.api.guard import SENDER
from whence.eventlog.port import EventLog
from whence.notary.notary import Notary
from whence.transparency.merkle import ROW_HEIGHT, Tree
from whence.transparency.tiles import MAX_LEVEL, WIDTH, Tile, bundle
from whence_schemas.errors import NotFound

_MAX = 2**63 - 1
_IMMUTABLE = {"Cache-Control": "max-age=31536000, immutable"}
_BINARY: dict[int | str, dict[str, Any]] = {200: {"content": {"application/octet-stream": {}}}}
_NOTE: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/plain": {"example": "whence/9f86d081884c7d65\n42\nCsUY...=\n\n— whence/9f86d0... \n"}}}
}

_Number = Annotated[int, Query(ge=0, le=_MAX)]
_Size = Annotated[int | None, Query(ge=0, le=_MAX, description="By default that of the published checkpoint.")]


class Wanted(BaseModel):
    """How a checkpoint is wanted."""

    model_config = ConfigDict(extra="forbid")

    timestamp: bool = False


def log_routes(log: EventLog, notary: Notary) -> APIRouter:
    """The routes of the transparency log."""
    router = APIRouter(tags=["Transparency log"])
    tree = Tree(log.hashes)

    @router.get("/checkpoint", summary="The checkpoint published last", responses=_NOTE | problems(401, 404))
    async def checkpoint() -> Response:
        """A signed note (C2SP tlog-checkpoint) over all but the last few seconds' entries."""
        published = await log.last_checkpoint()
        if published is None:
            raise NotFound("no checkpoint is published yet; the first comes within seconds")
        return _note(published.note)

    @router.get("/tile/entries/{path:path}", summary="A bundle of leaves", responses=_BINARY | problems(401, 404))
    async def entries(path: str, request: Request) -> Response:
        """Leaves, each behind its length in two bytes; `path` is a tile's number as `x001/x234/067`, with `.p/W` behind
        it for the first W of an incomplete one."""
        tile = await _published(log, 0, path)
        content = bundle(await log.leaves(*_span(tile)))
        headers = {**_IMMUTABLE, "Vary": "Accept-Encoding"}
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            content = gzip.compress(content, compresslevel=1)
            headers["Content-Encoding"] = "gzip"
        return Response(content, headers=headers, media_type="application/octet-stream")

    @router.get("/tile/{level}/{path:path}", summary="A tile of hashes", responses=_BINARY | problems(401, 404))
    async def hashes(level: str, path: str) -> Response:
        """Hashes of 32 bytes each, of the complete subtrees of 256 ** level leaves."""
        tile = await _published(log, _level(level), path)
        content = b"".join(await log.hashes(_level(level), *_span(tile)))
        return Response(content, headers=_IMMUTABLE, media_type="application/octet-stream")

    @router.get("/api/v1/log/entries/{index}", summary="An entry", responses=problems(401, 404, 422))
    async def entry(index: int) -> Response:
        """An entry: its leaf as it is hashed; and in base64 its hash and, unless they were erased, the salt, the meta
        and the payload that it commits to."""
        found = await log.read(index, 1, 0) if 0 <= index <= _MAX else []
        if not found:
            raise NotFound(f"there is no entry {index} in the log")
        [entry] = found
        held = {"salt": entry.salt, "meta": entry.meta, "payload": entry.payload}
        return JSONResponse(
            {
                "index": entry.index,
                "kind": entry.kind,
                "leaf": entry.leaf.decode(),
                "leafHash": _base64(entry.leaf_hash),
                **{name: _base64(content) for name, content in held.items() if content is not None},
            }
        )

    @router.get("/api/v1/log/proofs/inclusion", summary="Is an entry in the log?", responses=problems(401, 404, 422))
    async def inclusion(index: _Number, size: _Size = None) -> Response:
        """The proof that entry `index` is among the log's first `size` (RFC 6962, section 2.1.1), in base64."""
        size = await _known(log, size)
        if index >= size:
            raise NotFound(f"there is no entry {index} among the log's first {size}")
        asked = {"index": index, "size": size}
        return _proof(asked, await tree.root(size), await tree.inclusion_proof(index, size))

    @router.get(
        "/api/v1/log/proofs/consistency", summary="Was the log only appended to?", responses=problems(401, 404, 422)
    )
    async def consistency(from_: Annotated[int, Query(alias="from", ge=0, le=_MAX)], to: _Size = None) -> Response:
        """The proof that the first `to` entries begin with the first `from` (RFC 6962, section 2.1.2), in base64."""
        to = await _known(log, to)
        if from_ > to:
            raise NotFound(f"there are not {from_} entries among the log's first {to}")
        asked = {"from": from_, "to": to}
        return _proof(asked, await tree.root(to), await tree.consistency_proof(from_, to))

    @router.post(
        "/api/v1/audit/checkpoint",
        summary="Make a checkpoint now",
        responses=_NOTE | problems(401, 403, 415, 422, 503),
    )
    async def make_checkpoint(wanted: Wanted) -> Response:
        """A checkpoint over all entries, to keep elsewhere; on demand with an RFC 3161 time stamp, kept in the log."""
        published = await notary.publish()
        if wanted.timestamp:
            await notary.stamp(published)
        return _note(published.note)

    @router.post("/api/v1/admin/log/key", summary="Change the log's key", responses=problems(401, 403, 415, 503))
    async def rotate_key(request: Request) -> dict[str, str]:
        """Let a new key sign from now on; the log records that the old one vouches for it."""
        return {"old": notary.verifier_key, "new": await notary.rotate(request.scope.get(SENDER, ""))}

    return router


def _note(note: bytes) -> Response:
    return PlainTextResponse(note, headers={"Cache-Control": "no-cache"})


def _proof(asked: dict[str, int], root: bytes, proof: Sequence[bytes]) -> Response:
    return JSONResponse({**asked, "root": _base64(root), "proof": [_base64(element) for element in proof]})


def _level(text: str) -> int:
    level = int(text) if text.isascii() and text.isdigit() and len(text) <= 2 else -1
    if not 0 <= level <= MAX_LEVEL or str(level) != text:
        raise NotFound(f"{text[:80]!r} is no level of tiles")
    return level


async def _published(log: EventLog, level: int, path: str) -> Tile:
    """The tile, which lies within the published checkpoint.

    Raises:
        NotFound: there is none.
    """
    try:
        tile = Tile.parse(path)
    except ValueError as error:
        raise NotFound(str(error)) from None
    published = await log.last_checkpoint()
    width = ((published.size if published else 0) >> (ROW_HEIGHT * level)) - tile.number * WIDTH
    if tile.width > width:
        raise NotFound(f"the published log has no tile {path} of that width")
    return tile


def _span(tile: Tile) -> tuple[int, int]:
    return tile.number * WIDTH, tile.number * WIDTH + tile.width


async def _known(log: EventLog, size: int | None) -> int:
    """The size asked for, which the log has reached; else that of the published checkpoint."""
    if size is None:
        published = await log.last_checkpoint()
        return published.size if published else 0
    if size > await log.size():
        raise NotFound(f"the log has not {size} entries yet")
    return size


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()
