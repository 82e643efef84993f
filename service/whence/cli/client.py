"""What commands ask: a running server or the stores themselves, through one interface."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from whence.cli.options import Choice
from whence_schemas.errors import InvalidQuestion, LogLocked, NotFound, WhenceError


@dataclass
class Receipt:
    """What became of a batch: how many of its events are in the log, how many of these were there before (None where
    that is not told), and why the others were refused, by their place in the batch."""

    accepted: int = 0
    duplicates: int | None = 0
    refused: dict[int, str] = field(default_factory=dict)


class Progress(NamedTuple):
    """How many of the log's entries are in the graph."""

    cursor: int
    size: int


class Client(Protocol):
    """Whence, as a command sees it. Every method may raise a `WhenceError`."""

    async def ask(self, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """The data that answers a GraphQL query."""

    async def send(self, payloads: Sequence[bytes]) -> Receipt:
        """Put events, each of which is JSON, into the log, durably."""

    def project(self) -> AsyncIterator[Progress]:
        """Go on until all that is in the log now is in the graph."""


@asynccontextmanager
async def connect(choice: Choice, write: bool = False) -> AsyncIterator[Client]:
    """A client of what the settings choose; `write` where events are to be sent."""
    if choice.remote:
        from whence.cli.remote import connect_to_server

        async with connect_to_server(choice.settings) as server:
            yield server
    else:
        from whence.cli.local import open_stores

        try:
            async with open_stores(choice.settings, write) as stores:
                yield stores
        except LogLocked as error:
            raise LogLocked(f"{error} If it is a server, use it: --url {choice.settings.url}") from None


def data_of(answer: Mapping[str, Any]) -> dict[str, Any]:
    """The data in a GraphQL response.

    Raises:
        NotFound, InvalidQuestion, WhenceError: there are errors in it; the first is told.
    """
    errors = answer.get("errors")
    if errors:
        status = errors[0].get("extensions", {}).get("status")
        raise _BY_STATUS.get(status, WhenceError)(errors[0]["message"])
    data: dict[str, Any] = answer["data"]
    return data


_BY_STATUS: dict[Any, type[WhenceError]] = {400: InvalidQuestion, 404: NotFound, 422: InvalidQuestion}
