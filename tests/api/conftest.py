"""The app over stores of its own, in this process or as a server."""

import os
import re
import signal
import subprocess
import sys
from contextlib import asynccontextmanager, contextmanager

import httpx
import pytest

from whence.api.app import create_app
from whence.eventlog.leaf import EVENT
from whence.eventlog.sqlite import MEMORY, SQLiteEventLog
from whence.graph.sqlite import SQLiteGraphStore
from whence.settings import Settings
from whence.wiring import open_notary
from whence_schemas.errors import GraphUnavailable, LogUnavailable

EVERYTHING = {"start": 0, "limit": 1_000_000, "max_bytes": 2**40}


class FragileLog(SQLiteEventLog):
    """A log in memory that can fail; it also tells its events."""

    broken = ""
    unreadable = ""

    async def append(self, events):
        if self.broken:
            raise LogUnavailable(self.broken)
        return await super().append(events)

    async def size(self):
        if self.unreadable:
            raise LogUnavailable(self.unreadable)
        return await super().size()

    async def events(self):
        return [entry for entry in await self.read(**EVERYTHING) if entry.kind == EVENT]

    async def payloads(self):
        return [entry.payload for entry in await self.events()]


class FragileGraph(SQLiteGraphStore):
    """A graph store in memory that can be down."""

    down = False

    async def cursor(self):
        self._fail_if_down()
        return await super().cursor()

    async def apply(self, batch):
        self._fail_if_down()
        await super().apply(batch)

    def _fail_if_down(self):
        if self.down:
            raise GraphUnavailable("the graph store does not answer")


@pytest.fixture
async def log():
    log = await FragileLog.open(MEMORY)
    yield log
    await log.close()


@pytest.fixture
async def graph():
    graph = FragileGraph(None)
    yield graph
    await graph.close()


@pytest.fixture
def settings(tmp_path):
    return Settings(keys=tmp_path / "keys.json", log_key=tmp_path / "log.key")


@asynccontextmanager
async def _client_of(app, **options):
    """A client of the app, which runs meanwhile."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://localhost:5000", **options) as client,
    ):
        yield client


@pytest.fixture
def client_of():
    return _client_of


@pytest.fixture
async def notary(settings, log):
    return await open_notary(settings, log)


@pytest.fixture
def connect(settings, log, graph, notary):
    """Start the app, with some settings changed, and give a client of it."""

    def connect(headers=None, **changes):
        return _client_of(create_app(settings.model_copy(update=changes), log, graph, notary), headers=headers)

    return connect


@pytest.fixture
async def client(connect):
    async with connect() as client:
        yield client


@pytest.fixture
def event():
    """Make a run event, with some members changed."""

    def event(**changes):
        return {
            "eventType": "COMPLETE",
            "eventTime": "2026-01-31T09:30:00Z",
            "producer": "https://example.com/test",
            "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
            "run": {"runId": "01941f29-7c00-7e1a-8d4e-5b2f0a9c6d31"},
            "job": {"namespace": "airflow://prod", "name": "sales.load_orders"},
            "inputs": [{"namespace": "s3://landing", "name": "orders.csv"}],
            "outputs": [{"namespace": "postgres://db:5432", "name": "shop.public.orders"}],
        } | changes

    return event


SERVE = """
import json, sys
from whence.server import serve
from whence.settings import load_settings

sys.exit(serve(load_settings(**json.loads(sys.argv[1]))))
"""


def environment():
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WHENCE_")}
    return kept | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


@pytest.fixture
def launch(tmp_path):
    """Start a server as a process in a folder of its own, with the settings given as JSON."""

    def launch(chosen='{"port": 0}'):
        return subprocess.Popen(
            [sys.executable, "-c", SERVE, chosen],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=tmp_path,
            env=environment(),
            text=True,
        )

    return launch


@pytest.fixture
def server(launch):
    """Run a server; it gives its address, and must end by itself when it is told to, with nothing to complain of."""

    @contextmanager
    def server(chosen='{"port": 0}'):
        with launch(chosen) as process:
            try:
                yield re.fullmatch(r"Whence listens on (http://\S+)\n", process.stdout.readline())[1]
                process.send_signal(signal.SIGTERM)
                assert process.communicate(timeout=20) == ("", "")
                assert process.returncode == 0
            finally:
                process.kill()

    return server
