"""Servers to measure: Whence on fresh stores, and the process that sends it events."""

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from tests.benchmarks.process import cpu_seconds
from whence.neo4j_server import LocalNeo4j


class Server(NamedTuple):
    """A running Whence: its port, the processes whose CPU its events cost, and its Neo4j where it has one."""

    port: int
    pid: int
    pids: list[int]
    environment: dict[str, str]
    neo4j: LocalNeo4j | None

    def get(self, path: str) -> bytes:
        """The body of a GET."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}") as answer:
            body: bytes = answer.read()
            return body

    def ask(self, query: str, variables: dict[str, Any]) -> dict[str, Any]:
        """The data of a GraphQL answer."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        headers = {"Content-Type": "application/json"}
        asked = urllib.request.Request(f"http://127.0.0.1:{self.port}/graphql", body, headers)
        with urllib.request.urlopen(asked) as answer:
            found = json.loads(answer.read())
        if found.get("errors"):
            raise RuntimeError(found["errors"])
        data: dict[str, Any] = found["data"]
        return data

    def settle(self) -> None:
        """Wait until everything in the log is in the graph."""
        while json.loads(self.get("/health/ready"))["graph"]["lag"]:
            time.sleep(0.05)

    def cpu(self) -> float:
        """Seconds of CPU used so far."""
        return sum(cpu_seconds(pid) for pid in self.pids)


@contextmanager
def serving(store: str, folder: Path) -> Iterator[Server]:
    """A server on fresh stores."""
    with ExitStack() as stack:
        environment = {**os.environ, "WHENCE_LOG": f"sqlite:///{folder}/log.db", "WHENCE_PORT": "0"}
        pids = []
        neo4j = None
        if store == "neo4j":
            neo4j = stack.enter_context(LocalNeo4j(folder / "neo4j", heap="2g", pagecache="512m"))
            environment["WHENCE_GRAPH"] = neo4j.uri
            environment["WHENCE_NEO4J_PASSWORD"] = neo4j.password
            pids.append(neo4j.pid)
        else:
            environment["WHENCE_GRAPH"] = f"sqlite:///{folder}/graph.db"
        command = [sys.executable, "-m", "whence", "serve"]
        process = stack.enter_context(subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, cwd=folder))
        stack.callback(process.terminate)
        assert process.stdout is not None
        port = int(process.stdout.readline().decode().rsplit(":", 1)[1].strip(" /\n"))
        yield Server(port, process.pid, [process.pid, *pids], environment, neo4j)


def load(server: Server, mode: str, first: int, jobs: int) -> None:
    """Send jobs from another process."""
    command = [sys.executable, "-m", "tests.benchmarks.load", str(server.port), mode, str(first), str(jobs)]
    subprocess.run(command, check=True)
