"""Following Prefect's event stream for ever, without losing an event.

The stream is quick, and can lose events: while it is not connected, and when a reader is slow. So each connection
begins with what the server has stored since the cursor, and a sweep repeats that every minute. An event is handed on
once, by its id; after a restart some come again, and give the same OpenLineage events, which the server counts once.
"""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from prefect.events.clients import get_events_subscriber
from prefect.events.filters import EventFilter, EventNameFilter

from ..native import PREFIXES, Event, occurred
from .api import PrefectApi
from .cursor import Cursor

log = logging.getLogger("whence_prefect")

SWEEP_SECONDS = 60.0
LONGEST_PAUSE = 60.0
REMEMBERED = 200_000
SWEPT = timedelta(minutes=2)
"""How much further back a sweep reads than the last one did: events are stored some seconds after they occur."""
AHEAD = timedelta(minutes=1)
"""How far the clocks of flows may be ahead."""
KEPT = timedelta(days=7)
"""How far back a first start reads: as long as Prefect keeps events by default."""

Handle = Callable[[Event], Awaitable[None]]
Settle = Callable[[], Awaitable[None]]


class Follower:
    """Hands each event to `handle`, in about the order in which they occurred; one for which it raises comes again.

    `settle` is called whenever what is stored was read: every minute at least.
    """

    def __init__(
        self, api: PrefectApi, cursor: Cursor, handle: Handle, settle: Settle, since: timedelta = KEPT
    ) -> None:
        self._api = api
        self._cursor = cursor
        self._handle = handle
        self._settle = settle
        self._since = since
        self._done: OrderedDict[str, None] = OrderedDict()
        self._busy = asyncio.Lock()

    async def catch_up(self, since: datetime | None = None) -> int:
        """Read what the server has stored since then, or since the cursor; how many events were new."""
        now = datetime.now(UTC)
        count = 0
        async for event in self._api.events(since or self._cursor.since() or now - self._since, now + AHEAD):
            count += await self._take(event)
            if count and count % 500 == 0:
                await self._keep()
        await self._keep()
        return count

    async def _keep(self) -> None:
        await self._settle()
        self._cursor.save()

    async def run(self) -> None:
        """Follow until cancelled; reconnect with ever longer pauses, of a minute at most."""
        pause = 1.0
        while True:
            started = time.monotonic()
            try:
                if count := await self.catch_up():
                    log.info("read %d events that Prefect had stored", count)
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._listen())
                    group.create_task(self._sweep())
            except* Exception as errors:  # whatever it is: the server may be away for long
                log.warning("not connected to Prefect: %s", _first(errors))
            pause = 1.0 if time.monotonic() - started > LONGEST_PAUSE else min(pause * 2, LONGEST_PAUSE)
            await asyncio.sleep(pause)

    async def _listen(self) -> None:
        wanted = EventFilter(event=EventNameFilter(prefix=list(PREFIXES)))
        async with get_events_subscriber(filter=wanted, reconnection_attempts=0) as stream:
            log.info("connected to Prefect's event stream")
            async for event in stream:
                await self._take(event.model_dump(mode="json"))
        raise ConnectionError("the server closed the event stream")

    async def _sweep(self) -> None:
        while True:
            since = datetime.now(UTC) - SWEPT
            await asyncio.sleep(SWEEP_SECONDS)
            if missed := await self.catch_up(since):
                log.info("read %d events that the event stream had not told", missed)

    async def _take(self, event: Event) -> int:
        async with self._busy:
            if event["id"] in self._done:
                return 0
            await self._handle(event)
            self._cursor.advance(occurred(event))
            self._done[event["id"]] = None
            if len(self._done) > REMEMBERED:
                self._done.popitem(last=False)
            return 1


def _first(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    first = errors.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first
