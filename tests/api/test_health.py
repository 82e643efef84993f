"""Probes, and what the documentation says."""

import asyncio

from whence.api import health

JSON = {"content-type": "application/json"}


async def test_live(client):
    answer = await client.get("/health/live")
    assert (answer.status_code, answer.json()) == (200, {"status": "live"})


async def test_ready(client, event):
    await client.post("/api/v1/lineage", json=event(), headers={"prefer": "wait=20"})
    answer = await client.get("/health/ready")
    assert (answer.status_code, answer.json()) == (
        200,
        {"status": "ready", "log": {"size": 1}, "graph": {"cursor": 1, "lag": 0}},
    )


async def test_a_log_that_cannot_be_read_is_not_ready(client, log):
    log.unreadable = "disk I/O error"
    answer = await client.get("/health/ready")
    assert (answer.status_code, answer.json()) == (
        503,
        {"status": "unavailable", "log": {"error": "disk I/O error"}},
    )


async def test_a_graph_store_that_hangs_is_degraded(client, graph, monkeypatch):
    monkeypatch.setattr(health, "_GRAPH_SECONDS", 0.05)
    monkeypatch.setattr(graph, "cursor", lambda: asyncio.sleep(60))
    answer = await client.get("/health/ready")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert "did not answer" in answer.json()["graph"]["error"]


async def test_a_projector_that_fails_is_degraded(client, graph, event, monkeypatch):
    async def fail(batch):
        raise ValueError("out of order")

    monkeypatch.setattr(graph, "apply", fail)
    await client.post("/api/v1/lineage", json=event(), headers={"prefer": "wait=1"})
    answer = await client.get("/health/ready")
    assert answer.json()["status"] == "degraded"
    assert answer.json()["graph"] == {"cursor": 0, "lag": 1, "error": "out of order"}


async def test_the_documentation_describes_bodies_and_problems(client):
    document = (await client.get("/openapi.json")).json()
    schemas = document["components"]["schemas"]
    assert {"RunEvent", "JobEvent", "DatasetEvent", "Problem"} <= schemas.keys()
    for path in ("/api/v1/lineage", "/api/v1/lineage/batch"):
        operation = document["paths"][path]["post"]
        assert operation["requestBody"]["content"]["application/json"]["examples"]
        for status in ("400", "401", "403", "413", "415", "422", "503"):
            assert list(operation["responses"][status]["content"]) == ["application/problem+json"]


async def test_the_examples_are_events(client, log):
    document = (await client.get("/openapi.json")).json()
    for path in ("/api/v1/lineage", "/api/v1/lineage/batch"):
        content = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]
        for example in content["examples"].values():
            answer = await client.post(path, json=example["value"])
            assert answer.status_code in (200, 201)
            assert answer.json().get("failed_events", []) == []


async def test_every_reference_in_the_document_leads_somewhere(client):
    answer = await client.get("/openapi.json")
    schemas = answer.json()["components"]["schemas"]
    for part in answer.text.split('"$ref":"')[1:]:
        assert part.partition('"')[0].removeprefix("#/components/schemas/") in schemas


async def test_the_documentation_page_needs_no_other_server(client):
    page = await client.get("/docs")
    assert page.status_code == 200
    assert "//cdn" not in page.text and "https://" not in page.text
    assert (await client.get("/docs/static/swagger-ui-bundle.js")).status_code == 200


async def test_cross_origin_requests_are_for_listed_origins(connect):
    preflight = {"origin": "https://portal.example", "access-control-request-method": "POST"}
    async with connect() as client:
        assert "access-control-allow-origin" not in (await client.get("/health/live", headers=preflight)).headers
    async with connect(cors_origins=("https://portal.example",)) as client:
        answer = await client.options("/api/v1/lineage", headers=preflight)
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == "https://portal.example"
        other = await client.options("/api/v1/lineage", headers=preflight | {"origin": "https://evil.example"})
        assert other.status_code == 400
