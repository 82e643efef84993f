"""A Whence that is up, down, hanging or at fault, at an address that stays the same."""

import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from tests.collectors.backend import backend
from tests.running import RunningServer


@contextmanager
def up(port: int, folder: Path) -> Iterator[None]:
    """The real one, with its stores in a folder; in the end it is killed."""
    server = RunningServer(folder, WHENCE_PORT=str(port)).start()
    try:
        yield
    finally:
        server.kill()


@contextmanager
def down(port: int, folder: Path) -> Iterator[None]:
    """Nobody listens."""
    yield


@contextmanager
def hanging(port: int, folder: Path) -> Iterator[None]:
    """Connections are taken, and nothing is ever answered."""
    with socket.create_server(("127.0.0.1", port), backlog=100):
        yield


@contextmanager
def failing(port: int, folder: Path) -> Iterator[None]:
    """All is answered with 503."""
    with backend(port) as server:
        server.answer = (503, "application/json", b"{}")
        yield


Service = Callable[[int, Path], AbstractContextManager[None]]

SERVICES: dict[str, Service] = {"up": up, "down": down, "hanging": hanging, "503": failing}


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])
