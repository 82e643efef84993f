"""Reading a request's body, compressed or not, within a limit."""

import zlib

from starlette.requests import Request

from whence.api.guard import UnsupportedMediaType
from whence_schemas.errors import BodyTooLarge, WhenceError

_WINDOW_BITS = {"gzip": 31, "x-gzip": 31, "deflate": 15}
"""zlib's window bits by content coding: with a gzip header (RFC 1952), or a zlib header (RFC 1950)."""


class CorruptBody(WhenceError):
    """The body cannot be decompressed."""

    status = 400
    title = "Corrupt body"


async def read_body(request: Request, limit: int) -> bytes:
    """The body, decompressed, of at most `limit` bytes. They are counted while they come, so none are kept beyond.

    Raises:
        BodyTooLarge: there are more.
        CorruptBody: it is not compressed as the Content-Encoding says, or its end is missing.
        UnsupportedMediaType: the Content-Encoding is none that the server knows.
    """
    coding = request.headers.get("content-encoding", "").strip().lower()
    if coding in ("", "identity"):
        return await _read_plain(request, limit)
    if coding not in _WINDOW_BITS:
        raise UnsupportedMediaType(f"the Content-Encoding {coding[:80]!r} is not known: send gzip, deflate or none")
    return await _read_compressed(request, limit, coding)


async def _read_plain(request: Request, limit: int) -> bytes:
    chunks = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise _too_large(limit)
        chunks.append(chunk)
    return b"".join(chunks)


async def _read_compressed(request: Request, limit: int, coding: str) -> bytes:
    bits = _WINDOW_BITS[coding]
    body = bytearray()
    stream = zlib.decompressobj(bits)
    async for chunk in request.stream():
        while chunk:
            if stream.eof:  # what follows is gzip's next member (RFC 1952, section 2.2)
                stream = zlib.decompressobj(bits)
            try:
                body += stream.decompress(chunk, limit - len(body) + 1)
            except zlib.error as error:
                raise CorruptBody(f"the body is not compressed with {coding}, or is damaged ({error})") from None
            if len(body) > limit:
                raise _too_large(limit)
            chunk = stream.unused_data
    if not stream.eof:
        raise CorruptBody(f"the body's end is missing: it is compressed with {coding}, and was cut")
    return bytes(body)


def _too_large(limit: int) -> BodyTooLarge:
    return BodyTooLarge(
        f"the body has more than {limit:,} bytes, decompressed: send smaller events or batches, or set"
        " WHENCE_MAX_BODY_BYTES"
    )
