"""Running the server."""

import asyncio
import logging
import signal
import socket
import sys

import uvicorn
import uvloop

from whence.api.app import create_app
from whence.memory import collect_rarely, share_arenas
from whence.settings import Settings
from whence.wiring import open_graph, open_log, open_notary
from whence_schemas.errors import ConfigurationError, WhenceError

_BACKLOG = 2_048
_KEEP_ALIVE_SECONDS = 75
"""Longer than proxies and clients keep an idle connection (mostly 60), so that none is closed under a request."""
_GRACE_SECONDS = 10
"""How long requests may go on after SIGTERM or SIGINT."""


def serve(settings: Settings) -> int:
    """Serve until SIGTERM or SIGINT. The exit code: 0, or 2 when the server could not start, which stderr explains."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    share_arenas()
    collect_rarely()
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(settings))
    except WhenceError as error:
        sys.stderr.write(f"whence: {error}\n")
        return 2
    return 0


async def _serve(settings: Settings) -> None:
    log = await open_log(settings)
    try:
        notary = await open_notary(settings, log)
        graph = await open_graph(settings)
        try:
            app = create_app(settings, log, graph, notary)
            server = uvicorn.Server(
                uvicorn.Config(
                    app,
                    http="httptools",
                    ws="none",
                    lifespan="on",
                    log_config=None,
                    access_log=False,
                    proxy_headers=False,
                    server_header=False,
                    backlog=_BACKLOG,
                    timeout_keep_alive=_KEEP_ALIVE_SECONDS,
                    timeout_graceful_shutdown=_GRACE_SECONDS,
                )
            )
            with _listen(settings.host, settings.port) as listener:
                sys.stdout.write(f"Whence listens on {_address(listener)}\n")
                sys.stdout.flush()
                for number in (signal.SIGINT, signal.SIGTERM):
                    # uvicorn raises the signal again once it has stopped; there is still something to close then.
                    signal.signal(number, lambda *_: None)
                await server.serve([listener])
        finally:
            await graph.close()
    finally:
        await log.close()


def _listen(host: str, port: int) -> socket.socket:
    """A socket that listens, opened before the server so that an error can be told.

    Raises:
        ConfigurationError: nobody can listen there now.
    """
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise ConfigurationError(
            f"cannot listen on {host}, port {port} ({error.strerror}): set WHENCE_HOST and WHENCE_PORT to others"
        ) from None


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
