"""Ingestion over HTTP: what is taken, byte for byte, and what the answers say."""

import gzip
import json
import time
import zlib

import pytest

JSON = {"content-type": "application/json"}
LINEAGE = "/api/v1/lineage"
BATCH = "/api/v1/lineage/batch"


def job_event(**changes):
    return {
        "eventTime": "2026-01-31T09:30:00Z",
        "job": {"namespace": "airflow://prod", "name": "sales.load_orders"},
    } | changes


def dataset_event(**changes):
    return {
        "eventTime": "2026-01-31T09:30:00Z",
        "dataset": {"namespace": "postgres://db:5432", "name": "shop.public.orders"},
    } | changes


# One event


async def test_an_event_is_stored_byte_for_byte(client, log, event):
    body = json.dumps(event(), indent=3).encode() + b" \n"
    answer = await client.post(LINEAGE, content=body, headers=JSON)
    assert (answer.status_code, answer.json()) == (201, {"index": 0, "duplicate": False})
    assert answer.headers["content-type"] == "application/json"
    assert await log.payloads() == [body]


async def test_the_entry_says_when_and_from_whom_it_came(client, log, event):
    await client.post(LINEAGE, json=event())
    [entry] = await log.read(0, 1, 1)
    meta = json.loads(entry.meta)
    assert (meta["redacted"], meta["sender"]) == ([], "")
    assert meta["received"].endswith("Z")
    assert entry.meta == json.dumps(meta, separators=(",", ":"), sort_keys=True).encode()


async def test_the_same_event_again_is_a_duplicate(client, log, event):
    await client.post(LINEAGE, json=event())
    answer = await client.post(LINEAGE, json=event())
    assert (answer.status_code, answer.json()) == (201, {"index": 0, "duplicate": True})
    assert await log.size() == 1


GOOD = {
    "job event": job_event(),
    "dataset event": dataset_event(),
    "newline, NUL and quotes in a name": job_event(job={"namespace": "", "name": "a\n\0\"'\\b"}),
    "emoji in a name": job_event(job={"namespace": "🦆", "name": "🦆" * 10}),
    "a long name": job_event(job={"namespace": "n" * 3_000, "name": "j" * 3_000}),
    "year 1": job_event(eventTime="0001-01-01T00:00:00Z"),
    "year 9999": job_event(eventTime="9999-12-31T23:59:59.999999Z"),
    "no zone": job_event(eventTime="2026-01-31T09:30:00"),
    "10,000 columns": dataset_event(
        dataset={
            "namespace": "n",
            "name": "wide",
            "facets": {"schema": {"fields": [{"name": f"column {i}", "type": "text"} for i in range(10_000)]}},
        }
    ),
    "a facet of 10 MB": job_event(
        job={"namespace": "n", "name": "big", "facets": {"sourceCode": {"language": "sql", "sourceCode": "x" * 10**7}}}
    ),
    "an integer of 100 digits": job_event(custom=10**100),
}


@pytest.mark.parametrize("name", GOOD)
async def test_unusual_events_are_taken_and_projected(client, log, graph, name):
    body = json.dumps(GOOD[name]).encode()
    answer = await client.post(LINEAGE, content=body, headers=JSON | {"prefer": "wait=20"})
    assert (answer.status_code, answer.json()) == (201, {"index": 0, "duplicate": False, "projected": True})
    assert await log.payloads() == [body]
    assert await graph.failures(10) == []


@pytest.mark.parametrize("kind", ["START", "complete", "OTHER", "SOMETHING_NEW", None])
async def test_every_event_type_is_taken(client, event, kind):
    assert (await client.post(LINEAGE, json=event(eventType=kind))).status_code == 201


COMPRESSED = {
    "gzip": gzip.compress,
    "GZIP": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "identity": bytes,
}


