"""A real server in a process of its own, for tests."""

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ATTEMPTS = 600


class RunningServer:
    """``whence serve`` on a free port, with its stores in a folder."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self._folder = folder
        self._environment = {**os.environ, "WHENCE_PORT": "0", **environment}
        self._process: subprocess.Popen[str] | None = None
        self.url = ""

    def start(self) -> "RunningServer":
        """Start it and wait until it listens."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "whence", "serve"],
            cwd=self._folder,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert "http://" in line, line + self._process.stdout.read()
        self.url = "http://" + line.split("http://")[1].split()[0].rstrip("/")
        return self

    @property
    def pid(self) -> int:
        """The server's process."""
        assert self._process is not None
        return self._process.pid

    def kill(self) -> None:
        """Kill it at once, as a crash does."""
        self._end(9)

    def stop(self) -> None:
        """Ask it to stop."""
        self._end(15)

    def _end(self, signal: int) -> None:
        if self._process is not None:
            self._process.send_signal(signal)
            self._process.wait(timeout=30)
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None

    def post(self, path: str, document: Any, **headers: str) -> tuple[int, Any]:
        """Status and answer of a POST of JSON (bytes are sent as they are)."""
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        return self._send(
            urllib.request.Request(self.url + path, body, {"Content-Type": "application/json", **headers})
        )

    def get(self, path: str) -> tuple[int, Any]:
        """Status and answer of a GET."""
        return self._send(urllib.request.Request(self.url + path))

    def _send(self, request: urllib.request.Request) -> tuple[int, Any]:
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read() or b"null")

    def graphql(self, query: str, **variables: Any) -> Mapping[str, Any]:
        """The data of a GraphQL query without errors."""
        status, answer = self.post("/graphql", {"query": query, "variables": variables})
        assert status == 200
        assert "errors" not in answer, answer
        data: Mapping[str, Any] = answer["data"]
        return data

    def settle(self) -> Mapping[str, Any]:
        """Wait until everything in the log is in the graph; what /health/ready says then."""
        for _ in range(ATTEMPTS):
            _, answer = self.get("/health/ready")
            if answer["status"] == "ready" and answer["graph"]["lag"] == 0:
                ready: Mapping[str, Any] = answer
                return ready
            time.sleep(0.1)
        raise AssertionError(f"the graph did not catch up: {answer}")


@contextmanager
def running(folder: Path, **environment: str) -> Iterator[RunningServer]:
    """A server that is stopped at the end."""
    server = RunningServer(folder, **environment).start()
    try:
        yield server
    finally:
        server.stop()
