"""A real server: OpenLineage's own client, signals, and errors at the start."""

import asyncio
import json
import socket
import time
from urllib.parse import urlsplit

import httpx
import pytest
from openlineage.client import OpenLineageClient
from openlineage.client.event_v2 import Dataset, DatasetEvent, InputDataset, Job, JobEvent, OutputDataset, Run, RunEvent
from openlineage.client.event_v2 import RunState as State
from openlineage.client.transport.http import HttpConfig, HttpTransport

from whence.access.keys import Scope, create_key
from whence.eventlog.leaf import EVENT
from whence.eventlog.sqlite import SQLiteEventLog

RUN = Run("01941f29-7c00-7e1a-8d4e-5b2f0a9c6d31")
JOB = Job("airflow://prod", "sales.load_orders")
TIME = "2026-01-31T09:30:00Z"
EVENTS = [
    RunEvent(
        eventTime=TIME, run=RUN, job=JOB, eventType=State.START, producer="p", inputs=[InputDataset("s3://b", "in")]
    ),
    RunEvent(
        eventTime=TIME, run=RUN, job=JOB, eventType=State.COMPLETE, producer="p", outputs=[OutputDataset("n", "out")]
    ),
    JobEvent(eventTime=TIME, job=JOB, producer="p"),
    DatasetEvent(eventTime=TIME, dataset=Dataset("n", "out"), producer="p"),
]


async def entries(folder):
    log = await SQLiteEventLog.open(folder / ".whence" / "log.db", read_only=True)
    try:
        return [entry for entry in await log.read(0, 1_000, 10**9) if entry.kind == EVENT]
    finally:
        await log.close()


@pytest.mark.parametrize("compression", [None, "gzip"])
@pytest.mark.parametrize("keyed", [False, True])
async def test_the_client_of_openlineage(server, tmp_path, compression, keyed):
    options = {"compression": compression} if compression else {}
    if keyed:
        secret = create_key(tmp_path / ".whence" / "keys.json", "airflow", [Scope.INGEST])
        options["auth"] = {"type": "api_key", "api_key": secret}
    with server() as address:
        client = OpenLineageClient(transport=HttpTransport(HttpConfig.from_dict({"url": address, **options})))
        for event in EVENTS:
            await asyncio.to_thread(client.emit, event)
        client.close()
    stored = await entries(tmp_path)
    assert len(stored) == len(EVENTS)
    assert {json.loads(entry.meta)["sender"] for entry in stored} == {secret.split("_")[1] if keyed else ""}
    assert json.loads(stored[0].payload)["run"]["runId"] == RUN.runId


async def test_events_are_taken_from_many_connections_and_chunks(server, tmp_path, event):
    async def chunks(body):
        yield body[:10]
        yield body[10:]

    with server() as address:
        async with httpx.AsyncClient(base_url=address) as client:
            bodies = [json.dumps(event(producer=str(number))).encode() for number in range(200)]
            headers = {"content-type": "application/json"}
            answers = await asyncio.gather(
                *(client.post("/api/v1/lineage", content=chunks(body), headers=headers) for body in bodies)
            )
            large = bodies[0] + b" " * 33 * 2**20
            refused = await client.post("/api/v1/lineage", content=large, headers=headers)
            assert (refused.status_code, refused.json()["status"]) == (413, 413)
    assert {answer.status_code for answer in answers} == {201}
    assert {entry.payload for entry in await entries(tmp_path)} == set(bodies)


def test_a_client_that_goes_away_leaves_nothing_behind(server, tmp_path):
    with server() as address:  # which also checks that the server complains of nothing
        url = urlsplit(address)
        with socket.create_connection((url.hostname, url.port)) as connection:
            connection.sendall(
                b"POST /api/v1/lineage HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                b"Content-Length: 1000\r\n\r\n{"
            )
            time.sleep(0.2)
        assert httpx.get(f"{address}/health/ready").json()["log"] == {"size": 0}


def test_it_stops_while_connections_are_open(server):
    with server() as address, httpx.Client() as client:
        assert client.get(f"{address}/health/live").status_code == 200
        begun = time.monotonic()
    assert time.monotonic() - begun < 8


def test_a_restarted_server_goes_on(server, event):
    for index in range(2):
        with server() as address:
            body = event(producer=str(index))
            answer = httpx.post(f"{address}/api/v1/lineage", json=body, headers={"prefer": "wait=20"})
            assert answer.json() == {"index": index, "duplicate": False, "projected": True}


def fails(process, *words):
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (2, "")
    assert err.startswith("whence: ")
    assert err.count("\n") == 1  # no traceback
    for word in words:
        assert word in err


def test_errors_at_the_start_are_one_line(launch, server, tmp_path):
    fails(launch('{"host": "0.0.0.0", "port": 0}'), "whence key create", "0.0.0.0")
    fails(launch('{"log": "postgresql://u:secret@h/db"}'), "WHENCE_LOG", "not there yet")
    fails(launch('{"redact": "missing.toml"}'), "missing.toml")
    (tmp_path / "keys").write_text("nonsense")
    fails(launch('{"keys": "keys"}'), "no file of keys")
    (tmp_path / "text").write_text("nonsense " * 100)
    fails(launch('{"log": "sqlite:///text"}'), "no event log")
    fails(launch('{"graph": "sqlite:///text", "log": "sqlite:///fine.db"}'), "graph store")
    fails(launch('{"graph": "sqlite:///same", "log": "sqlite:///same"}'), "WHENCE_GRAPH")
    with server() as address:
        port = urlsplit(address).port
        fails(launch(), "another Whence", "log.db")
        fails(launch(json.dumps({"port": port, "log": "sqlite:///other.db"})), str(port), "WHENCE_PORT")