@pytest.mark.parametrize("coding", COMPRESSED)
async def test_compressed_bodies_are_stored_decompressed(client, log, event, coding):
    body = json.dumps(event()).encode()
    headers = JSON | {"content-encoding": coding}
    answer = await client.post(LINEAGE, content=COMPRESSED[coding](body), headers=headers)
    assert answer.status_code == 201
    assert await log.payloads() == [body]


async def test_a_body_may_come_in_chunks_and_gzip_in_members(client, log, event):
    body = json.dumps(event()).encode()
    compressed = gzip.compress(body[:100]) + gzip.compress(body[100:])

    async def chunks():
        for byte in range(0, len(compressed), 7):
            yield compressed[byte : byte + 7]

    answer = await client.post(LINEAGE, content=chunks(), headers=JSON | {"content-encoding": "gzip"})
    assert answer.status_code == 201
    assert await log.payloads() == [body]


@pytest.mark.parametrize(
    "kind", ["application/json; charset=utf-8", "Application/JSON", "application/cloudevents+json"]
)
async def test_content_types_of_json(client, event, kind):
    answer = await client.post(LINEAGE, content=json.dumps(event()), headers={"content-type": kind})
    assert answer.status_code == 201


# Waiting for the graph


async def test_the_answer_can_wait_for_the_graph(client, graph, event):
    answer = await client.post(LINEAGE, json=event(), headers={"prefer": "respond-async, wait=20"})
    assert answer.json()["projected"] is True
    assert answer.headers["preference-applied"] == "wait=20"
    assert await graph.cursor() == 1


async def test_the_wait_ends_after_the_seconds(client, graph, event):
    graph.down = True
    begun = time.monotonic()
    answer = await client.post(LINEAGE, json=event(), headers={"prefer": "wait=1"})
    assert time.monotonic() - begun < 5
    assert (answer.status_code, answer.json()["projected"]) == (201, False)


async def test_no_wait_is_longer_than_30_seconds(client, event):
    answer = await client.post(LINEAGE, json=event(), headers={"prefer": "wait=99999"})
    assert answer.headers["preference-applied"] == "wait=30"


@pytest.mark.parametrize("prefer", ["return=minimal", "wait=soon", "wait", "await=3", "wait=-1"])
async def test_other_preferences_are_ignored(client, event, prefer):
    answer = await client.post(LINEAGE, json=event(), headers={"prefer": prefer})
    assert answer.status_code == 201
    assert "preference-applied" not in answer.headers
    assert "projected" not in answer.json()


# Batches


async def test_each_event_of_a_batch_keeps_its_bytes(client, log, event):
    bodies = [
        json.dumps(event(), indent=1).encode(),
        b'{ "eventTime":"2026-01-31T09:30:00Z", "job":{"namespace":"a","name":"],{\\"\\\\"}, "n": 1.0 }',
        json.dumps(dataset_event(), ensure_ascii=False).encode(),
    ]
    answer = await client.post(BATCH, content=b"\xef\xbb\xbf [\n" + b" ,\r\n".join(bodies) + b"\t]\n", headers=JSON)
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "success",
        "summary": {"received": 3, "successful": 3, "failed": 0, "retriable": 0, "non_retriable": 0},
        "failed_events": [],
    }
    assert await log.payloads() == bodies


async def test_good_events_of_a_batch_are_stored_though_others_fail(client, log, event):
    batch = [event(), event(run={"runId": "nonsense"}), 7, job_event(), job_event(eventTime="yesterday"), event()]
    answer = await client.post(BATCH, json=batch)
    report = answer.json()
    assert (answer.status_code, report["status"]) == (200, "partial_success")
    assert report["summary"] == {"received": 6, "successful": 3, "failed": 3, "retriable": 0, "non_retriable": 3}
    assert [(failed["index"], failed["field"]) for failed in report["failed_events"]] == [
        (1, "run.runId"),
        (2, ""),
        (4, "eventTime"),
    ]
    assert all(failed["reason"] and failed["retriable"] is False for failed in report["failed_events"])
    assert list(map(json.loads, await log.payloads())) == [event(), job_event()]


