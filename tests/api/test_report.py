"""`/api/v1/audit/report` over HTTP."""

import tomllib

import pytest

from tests.audit.test_frameworks import MINE
from whence.access.keys import Scope, create_key
from whence_schemas.identity import dataset_key, job_key

REPORT = "/api/v1/audit/report"


@pytest.fixture
async def told(client, event):
    """A client of an app that was told of a model."""
    model = {"namespace": "models", "name": "m", "facets": {"datasetType": {"datasetType": "MODEL"}}}
    answer = await client.post("/api/v1/lineage", json=event(outputs=[model]))
    assert answer.status_code == 201
    return client


@pytest.mark.parametrize(
    ("form", "media_type", "start"),
    [
        ("html", "text/html; charset=utf-8", b"<!DOCTYPE html>"),
        ("pdf", "application/pdf", b"%PDF-"),
        ("json", "application/json", b"{"),
    ],
)
async def test_each_format(told, form, media_type, start):
    answer = await told.get(REPORT, params={"format": form, "framework": "eu-ai-act"})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == media_type
    assert answer.content.lstrip().startswith(start)


async def test_what_was_just_sent_is_in_it_and_sealed(told):
    report = (await told.get(REPORT, params={"format": "json"})).json()
    assert [section["id"] for section in report["sections"]] == ["eu-ai-act", "nist-ai-rmf"]
    assert [page["name"] for page in report["models"]] == ["models/m"]
    assert report["log"]["checkpoint_size"] == 1
    assert report["server"] == "http://localhost:5000"


async def test_a_scope_and_a_model(told):
    model = dataset_key("models", "m")
    query = {"format": "json", "model": model, "of": job_key("airflow://prod", "sales.load_orders")}
    report = (await told.get(REPORT, params=query)).json()
    assert report["scope"] == [["All runs of", "job airflow://prod/sales.load_orders"]]
    assert report["sections"] == []
    assert len(report["models"]) == 1


async def test_frameworks_of_ones_own_are_sent(told):
    own = tomllib.loads(MINE)
    own["checked"] = own["requirement"][0]["checked"] = "2026-11-21"
    answer = await told.post(REPORT, params={"format": "json"}, json={"frameworks": [own]})
    assert [section["title"] for section in answer.json()["sections"]] == ["Ours"]


@pytest.mark.parametrize(
    ("query", "told_"),
    [
        ({"format": "docx"}, "format is 'docx'"),
        ({"framework": "gdpr"}, "there is no framework 'gdpr'"),
        ({"framework": "/etc/secret.toml"}, "framework takes an id"),
        ({"model": "m"}, "'m' is no id of a dataset"),
        ({"since": "yesterday"}, "since: "),
        ({"scope": "all"}, "the parameter 'scope' is not known"),
    ],
)
async def test_what_cannot_be_is_told(told, query, told_):
    answer = await told.get(REPORT, params=query)
    assert answer.status_code == 422
    assert told_ in answer.json()["detail"]


async def test_a_model_that_is_not_there(told):
    answer = await told.get(REPORT, params={"of": dataset_key("models", "n")})
    assert answer.status_code == 404


@pytest.mark.parametrize("body", [b"[]", b'{"frameworks": [{"id": "x"}]}', b"{"])
async def test_what_is_no_framework_is_refused(told, body):
    answer = await told.post(REPORT, content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 422


async def test_a_report_needs_the_scope_audit(connect, settings):
    reader = create_key(settings.keys, "reader", [Scope.READ])
    auditor = create_key(settings.keys, "auditor", [Scope.AUDIT])
    async with connect() as client:
        for key, status in ((reader, 403), (auditor, 200)):
            headers = {"Authorization": f"Bearer {key}"}
            for answer in (
                await client.get(REPORT, headers=headers),
                await client.post(REPORT, headers=headers, json={"frameworks": []}),
            ):
                assert answer.status_code == status, answer.text
