"""Neo4j's jars from Maven Central, downloaded once per version into a cache."""

import os
import re
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

from whence_schemas.errors import ConfigurationError

CURRENT = "2026.09.0"
LTS = "5.26.12"
EXTRAS = "a local Neo4j needs more packages: pip install 'whence[local-neo4j]'"


def resolve(version: str = CURRENT) -> list[Path]:
    """Neo4j's jars, downloaded once per version.

    They are gathered in a private directory that is renamed when complete, so an interrupted download leaves
    nothing behind; a second process waits for the first. Once cached, neither network nor ``jgo`` is needed.

    The cache is ``$WHENCE_CACHE``, or the user's cache directory. ``$WHENCE_MAVEN_REPOSITORY`` is the address
    of a Maven repository to use in place of Maven Central.

    Args:
        version: a release of Neo4j, such as ``2026.09.0``.

    Returns:
        The classpath, sorted by name.

    Raises:
        ConfigurationError: no such version, no network, or the extra packages are missing.
    """
    if not re.fullmatch(r"\d+(\.\d+){2}", version):
        raise ConfigurationError(f"{version!r} is no Neo4j version; try {CURRENT} or {LTS}")
    jars = _cache() / "neo4j" / version
    if not jars.is_dir():
        jars.parent.mkdir(parents=True, exist_ok=True)
        with locked(jars.with_name(f"{version}.lock"), wait=True):
            if not jars.is_dir():
                _download(version, jars)
    return sorted(jars.glob("*.jar"))


def _cache() -> Path:
    """Where downloads are kept: ``$WHENCE_CACHE``, or ``whence`` in the platform's cache directory."""
    if chosen := os.environ.get("WHENCE_CACHE"):
        return Path(chosen).expanduser().absolute()
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or "~/AppData/Local"
    elif sys.platform == "darwin":
        base = "~/Library/Caches"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "whence"


def locked(path: Path, wait: bool) -> IO[str]:
    """Lock a file among processes, for as long as it is open in this process or in one that inherits it.

    On Windows it locks nothing: there a second download is done twice, and Neo4j's own lock guards the data.

    Raises:
        BlockingIOError: another process holds it, and ``wait`` is false.
    """
    file = path.open("a")
    if sys.platform != "win32":
        import fcntl

        try:
            fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BaseException:
            file.close()
            raise
    return file


def _download(version: str, jars: Path) -> None:
    """Download Neo4j and all it depends on into the directory ``jars``, which is made whole or not at all."""
    try:
        from jgo.maven import MavenContext, PythonResolver
    except ImportError as error:
        raise ConfigurationError(EXTRAS) from error

    console = Console(stderr=True)
    console.print(f"Downloading Neo4j {version}, about 180 MB, once, into {jars.parent}", soft_wrap=True)
    columns = SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    repository = os.environ.get("WHENCE_MAVEN_REPOSITORY", "").rstrip("/")
    with (
        tempfile.TemporaryDirectory(dir=jars.parent, prefix=f".{version}-") as scratch,
        Progress(*columns, console=console, transient=True) as progress,
        ThreadPoolExecutor(8) as pool,
    ):
        maven = MavenContext(
            resolver=PythonResolver(),
            repo_cache=Path(scratch) / "repository",
            remote_repos={"chosen": repository} if repository else None,
            timeout=60,
        )
        wanted = ("org.neo4j:neo4j", "org.neo4j.app:neo4j-server")
        task = progress.add_task("finding out which jars it needs", total=None)
        try:
            named, needed = maven.resolver.resolve([maven.create_dependency(f"{name}:{version}") for name in wanted])
            artifacts = [dep.artifact for dep in (*named, *needed) if dep.scope in (None, "compile", "runtime")]
            progress.update(task, description="downloading them", total=len(artifacts))
            complete = Path(scratch) / "jars"
            complete.mkdir()
            for jar in pool.map(lambda artifact: artifact.resolve(), artifacts):
                jar.rename(complete / jar.name)
                progress.advance(task)
        except (OSError, RuntimeError, ValueError) as error:
            raise ConfigurationError(
                f"Neo4j {version} could not be downloaded: {error}. The first start needs the network: check"
                " the version and the connection, or set WHENCE_MAVEN_REPOSITORY to a mirror of Maven Central"
            ) from error
        if not jars.is_dir():
            complete.rename(jars)
