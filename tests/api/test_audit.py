"""``GET /api/v1/audit/export``."""

import json

import pytest

from tests.independent.forging import Parts
from whence.access.keys import Scope, create_key
from whence.audit.verify import verify
from whence_schemas.errors import LogUnavailable
from whence_schemas.identity import dataset_key, run_key

EXPORT = "/api/v1/audit/export"
RUN = "01941f29-7c00-7e1a-8d4e-5b2f0a9c6d31"
OTHER = "01941f29-7c00-7e1a-8d4e-5b2f0a9c6d32"


@pytest.fixture
async def filled(client, event):
    """A client of a server that knows two runs."""
    for document in (
        event(),
        event(run={"runId": OTHER}, job={"namespace": "n", "name": "other"}, outputs=[], inputs=[]),
    ):
        assert (await client.post("/api/v1/lineage", json=document)).status_code == 201
    return client


async def exported(client, path, **parameters):
    """The answer to an export, saved."""
    answer = await client.get(EXPORT, params=parameters)
    path.write_bytes(answer.content)
    return answer


async def test_everything_is_exported(filled, tmp_path):
    answer = await exported(filled, tmp_path / "a.zip")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/zip"
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="whence-evidence-20')
    verdict = verify(tmp_path / "a.zip")
    assert verdict.accepted
    assert verdict.counts["events"] == 2


@pytest.mark.parametrize(
    ("parameters", "events"),
    [
        ({"of": run_key(RUN)}, 1),
        ({"of": [run_key(RUN), run_key(OTHER)]}, 2),
        ({"of": dataset_key("s3://landing", "orders.csv")}, 1),
        ({"upstreamOf": dataset_key("postgres://db:5432", "shop.public.orders")}, 1),
        ({"since": "2020-01-01T00:00:00Z"}, 2),
        ({"until": "2020-01-01T00:00:00Z"}, 0),
    ],
)
async def test_a_scope_is_exported(filled, tmp_path, parameters, events):
    await exported(filled, tmp_path / "a.zip", **parameters)
    verdict = verify(tmp_path / "a.zip")
    assert verdict.accepted
    assert verdict.counts["events"] == events


async def test_consistency_is_proved_from_the_sizes_asked_for(filled, tmp_path):
    await exported(filled, tmp_path / "a.zip", of=run_key(RUN), fromSize=[1, 2])
    proofs = json.loads(Parts(tmp_path / "a.zip").files["consistency.json"])
    assert {1, 2} <= {proof["size"] for proof in proofs}


@pytest.mark.parametrize(
    ("parameters", "status", "detail"),
    [
        ({"dataset": "x"}, 422, "the parameter 'dataset' is not known"),
        ({"of": "x"}, 422, "no id of a dataset, job or run"),
        ({"of": run_key("none")}, 404, "not in the graph"),
        ({"since": "yesterday"}, 422, "since: 'yesterday' is not an ISO 8601 date"),
        ({"since": "2026-01-02T00:00:00Z", "until": "2026-01-01T00:00:00Z"}, 422, "time range is empty"),
        ({"fromSize": "-1"}, 422, "fromSize is '-1'"),
    ],
)
async def test_what_cannot_be_exported_is_told(filled, parameters, status, detail):
    answer = await filled.get(EXPORT, params=parameters)
    assert answer.status_code == status
    assert detail in answer.json()["detail"]


async def test_what_breaks_off_is_no_archive(filled, log, tmp_path, monkeypatch):
    async def broken(*_):
        raise LogUnavailable("the disk fails")

    whole = await exported(filled, tmp_path / "whole.zip", of=run_key(RUN))
    monkeypatch.setattr(log, "read", broken)
    answer = await exported(filled, tmp_path / "broken.zip", of=run_key(RUN))
    assert 0 < len(answer.content) < len(whole.content)
    verdict = verify(tmp_path / "broken.zip")
    assert [failure.check for failure in verdict.failures] == ["archive"]


async def test_who_asked_is_recorded(connect, event, tmp_path, settings):
    """By the id of the key, which needs the scope `audit`."""
    reader = create_key(settings.keys, "reader", [Scope.READ, Scope.INGEST])
    auditor = create_key(settings.keys, "auditor", [Scope.AUDIT])
    async with connect({"Authorization": f"Bearer {reader}"}) as client:
        await client.post("/api/v1/lineage", json=event())
        assert (await client.get(EXPORT)).status_code == 403
    async with connect({"Authorization": f"Bearer {auditor}"}) as client:
        await exported(client, tmp_path / "a.zip")
    parts = Parts(tmp_path / "a.zip")
    assert json.loads(parts.meta(-1))["sender"] == auditor.split("_")[1]
