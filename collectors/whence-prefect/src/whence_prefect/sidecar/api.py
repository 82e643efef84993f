"""Prefect's REST API, by Prefect's own client: it knows the address, the key and the certificates."""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any

from httpx import HTTPStatusError
from prefect.client.orchestration import PrefectClient

from ..native import PREFIXES, Event

_GONE = 404
_PAGE = 50


class PrefectApi:
    """The part of the API that is asked. Errors are those of the client."""

    def __init__(self, client: PrefectClient) -> None:
        self._client = client

    async def get(self, path: str) -> Mapping[str, Any] | None:
        """What is at a path; None where nothing is (any more)."""
        try:
            answer = await self._client.request("GET", path)
        except HTTPStatusError as error:
            if error.response.status_code == _GONE:
                return None
            raise
        found: Mapping[str, Any] = answer.json()
        return found

    async def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """The answer to a question."""
        return (await self._client.request("POST", path, json=body)).json()

    async def events(self, since: datetime, until: datetime) -> AsyncIterator[Event]:
        """The events of a time, oldest first. Prefect keeps them for 7 days by default."""
        wanted = {
            "occurred": {"since": since.isoformat(), "until": until.isoformat()},
            "event": {"prefix": list(PREFIXES), "exclude_name": ["prefect.flow-run.heartbeat"]},
            "order": "ASC",
        }
        page = await self.post("/events/filter", {"filter": wanted, "limit": _PAGE})
        while True:
            for event in page["events"]:
                yield event
            if not page.get("next_page"):
                return
            page = await self._next(page["next_page"])

    async def _next(self, url: str) -> Any:
        """The next page. Behind a proxy the server may not know its own address, so only what follows it is used."""
        return (await self._client.request("GET", "/events/filter/next?" + url.partition("?")[2])).json()

    async def deployments(self) -> AsyncIterator[Mapping[str, Any]]:
        """All deployments."""
        offset = 0
        while found := await self.post("/deployments/filter", {"offset": offset, "limit": 200}):
            for deployment in found:
                yield deployment
            offset += len(found)
