"""The one path of an event into the log: parse, redact, validate, append.

Over HTTP, from the command line or from a queue, every event goes through an `Ingestion`.
"""

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from typing import Any, ParamSpec, TypeVar

import rfc8785

from whence.eventlog.port import Appended, EventLog, NewEvent
from whence.json_slices import elements
from whence.redaction import Redaction, says_a_key_twice
from whence_schemas.errors import BodyTooLarge, InvalidEvent, LogUnavailable
from whence_schemas.events import read_json, unit_of, validate_event
from whence_schemas.facets.base import shown
from whence_schemas.times import format_time, now

MAX_BATCH_EVENTS = 100_000
"""A batch of more is refused: each event that fails has its place in the answer."""

_LARGE = 256 * 2**10
"""Bytes from which on events are parsed in a thread, so that others need not wait for it."""
_REFUSAL_SECONDS = 10.0

_P = ParamSpec("_P")
_T = TypeVar("_T")


class Ingestion:
    """Puts events into a log, after the operator's redaction."""

    def __init__(self, log: EventLog, redaction: Redaction | None = None) -> None:
        self._log = log
        self._redaction = redaction
        self._refusal = ""
        self._refused_at = 0.0

    @property
    def refusal(self) -> str:
        """Why the log refused to be written in the last ten seconds; empty if it did not.

        It is forgotten by itself: where nobody sends events to a server that is not ready, nothing else would tell
        that the log can be written again.
        """
        return self._refusal if time.monotonic() - self._refused_at < _REFUSAL_SECONDS else ""

    async def ingest(self, payload: bytes, sender: str = "") -> Appended:
        """Put one event, as JSON, into the log; when this returns, it is there durably.

        Raises:
            MalformedJson, InvalidEvent: it is no event, and was not added.
            LogUnavailable: the log cannot be written now.
        """
        event = await _run(len(payload), self._prepare, payload, sender)
        [appended] = await self._append([event])
        return appended

    async def ingest_all(self, payloads: Sequence[bytes], sender: str = "") -> list[Appended | InvalidEvent]:
        """Put events into the log at once; for each, where it is, or why it is none and was not added.

        Raises:
            LogUnavailable: the log cannot be written now; none was added.
        """
        prepared = await _run(sum(map(len, payloads)), self._prepare_all, payloads, sender)
        appended = iter(await self._append([event for event in prepared if isinstance(event, NewEvent)]))
        return [next(appended) if isinstance(event, NewEvent) else event for event in prepared]

    async def ingest_batch(self, body: bytes, sender: str = "") -> list[Appended | InvalidEvent]:
        """Put a JSON array of events into the log, as `ingest_all` does.

        Raises:
            MalformedJson: the body is no JSON; nothing was added.
            InvalidEvent: the body is no array; nothing was added.
            BodyTooLarge: there are more than `MAX_BATCH_EVENTS`; nothing was added.
            LogUnavailable: the log cannot be written now; nothing was added.
        """
        return await self.ingest_all(await _run(len(body), _split, body), sender)

    async def _append(self, events: list[NewEvent]) -> list[Appended]:
        try:
            appended = await self._log.append(events)
        except LogUnavailable as error:
            self._refusal, self._refused_at = str(error), time.monotonic()
            raise
        self._refusal = ""
        return appended

    def _prepare(self, payload: bytes, sender: str) -> NewEvent:
        document = read_json(payload)
        fired: list[str] = []
        if self._redaction:
            document, fired = self._redaction.apply(document)
            if fired or says_a_key_twice(payload):
                payload = to_json(document)
        unit = unit_of(validate_event(document))
        meta = {"received": format_time(now()), "redacted": fired, "sender": sender}
        return NewEvent(payload, unit, rfc8785.dumps(meta))

    def _prepare_all(self, payloads: Sequence[bytes], sender: str) -> list[NewEvent | InvalidEvent]:
        prepared: list[NewEvent | InvalidEvent] = []
        for payload in payloads:
            try:
                prepared.append(self._prepare(payload, sender))
            except InvalidEvent as error:
                prepared.append(error.with_traceback(None))  # which would keep all that was parsed in memory
        return prepared


def _split(body: bytes) -> list[bytes]:
    """The events of a batch, each with its own bytes."""
    document = read_json(body)
    if not isinstance(document, list):
        raise InvalidEvent(f"found {shown(document)}, but a batch is an array: send the events as [event, ...]")
    if len(document) > MAX_BATCH_EVENTS:
        raise BodyTooLarge(f"the batch has {len(document)} events: send at most {MAX_BATCH_EVENTS} at once")
    return elements(body)


def to_json(document: Any) -> bytes:
    """A document as compact JSON."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


async def _run(size: int, work: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
    """Do work on `size` bytes, in a thread if they are many."""
    if size < _LARGE:
        return work(*args, **kwargs)
    return await asyncio.to_thread(work, *args, **kwargs)
