"""One Neo4j for a run of tests or benchmarks: a running one, a container, or a local server."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote, urlsplit

from whence.neo4j_jars import CURRENT
from whence.neo4j_server import LocalNeo4j


@dataclass(frozen=True)
class Neo4jForTests:
    """How to reach the server.

    Attributes:
        uri: the Bolt address.
        auth: user and password, as the driver takes them.
    """

    uri: str
    auth: tuple[str, str]


@contextmanager
def neo4j_for_tests(tmp_root: Path) -> Iterator[Neo4jForTests]:
    """A Neo4j that answers, until the end of the block; use it in a fixture of scope ``session``.

    ``$WHENCE_TEST_NEO4J`` (``bolt://user:password@host:port``) is a running one to use. Otherwise
    ``$WHENCE_TEST_NEO4J_VERSION`` (default: ``CURRENT``) is started: in a container where a Docker engine
    answers and ``testcontainers`` is installed, else as a local server. What cannot start raises.

    Args:
        tmp_root: where a local server keeps its data.
    """
    version = os.environ.get("WHENCE_TEST_NEO4J_VERSION", CURRENT)
    if running := os.environ.get("WHENCE_TEST_NEO4J"):
        url = urlsplit(running)
        address = url.netloc.rpartition("@")[2]
        yield Neo4jForTests(f"{url.scheme}://{address}", (unquote(url.username or ""), unquote(url.password or "")))
    elif find_spec("testcontainers") and _docker_answers():
        from testcontainers.neo4j import Neo4jContainer

        with Neo4jContainer(f"neo4j:{version}") as container:
            yield Neo4jForTests(container.get_connection_url(), (container.username, container.password))
    else:
        with LocalNeo4j(tmp_root / "neo4j", version) as server:
            yield Neo4jForTests(server.uri, server.auth)


def _docker_answers() -> bool:
    """Whether a Docker engine is here and answers."""
    if not shutil.which("docker"):
        return False
    try:
        return subprocess.run(["docker", "info"], capture_output=True, timeout=10).returncode == 0
    except subprocess.TimeoutExpired:
        return False