async def test_an_empty_batch_is_a_success(client, log):
    answer = await client.post(BATCH, content=b" [ ] ", headers=JSON)
    assert (answer.status_code, answer.json()["status"]) == (200, "success")
    assert answer.json()["summary"]["received"] == 0
    assert await log.size() == 0


async def test_a_batch_can_wait_for_the_graph(client, graph, event):
    answer = await client.post(BATCH, json=[event(), job_event(), 3], headers={"prefer": "wait=20"})
    assert answer.json()["projected"] is True
    assert await graph.cursor() == 2


async def test_a_batch_of_many_events_is_refused(client, log):
    answer = await client.post(BATCH, content=b"[" + b"0," * 100_000 + b"0]", headers=JSON)
    assert (answer.status_code, answer.json()["title"]) == (413, "Body too large")


async def test_a_large_batch_takes_little_time(client, log, event):
    facets = {"facets": {"custom": {"lines": ["x" * 80, {"y": 1}] * 20}}}
    events = [event(run={"runId": f"01941f29-7c00-7e1a-8d4e-{number:012}"} | facets) for number in range(8_000)]
    body = json.dumps(events).encode()
    begun = time.monotonic()
    answer = await client.post(BATCH, content=body, headers=JSON)
    assert answer.json()["summary"]["successful"] == 8_000
    assert len(body) > 15_000_000
    assert time.monotonic() - begun < 15


# Redaction


async def test_what_the_rules_name_does_not_reach_the_log(connect, log, event, tmp_path):
    rules = tmp_path / "rules.toml"
    rules.write_text('[[rule]]\nid = "sql"\nfacets = ["*.facets.sql.query"]\n')
    harmless = json.dumps(event(), indent=2).encode()
    secret = event(job={"namespace": "n", "name": "j", "facets": {"sql": {"query": "select 'secret'"}}})
    async with connect(redact=rules) as client:
        await client.post(LINEAGE, content=harmless, headers=JSON)
        await client.post(BATCH, json=[secret])
        assert (await client.post(LINEAGE, json=[secret])).status_code == 422
    first, second = await log.events()
    assert first.payload == harmless
    assert json.loads(first.meta)["redacted"] == []
    assert b"secret" not in second.payload
    assert json.loads(second.payload)["job"]["facets"] == {"sql": {"query": "[redacted]"}}
    assert json.loads(second.meta)["redacted"] == ["sql"]


# Stores that fail


async def test_a_log_that_cannot_be_written_is_a_problem_to_be_retried(client, log, event):
    log.broken = "the disk is full"
    for url, body in ((LINEAGE, event()), (BATCH, [event()])):
        answer = await client.post(url, json=body)
        assert (answer.status_code, answer.json()["detail"]) == (503, "the disk is full")
        assert int(answer.headers["retry-after"]) > 0
    ready = await client.get("/health/ready")
    assert (ready.status_code, ready.json()["log"]) == (503, {"size": 0, "error": "the disk is full"})
    log.broken = ""
    assert (await client.post(LINEAGE, json=event())).status_code == 201
    assert (await client.get("/health/ready")).status_code == 200


async def test_events_are_taken_while_the_graph_store_is_down(client, log, graph, event):
    await client.post(LINEAGE, json=event(), headers={"prefer": "wait=20"})
    graph.down = True
    assert (await client.post(LINEAGE, json=job_event())).status_code == 201
    answer = await client.get("/health/ready")
    assert (answer.status_code, answer.json()) == (
        200,
        {
            "status": "degraded",
            "log": {"size": 2},
            "graph": {"cursor": 1, "lag": 1, "error": "the graph store does not answer"},
        },
    )
    graph.down = False
    answer = await client.post(LINEAGE, json=job_event(), headers={"prefer": "wait=20"})
    assert answer.json() == {"index": 1, "duplicate": True, "projected": True}
    assert (await client.get("/health/ready")).json()["status"] == "ready"
