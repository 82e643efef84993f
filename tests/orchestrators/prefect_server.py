"""A real Prefect server, and processes that run flows on it, in an environment that tests or the demo made."""

import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from pathlib import Path
from typing import Any, Self

from tests.orchestrators.environments import environment

ROOT = Path(__file__).parents[2]
COLLECTORS = ROOT / "collectors"
NEWEST = ("prefect==3.8.8", "fastapi<0.151")
"""The newest that installs. With fastapi 0.151 its API refuses workers and `deploy`, which send a null limit; with
0.155 it does not start (`min_items` is gone)."""
FLOOR = ("prefect==3.4.25", "fastapi<0.120", "importlib-metadata", "openlineage-python==1.40.0")
"""The oldest with plugins and assets. What it needs besides is what newer packages no longer have or bring."""
SECONDS = 120


def prefect_environment(*requirements: str) -> Path:
    """An environment with Prefect and its collector."""
    return environment(
        "prefect", *requirements, editable=(COLLECTORS / "whence-collector", COLLECTORS / "whence-prefect")
    )


class Prefect:
    """A Prefect server and its clients. Nothing of it leaves the folder, nor calls outside.

    Attributes:
        bin: the executables of its environment.
        variables: of the environment of all of its processes.
    """

    def __init__(self, folder: Path, place: Path) -> None:
        """folder: of the environment. place: where Prefect keeps its files."""
        self.bin = folder / "bin"
        self._place = place
        self._server: subprocess.Popen[bytes] | None = None
        self._port = _free_port()
        clean = {name: value for name, value in os.environ.items() if not name.startswith(_OTHERS)}
        self.variables = {
            **clean,
            "PREFECT_HOME": str(place / "home"),
            "PREFECT_API_URL": f"http://127.0.0.1:{self._port}/api",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "false",
            "DO_NOT_TRACK": "1",
        }

    def __enter__(self) -> Self:
        self._place.mkdir(parents=True, exist_ok=True)
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start the server, on what it had stored."""
        with (self._place / "server.log").open("ab") as log:
            self._server = subprocess.Popen(
                [self.bin / "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(self._port)],
                env=self.variables,
                cwd=self._place,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + SECONDS
        while not self._answers():
            if self._server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"Prefect did not start: {(self._place / 'server.log').read_text()[-2000:]}")
            time.sleep(0.2)

    def stop(self) -> None:
        """Stop the server."""
        if self._server is not None:
            self._server.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._server.wait(20)
            self._server.kill()
            self._server.wait()
            self._server = None

    def run(self, *command: str | Path, **variables: str) -> "subprocess.CompletedProcess[str]":
        """Run a command of the environment to its end; its exit code is the caller's to judge."""
        return subprocess.run(
            [self.bin / command[0], *command[1:]],
            env={**self.variables, **variables},
            cwd=self._place,
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS * 2,
        )

    @contextmanager
    def running(
        self, *command: str | Path, log: str, folder: Path | None = None, **variables: str
    ) -> Iterator["subprocess.Popen[bytes]"]:
        """A command that runs in a folder until the end of the block; its output goes to the file `log`."""
        with (self._place / log).open("ab") as file:
            process = subprocess.Popen(
                [self.bin / command[0], *command[1:]],
                env={**self.variables, **variables},
                cwd=folder or self._place,
                stdout=file,
                stderr=subprocess.STDOUT,
            )
            try:
                yield process
            finally:
                if process.poll() is None:
                    process.send_signal(signal.SIGTERM)
                with suppress(subprocess.TimeoutExpired):
                    process.wait(20)
                process.kill()
                process.wait()

    def ask(self, path: str, body: Any = None) -> Any:
        """The API's answer to a POST; asked again, as Prefect's own client does, while SQLite is busy."""
        request = urllib.request.Request(
            self.variables["PREFECT_API_URL"] + path, json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        deadline = time.monotonic() + SECONDS
        while True:
            try:
                with urllib.request.urlopen(request, timeout=30) as answer:
                    return json.load(answer)
            except urllib.error.HTTPError as error:
                if error.code != HTTPStatus.SERVICE_UNAVAILABLE or time.monotonic() > deadline:
                    raise
            time.sleep(1)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(self.variables["PREFECT_API_URL"] + "/health", timeout=5) as answer:
                return bool(answer.status == 200)
        except (OSError, urllib.error.URLError):
            return False


_OTHERS = ("PREFECT_", "WHENCE_", "OPENLINEAGE")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port
