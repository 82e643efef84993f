"""What commands ask: a running server or the stores themselves, through one interface."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from whence.cli.options import Choice
from whence_schemas.errors import InvalidQuestion, LogLocked, NotFound, WhenceError

if TYPE_CHECKING:
    from whence.audit.frameworks import Framework
    from whence.audit.holds import Hold, HoldScope
    from whence.audit.requests import ErasureRequest, Outcome, RetentionRequest
    from whence.audit.scope import Scope
    from whence.audit.trail import Record


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

    def export(
        self, scope: "Scope", from_sizes: Sequence[int], progress: Callable[[int, int], None]
    ) -> AsyncIterator[bytes]:
        """Export the scope as an archive, piece by piece, with proofs that the log continues the ones of `from_sizes`
        entries. `progress` is told how many entries (of a server: bytes) are done, of how many (0: unknown)."""

    async def report(
        self, scope: "Scope", frameworks: "Sequence[Framework]", models: Sequence[str], form: str
    ) -> bytes:
        """A report on the scope as html, pdf or json, with a page for each of the models (ids of datasets); without
        any, for all models in the scope."""

    async def checkpoint(self, timestamp: bool) -> bytes:
        """A checkpoint (signed note) of all that is in the log now, and if wanted a time stamp that the log keeps."""

    async def rotate_key(self) -> str:
        """Let a new key sign for the log from now on; its verifier key."""

    async def erase(self, request: "ErasureRequest") -> "Outcome":
        """Erase what is requested, or say what that is."""

    async def retain(self, request: "RetentionRequest") -> "Outcome":
        """Apply a retention policy, or say what goes by it."""

    async def add_hold(self, scope: "HoldScope", reason: str, by: str) -> int:
        """Add a legal hold; its index. `by` is a key's id; for a server, the key it is sent is."""

    async def release_hold(self, index: int, reason: str, by: str) -> "Hold":
        """Release a legal hold; the hold."""

    async def holds(self) -> "list[Hold]":
        """The legal holds in force."""

    async def records(self, before: int, limit: int) -> "list[Record]":
        """At most `limit` records of the trail itself below an index, newest first."""


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


def check_there_is_a_log(choice: Choice) -> None:
    """Hold off who needs a log, and would make an empty one by opening it.

    Raises:
        ConfigurationError: the stores are meant, and there is none.
    """
    if not choice.remote:
        from whence.cli.local import check_log_exists

        check_log_exists(choice.settings)


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
