"""The client of a running server."""

import asyncio
import gzip
import random
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx

from whence.cli.client import Progress, Receipt, data_of
from whence.settings import Settings
from whence_schemas.errors import ConfigurationError, WhenceError

_RETRIED = {429, 502, 503, 504}
_REFUSED_WHOLE = {400, 413, 422}
_TRIES = 7
_POLL_SECONDS = 0.2
_TIMEOUT = httpx.Timeout(60, connect=10)


@asynccontextmanager
async def connect_to_server(settings: Settings) -> AsyncIterator["Server"]:
    """A client of the server that the settings name.

    Raises:
        ConfigurationError: they name it by what is no HTTP address.
    """
    headers = {"User-Agent": "whence"}
    if settings.key:
        headers["Authorization"] = f"Bearer {settings.key.get_secret_value()}"
    if not settings.url.startswith(("http://", "https://")):
        raise ConfigurationError("WHENCE_URL: an address begins with http:// or https://, as http://127.0.0.1:5000")
    try:
        http = httpx.AsyncClient(base_url=settings.url, headers=headers, timeout=_TIMEOUT)
    except httpx.InvalidURL as error:
        raise ConfigurationError(f"WHENCE_URL: {error}") from None
    async with http:
        yield Server(http)


class Server:
    """The `Client` over HTTP."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def ask(self, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """See the protocol."""
        response = await self._request("POST", "/graphql", json={"query": query, "variables": variables})
        try:
            answer = response.json()
        except ValueError:
            answer = None
        if not isinstance(answer, dict) or not answer.keys() & {"data", "errors"}:
            raise self._error(response)
        return data_of(answer)

    async def send(self, payloads: Sequence[bytes]) -> Receipt:
        """See the protocol. While the server cannot take events, try again for about a minute; that is safe, as an
        event that comes twice counts once."""
        body = gzip.compress(b"[" + b",".join(payloads) + b"]", compresslevel=1)
        headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        response = await self._request_again("POST", "/api/v1/lineage/batch", content=body, headers=headers)
        if response.status_code in _REFUSED_WHOLE:
            return await self._send_halves(payloads, response)
        if response.is_error:
            raise self._error(response)
        report = response.json()
        failed = {failure["index"]: _reason(failure) for failure in report["failed_events"]}
        summary = report["summary"]
        return Receipt(summary["successful"], summary.get("duplicates"), failed)

    async def _send_halves(self, payloads: Sequence[bytes], response: httpx.Response) -> Receipt:
        """Something in the batch keeps the server from reading it: find the event, so that the others get in."""
        if len(payloads) == 1:
            return Receipt(refused={0: str(self._error(response))})
        middle = len(payloads) // 2
        first, second = await self.send(payloads[:middle]), await self.send(payloads[middle:])
        counted = first.duplicates is not None and second.duplicates is not None
        return Receipt(
            first.accepted + second.accepted,
            (first.duplicates or 0) + (second.duplicates or 0) if counted else None,
            first.refused | {middle + index: reason for index, reason in second.refused.items()},
        )

    async def project(self) -> AsyncIterator[Progress]:
        """See the protocol: the server projects, this waits for it."""
        target = None
        while True:
            response = await self._request("GET", "/health/ready")
            state = response.json()
            if response.is_error or "error" in state["graph"]:
                raise WhenceError(f"the server cannot bring its graph up to date now: {state}")
            target = state["log"]["size"] if target is None else target
            yield Progress(min(state["graph"]["cursor"], target), target)
            if state["graph"]["cursor"] >= target:
                return
            await asyncio.sleep(_POLL_SECONDS)

    async def _request_again(self, method: str, path: str, **request: Any) -> httpx.Response:
        for attempt in range(_TRIES - 1):
            try:
                response = await self._request(method, path, **request)
            except _Unreachable:
                response = None
            if response is not None and response.status_code not in _RETRIED:
                return response
            await asyncio.sleep(_pause(attempt, response))
        response = await self._request(method, path, **request)
        if response.status_code in _RETRIED:
            raise self._error(response)
        return response

    async def _request(self, method: str, path: str, **request: Any) -> httpx.Response:
        try:
            return await self._http.request(method, path, **request)
        except httpx.TransportError as error:
            raise _Unreachable(
                f"{self._http.base_url} does not answer ({str(error) or type(error).__name__}): start the server with "
                "`whence serve`, or name another with --url"
            ) from None

    def _error(self, response: httpx.Response) -> WhenceError:
        """The error of a response, from its problem document (RFC 9457) where it has one."""
        try:
            detail = response.json()["detail"]
        except (ValueError, KeyError, TypeError):
            detail = f"{response.status_code} {response.reason_phrase}; is this the address of a Whence server?"
        hint = ". Set WHENCE_KEY to it, or give it with --key" if response.status_code == 401 else ""
        return WhenceError(f"{self._http.base_url} answers: {detail}{hint}")


class _Unreachable(WhenceError):
    """The server does not answer."""


def _reason(failure: Mapping[str, Any]) -> str:
    return f"{failure['field']}: {failure['reason']}" if failure.get("field") else str(failure["reason"])


def _pause(attempt: int, response: httpx.Response | None) -> float:
    """Seconds until the next attempt: what the server asks for, else ever longer and never in step with others."""
    asked = response.headers.get("Retry-After", "") if response is not None else ""
    longest = min(float(asked), 30.0) if asked.isdecimal() else 0.5 * 2.0**attempt
    return longest * random.uniform(0.75, 1.0)  # noqa: S311  # no secret
