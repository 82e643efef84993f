"""The client of a running server."""

import asyncio
import gzip
import random
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx

from whence.cli.client import Progress, Receipt, data_of
from whence.settings import Settings
from whence_schemas.errors import ConfigurationError, WhenceError
from whence_schemas.times import format_time

if TYPE_CHECKING:
    from whence.audit.frameworks import Framework
    from whence.audit.holds import Hold, HoldScope
    from whence.audit.requests import ErasureRequest, Outcome, RetentionRequest
    from whence.audit.scope import Scope
    from whence.audit.trail import Record

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

    async def export(
        self, scope: "Scope", from_sizes: Sequence[int], progress: Callable[[int, int], None]
    ) -> AsyncIterator[bytes]:
        """See the protocol."""
        query = _scope_parameters(scope) | {"fromSize": from_sizes}
        # The first byte comes when the scope is resolved, which may take minutes.
        timeout = httpx.Timeout(None, connect=_TIMEOUT.connect)
        done = 0
        try:
            async with self._http.stream("GET", "/api/v1/audit/export", params=query, timeout=timeout) as response:
                if response.is_error:
                    await response.aread()
                    raise self._error(response)
                async for chunk in response.aiter_bytes():
                    yield chunk
                    done += len(chunk)
                    progress(done, 0)
        except httpx.TransportError as error:
            if not done:
                raise self._unreachable(error) from None
            reason = str(error) or type(error).__name__
            raise WhenceError(f"{self._http.base_url} broke the archive off ({reason}): export again") from None

    async def report(
        self, scope: "Scope", frameworks: "Sequence[Framework]", models: Sequence[str], form: str
    ) -> bytes:
        """See the protocol."""
        query = _scope_parameters(scope) | {"model": models, "format": form}
        own = {"frameworks": [framework.model_dump(mode="json") for framework in frameworks]}
        timeout = httpx.Timeout(None, connect=_TIMEOUT.connect)  # it may take minutes
        response = await self._request("POST", "/api/v1/audit/report", params=query, json=own, timeout=timeout)
        if response.is_error:
            raise self._error(response)
        return response.content

    async def checkpoint(self, timestamp: bool) -> bytes:
        """See the protocol."""
        response = await self._request("POST", "/api/v1/audit/checkpoint", json={"timestamp": timestamp})
        if response.is_error:
            raise self._error(response)
        return response.content

    async def rotate_key(self) -> str:
        """See the protocol."""
        response = await self._request("POST", "/api/v1/admin/log/key", json={})
        if response.is_error:
            raise self._error(response)
        key: str = response.json()["new"]
        return key

    async def erase(self, request: "ErasureRequest") -> "Outcome":
        """See the protocol."""
        from whence.audit.requests import Outcome

        answer = await self._ask("POST", "/api/v1/audit/erasures", json=request.model_dump(mode="json", by_alias=True))
        return Outcome.model_validate(answer)

    async def retain(self, request: "RetentionRequest") -> "Outcome":
        """See the protocol."""
        from whence.audit.requests import Outcome

        answer = await self._ask("POST", "/api/v1/audit/retention", json=request.model_dump(mode="json", by_alias=True))
        return Outcome.model_validate(answer)

    async def add_hold(self, scope: "HoldScope", reason: str, by: str) -> int:
        """See the protocol."""
        wanted = {"scope": scope.model_dump(mode="json", exclude_none=True), "reason": reason}
        index: int = (await self._ask("POST", "/api/v1/audit/holds", json=wanted))["index"]
        return index

    async def release_hold(self, index: int, reason: str, by: str) -> "Hold":
        """See the protocol."""
        from whence.audit.holds import Hold

        answer = await self._ask("POST", f"/api/v1/audit/holds/{index}/release", json={"reason": reason})
        return Hold.model_validate(answer)

    async def holds(self) -> "list[Hold]":
        """See the protocol."""
        from whence.audit.holds import Hold

        return [Hold.model_validate(hold) for hold in await self._ask("GET", "/api/v1/audit/holds")]

    async def records(self, before: int, limit: int) -> "list[Record]":
        """See the protocol."""
        from whence.audit.trail import Record

        page = {"before": before, "limit": limit}
        return [Record.model_validate(found) for found in await self._ask("GET", "/api/v1/audit/records", params=page)]

    async def _ask(self, method: str, path: str, **request: Any) -> Any:
        """The JSON that answers a request, which may take minutes."""
        timeout = httpx.Timeout(None, connect=_TIMEOUT.connect)
        response = await self._request(method, path, timeout=timeout, **request)
        if response.is_error:
            raise self._error(response)
        return response.json()

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
            raise self._unreachable(error) from None

    def _unreachable(self, error: httpx.TransportError) -> "_Unreachable":
        return _Unreachable(
            f"{self._http.base_url} does not answer ({str(error) or type(error).__name__}): start the server with "
            "`whence serve`, or name another with --url"
        )

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


def _scope_parameters(scope: "Scope") -> dict[str, Any]:
    return {
        "of": scope.nodes,
        "upstreamOf": scope.upstream_of,
        "since": [] if scope.since is None else format_time(scope.since),
        "until": [] if scope.until is None else format_time(scope.until),
    }


def _reason(failure: Mapping[str, Any]) -> str:
    return f"{failure['field']}: {failure['reason']}" if failure.get("field") else str(failure["reason"])


def _pause(attempt: int, response: httpx.Response | None) -> float:
    """Seconds until the next attempt: what the server asks for, else ever longer and never in step with others."""
    asked = response.headers.get("Retry-After", "") if response is not None else ""
    longest = min(float(asked), 30.0) if asked.isdecimal() else 0.5 * 2.0**attempt
    return longest * random.uniform(0.75, 1.0)  # noqa: S311  # no secret
