"""`whence-prefect`: the sidecar as a command."""

import argparse
import asyncio
import hashlib
import logging
import os
import re
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from httpx import HTTPError
from openlineage.client.event_v2 import JobEvent, RunEvent
from prefect.client.orchestration import get_client
from prefect.settings import get_current_settings

from whence_collector import SpoolTransport

from ..facts import Facts
from ..lineage import Lineage
from ..native import Event
from ..settings import disabled, namespace
from .abandoned import Abandoned
from .api import PrefectApi
from .cursor import Cursor
from .follow import KEPT, Follower
from .translate import Translator

log = logging.getLogger("whence_prefect")


def main() -> None:
    """Run the sidecar until it is stopped."""
    arguments = _arguments()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s: %(message)s", stream=sys.stderr)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    url = get_current_settings().api.url
    if not url:
        sys.exit(
            "whence-prefect: PREFECT_API_URL is not set: it says where Prefect's API is, as http://127.0.0.1:4200/api"
        )
    if disabled():
        sys.exit("whence-prefect: OPENLINEAGE_DISABLED is set, so there is nothing to do")
    with suppress(KeyboardInterrupt, asyncio.CancelledError):
        asyncio.run(_run(arguments, url))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="whence-prefect",
        description="Sends the lineage of all flows of a Prefect server (PREFECT_API_URL) to Whence (WHENCE_URL).",
    )
    parser.add_argument("--once", action="store_true", help="read what the server has stored, then exit")
    parser.add_argument("--days", type=float, default=KEPT.days, help="how far back a first start reads (default: 7)")
    parser.add_argument("--state", type=Path, help="the file that keeps how far it got")
    return parser.parse_args()


async def _run(arguments: argparse.Namespace, url: str) -> None:
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task
    loop.add_signal_handler(signal.SIGTERM, task.cancel)
    cursor = Cursor(arguments.state or _state(url))
    async with get_client() as client:
        api = PrefectApi(client)
        handler = _Handler(api)
        follower = Follower(api, cursor, handler.handle, handler.settle, timedelta(days=arguments.days))
        try:
            await _declare(api, handler)
            if arguments.once:
                log.info("read %d events", await follower.catch_up())
            else:
                await follower.run()
        finally:
            cursor.save()
            handler.close()


class _Handler:
    """Translates events and puts what becomes of them into the spool."""

    def __init__(self, api: PrefectApi) -> None:
        lineage, facts = Lineage(namespace()), Facts(api)
        self._translator = Translator(lineage, facts)
        self._abandoned = Abandoned(lineage, facts, api)
        self._spool = SpoolTransport()

    async def handle(self, event: Event) -> None:
        """Spool what a Prefect event becomes.

        Raises:
            OSError, HTTPError: the spool is full, or the server did not answer: try again.
        """
        try:
            made = await self._translator.events(event)
        except (HTTPError, OSError):
            raise
        except Exception as error:  # one event that is not understood must not hold up all others
            log.warning("left out %s %s: %r", event.get("event"), event.get("id"), error)
            return
        self.spool(made)
        self._abandoned.note(event)

    async def settle(self) -> None:
        """Spool the ends of runs that were abandoned.

        Raises:
            OSError, HTTPError: as `handle`.
        """
        self.spool(await self._abandoned.events())

    def spool(self, events: Sequence[RunEvent | JobEvent]) -> None:
        """Put events into the spool."""
        dropped = self._spool.dropped
        self._spool.emit_all(events)
        if self._spool.dropped > dropped:
            raise OSError("the spool takes no more events; `whence-ship --status` says why")

    async def declare(self, deployment: dict[str, object]) -> None:
        """Spool what a deployment declares."""
        self.spool([await self._translator.declaration(deployment)])

    def close(self) -> None:
        """Flush, where the settings ask for that."""
        self._spool.close()


async def _declare(api: PrefectApi, handler: _Handler) -> None:
    """What is deployed already. The server may be away: then the deployments' own events must do."""
    try:
        async for deployment in api.deployments():
            await handler.declare(dict(deployment))
    except (HTTPError, OSError) as error:
        log.warning("deployments could not be read: %s", error)


def _state(url: str) -> Path:
    """The default file: one for each Prefect server."""
    folder = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    readable = re.sub(r"[^\w.-]+", "-", url.partition("://")[2].rpartition("@")[2]).strip("-.")
    return Path(folder) / "whence" / "prefect" / f"{readable[:60]}-{hashlib.sha256(url.encode()).hexdigest()[:8]}.json"
