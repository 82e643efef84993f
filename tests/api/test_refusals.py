"""What is refused: each refusal is a problem that says what to mend, and leaves the log as it was."""

import gzip
import json

import pytest
from fastapi import FastAPI

from whence.access.keys import Scope, create_key
from whence.api.problems import install_problems

JSON = {"content-type": "application/json"}
GZIP = JSON | {"content-encoding": "gzip"}
LINEAGE = "/api/v1/lineage"
BATCH = "/api/v1/lineage/batch"
RUN = {"runId": "01941f29-7c00-7e1a-8d4e-5b2f0a9c6d31"}
JOB = {"namespace": "n", "name": "j"}
TIME = "2026-01-31T09:30:00Z"


@pytest.fixture
def refused(log):
    """Check that an answer is a problem of this status, and that nothing was stored."""

    async def refused(answer, status):
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        problem = answer.json()
        assert problem["status"] == status
        assert problem["instance"] == answer.request.url.raw_path.decode().partition("?")[0]
        assert problem["type"] and problem["title"] and problem["detail"]
        assert await log.payloads() == []
        return problem

    return refused


def text(**members):
    return json.dumps({"eventTime": TIME, "run": RUN, "job": JOB} | members).encode()


INVALID = {
    "no runId": (text(run={}), "run.runId"),
    "a runId that is no UUID": (text(run={"runId": "7"}), "run.runId"),
    "a runId that is a number": (text(run={"runId": 7}), "run.runId"),
    "run is a string": (text(run="r"), "run"),
    "no job": (text(job=None), "job"),
    "an empty name": (text(job={"namespace": "n", "name": ""}), "job.name"),
    "no namespace": (text(job={"name": "j"}), "job.namespace"),
    "no time": (json.dumps({"run": RUN, "job": JOB}).encode(), "eventTime"),
    "a bad time": (text(eventTime="tomorrow"), "eventTime"),
    "the year 10000": (text(eventTime="10000-01-01T00:00:00Z"), "eventTime"),
    "time is a number": (text(eventTime=1_769_851_800), "eventTime"),
    "inputs is an object": (text(inputs={}), "inputs"),
    "an input without a name": (text(inputs=[{"namespace": "n"}]), "inputs[0].name"),
    "facets is an array": (text(job={**JOB, "facets": []}), "job.facets"),
    "no subject": (json.dumps({"eventTime": TIME}).encode(), ""),
    "an array": (b"[]", ""),
    "null": (b"null", ""),
}


@pytest.mark.parametrize("name", INVALID)
async def test_what_is_no_event(client, refused, name):
    body, field = INVALID[name]
    problem = await refused(await client.post(LINEAGE, content=body, headers=JSON), 422)
    assert problem["type"] == "urn:whence:problem:invalid-event"
    assert problem["field"] == field
    assert problem["detail"] == (f"{field}: {problem['reason']}" if field else problem["reason"])


MALFORMED = {
    "nothing": b"",
    "not JSON": b"hello",
    "cut": text()[:-1],
    "two values": text() + text(),
    "a trailing comma": text()[:-1] + b",}",
    "NaN": b'{"x": NaN}',
    "Infinity": b'{"x": -Infinity}',
    "beyond a double": text()[:-1] + b',"x":1e999}',
    "a lone surrogate": b'{"x": "\\ud800"}',
    "no UTF-8": b'{"x": "\xff"}',
    "UTF-16": text().decode().encode("utf-16"),
    "deep nesting": b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "a control character": b'{"x": "\n"}',
}


@pytest.mark.parametrize("url", [LINEAGE, BATCH])
@pytest.mark.parametrize("name", MALFORMED)
async def test_what_is_no_json(client, refused, url, name):
    body = MALFORMED[name] if url == LINEAGE else b"[" + text() + b"," + MALFORMED[name] + b"]"
    problem = await refused(await client.post(url, content=body, headers=JSON), 400)
    assert problem["title"] == "Malformed JSON"


@pytest.mark.parametrize("body", [text(), b"null", b'"[]"', b"1"])
async def test_a_batch_that_is_no_array(client, refused, body):
    problem = await refused(await client.post(BATCH, content=body, headers=JSON), 422)
    assert "send the events as [event, ...]" in problem["detail"]


# Bodies


async def test_a_body_beyond_the_limit(client, refused):
    padded = text() + b" " * 33 * 2**20
    for body, headers in ((padded, JSON), (gzip.compress(padded), GZIP)):
        problem = await refused(await client.post(LINEAGE, content=body, headers=headers), 413)
        assert "33,554,432" in problem["detail"]


async def test_a_body_at_the_limit_is_taken(connect, log):
    body = text()
    async with connect(max_body_bytes=len(body)) as client:
        assert (await client.post(LINEAGE, content=gzip.compress(body), headers=GZIP)).status_code == 201
        assert (await client.post(LINEAGE, content=body + b" ", headers=JSON)).status_code == 413
        assert (await client.post(LINEAGE, content=gzip.compress(body + b" "), headers=GZIP)).status_code == 413


async def test_a_zip_bomb(client, refused):
    bomb = gzip.compress(bytes(2**30), compresslevel=1)
    await refused(await client.post(LINEAGE, content=bomb, headers=GZIP), 413)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(gzip.compress(text())[:-9], id="cut"),
        pytest.param(gzip.compress(text())[:5], id="cut in its header"),
        pytest.param(b"", id="empty"),
        pytest.param(text(), id="plain"),
        pytest.param(gzip.compress(text()) + b"junk", id="junk after it"),
    ],
)
async def test_corrupt_gzip(client, refused, body):
    problem = await refused(await client.post(LINEAGE, content=body, headers=GZIP), 400)
    assert problem["title"] == "Corrupt body"


async def test_a_flipped_bit_in_gzip(client, refused):
    body = bytearray(gzip.compress(text()))
    body[-6] ^= 1  # in the checksum
    await refused(await client.post(LINEAGE, content=bytes(body), headers=GZIP), 400)


@pytest.mark.parametrize("coding", ["br", "zstd", "compress", "gzip, gzip", "nonsense"])
async def test_unknown_encodings(client, refused, coding):
    problem = await refused(
        await client.post(LINEAGE, content=text(), headers=JSON | {"content-encoding": coding}), 415
    )
    assert coding in problem["detail"]


# The gate of a server without keys


@pytest.mark.parametrize(
    "kind",
    [
        "application/x-www-form-urlencoded",
        "text/plain",
        "text/json",
        "multipart/form-data; boundary=x",
        "application/x-ndjson",
        "text/plain; application/json",
        "",
    ],
)
async def test_what_a_form_could_send(client, refused, kind):
    for url in (LINEAGE, BATCH, "/graphql"):
        await refused(await client.post(url, content=text(), headers={"content-type": kind}), 415)


async def test_no_content_type(client, refused):
    problem = await refused(await client.post(LINEAGE, content=text()), 415)
    assert "no Content-Type" in problem["detail"]


@pytest.mark.parametrize("host", ["evil.example", "evil.example:5000", "localhost.evil.example", "10.0.0.1", ""])
async def test_another_host(client, refused, host):
    for path in ("/health/live", "/docs", "/openapi.json", LINEAGE):
        await refused(await client.get(path, headers={"host": host}), 421)
    await refused(await client.post(LINEAGE, content=text(), headers=JSON | {"host": host}), 421)


async def test_other_hosts_can_be_allowed(connect):
    async with connect(allowed_hosts=("lineage.example",)) as client:
        assert (await client.get("/health/live", headers={"host": "Lineage.Example:80"})).status_code == 200
        assert (await client.get("/health/live", headers={"host": "evil.example"})).status_code == 421


# The gate of a server with keys


@pytest.fixture
def key(settings):
    def key(*scopes):
        return {"authorization": f"Bearer {create_key(settings.keys, 'test', scopes)}"}

    return key


async def test_with_keys_every_request_needs_one(connect, refused, key):
    key(Scope.INGEST)
    async with connect() as client:
        for headers in ({}, {"authorization": "Bearer whence_00000000_x"}, {"authorization": "Basic dTpw"}):
            answer = await client.post(LINEAGE, content=text(), headers=JSON | headers)
            await refused(answer, 401)
            assert answer.headers["www-authenticate"].startswith("Bearer")
            for path in ("/docs", "/docs/static/swagger-ui.css", "/openapi.json", "/nothing"):
                await refused(await client.get(path, headers=headers), 401)
        for path in ("/health/live", "/health/ready"):
            assert (await client.get(path, headers={"host": "10.1.2.3"})).status_code == 200


async def test_a_key_that_lacks_the_scope(connect, refused, key):
    ingest, read = key(Scope.INGEST), key(Scope.READ)
    async with connect() as client:
        problem = await refused(await client.post(LINEAGE, content=text(), headers=JSON | read), 403)
        assert "scope ingest" in problem["detail"]
        problem = await refused(await client.get("/openapi.json", headers=ingest), 403)
        assert "scope read" in problem["detail"]
        assert (await client.get("/openapi.json", headers=read)).status_code == 200


async def test_the_key_is_the_sender(connect, log, key):
    ingest = key(Scope.INGEST)
    async with connect(headers=ingest, host="0.0.0.0") as client:
        assert (await client.post(LINEAGE, content=text(), headers=JSON)).status_code == 201
        assert (await client.post(BATCH, content=b"[" + text(producer="p") + b"]", headers=JSON)).status_code == 200
    secret = ingest["authorization"].removeprefix("Bearer ")
    for entry in await log.events():
        assert json.loads(entry.meta)["sender"] == secret.split("_")[1]
        assert secret.split("_", 2)[2].encode() not in entry.meta


async def test_key_or_not_bodies_must_be_json(connect, refused, key):
    async with connect(headers=key(Scope.ADMIN)) as client:
        await refused(await client.post(LINEAGE, content=text(), headers={"content-type": "text/plain"}), 415)


# Other errors


async def test_unknown_paths_and_methods(client, refused):
    await refused(await client.get("/nothing/%00%20here"), 404)
    await refused(await client.post("/api/v1/lineage/", content=text(), headers=JSON), 404)
    answer = await client.put(LINEAGE, content=text(), headers=JSON)
    await refused(answer, 405)
    assert "POST" in answer.headers["allow"]


async def test_a_parameter_that_does_not_fit(client_of, refused):
    app = FastAPI()
    install_problems(app)

    @app.get("/lineage")
    async def lineage(depth: int):
        return depth

    async with client_of(app) as client:
        problem = await refused(await client.get("/lineage?depth=x"), 422)
        assert (problem["title"], problem["field"]) == ("Invalid request", "query.depth")
        assert problem["detail"] == f"query.depth: {problem['reason']}"


async def test_unexpected_errors_tell_nothing_of_the_inside(client, refused, log, monkeypatch):
    async def fail(events):
        raise RuntimeError("at line 42 of secret.py")

    monkeypatch.setattr(log, "append", fail)
    answer = await client.post(LINEAGE, content=text(), headers=JSON)
    await refused(answer, 500)
    assert "secret" not in answer.text


async def test_a_damaged_file_of_keys_admits_nobody_and_is_not_shown(connect, refused, key, settings):
    read = key(Scope.READ)
    async with connect() as client:
        settings.keys.write_text("{")
        answer = await client.get("/openapi.json", headers=read)
        await refused(answer, 500)
        assert str(settings.keys) not in answer.text
