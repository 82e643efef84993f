"""Erasure, retention, legal holds and records over HTTP."""

import json

import pytest

from whence.access.keys import Scope, create_key
from whence_schemas.identity import dataset_key

ERASURES, RETENTION, HOLDS, RECORDS = (
    f"/api/v1/audit/{name}" for name in ("erasures", "retention", "holds", "records")
)
MAIL = "jane.doe@example.org"
POLICY = '[[rule]]\nid = "x"\nkeep_at_most = 1'


@pytest.fixture
async def filled(client, event):
    facets = {"owner": {"name": MAIL}}
    job = {"namespace": "n", "name": "j", "facets": facets}
    for document in (event(job=job), event(eventType="START")):
        assert (await client.post("/api/v1/lineage", json=document)).status_code == 201
    return client


async def test_what_is_erased_is_in_neither_log_nor_graph(filled, log, graph):
    plan = (await filled.post(ERASURES, json={"reason": "gdpr-17", "text": MAIL, "dryRun": True})).json()
    assert [(row["index"], row["name"]) for row in plan["goes"]] == [(0, "j")]
    assert plan["request"] is None
    asked = {"reason": "gdpr-17", "text": MAIL, "askedBy": "a", "approvedBy": "b"}
    done = (await filled.post(ERASURES, json=asked)).json()
    assert done["clean"] is True
    assert (await log.payloads())[0] is None
    assert not [row async for row in graph.dump() if MAIL in str(row)]
    listed = (await filled.get(RECORDS)).json()
    assert [found["kind"] for found in listed] == ["erasure", "request"]
    assert listed[1]["content"]["askedBy"] == "a"
    assert (await filled.get(RECORDS, params={"before": listed[0]["index"], "limit": 1})).json() == listed[1:]


async def test_a_copy_is_left(filled, log):
    replace = [{"pattern": MAIL, "text": "person-17"}]
    await filled.post(ERASURES, json={"reason": "gdpr-17", "text": MAIL, "replace": replace})
    [_, _, copy] = await log.payloads()
    assert json.loads(copy)["job"]["facets"]["owner"]["name"] == "person-17"


async def test_a_scope_by_ids(filled):
    asked = {"reason": "error", "of": [dataset_key("s3://landing", "orders.csv")], "dryRun": True}
    assert len((await filled.post(ERASURES, json=asked)).json()["goes"]) == 2


@pytest.mark.parametrize(
    ("path", "body", "status", "message"),
    [
        (ERASURES, {"reason": "gdpr-17"}, 422, "nothing is chosen"),
        (ERASURES, {"reason": "because", "text": "x"}, 422, "gdpr-17"),
        (ERASURES, {"text": "x"}, 422, "reason"),
        (ERASURES, {"reason": "error", "text": "nowhere"}, 404, "nothing is chosen that can be erased"),
        (ERASURES, {"reason": "error", "text": MAIL, "askedBy": MAIL}, 422, "no id of a key"),
        (ERASURES, {"reason": "error", "entries": [[0, 2]]}, 422, "there is no entry 2"),
        (HOLDS, {"scope": {}, "reason": "x"}, 422, "just one of"),
        (HOLDS, {"scope": {"run": "x"}, "reason": ""}, 422, "reason"),
        (f"{HOLDS}/7/release", {"reason": "x"}, 404, "no legal hold 7"),
    ],
)
async def test_what_is_refused_is_told(filled, path, body, status, message, log):
    answer = await filled.post(path, json=body)
    assert answer.status_code == status
    assert message in answer.json()["detail"]
    assert len(await log.read(0, 99, 2**20)) == 2


async def test_holds_are_added_kept_and_released(filled, log):
    scope = {"namespace": "s3:*"}
    added = await filled.post(HOLDS, json={"scope": scope, "reason": "case 17"})
    assert (added.status_code, added.json()) == (201, {"index": 2})
    refused = await filled.post(ERASURES, json={"reason": "error", "entries": [[0, 0]]})
    assert refused.status_code == 409
    assert "legal hold 2 on namespace s3:* (case 17)" in refused.json()["detail"]
    [hold] = (await filled.get(HOLDS)).json()
    assert (hold["index"], hold["scope"]["namespace"]) == (2, "s3:*")
    assert (await filled.post(f"{HOLDS}/2/release", json={"reason": "over"})).status_code == 200
    assert (await filled.get(HOLDS)).json() == []
    assert (await filled.post(ERASURES, json={"reason": "error", "entries": [[0, 0]]})).status_code == 200


async def test_a_retention_policy_is_tried_and_applied(filled, log):
    assert (await filled.post(RETENTION, json={"policy": POLICY})).json()["goes"] == []
    assert len(await log.read(0, 99, 2**20)) == 2
    assert (await filled.post(RETENTION, json={"policy": POLICY, "apply": True})).status_code == 200
    [found] = (await filled.get(RECORDS)).json()
    assert (found["kind"], found["content"]["text"]) == ("policy", POLICY)


async def test_a_policy_that_cannot_be_used_is_refused(filled):
    answer = await filled.post(RETENTION, json={"policy": "x"})
    assert answer.status_code == 422
    assert "is no TOML" in answer.json()["detail"]


async def test_with_keys_another_one_must_have_asked(connect, event, settings):
    secrets = {name: create_key(settings.keys, name, [Scope(name)]) for name in ("ingest", "audit", "admin")}
    ids = {name: secret.split("_")[1] for name, secret in secrets.items()}
    headers = {name: {"Authorization": f"Bearer {secret}"} for name, secret in secrets.items()}
    asked = {"reason": "error", "entries": [[0, 0]]}
    async with connect() as client:
        await client.post("/api/v1/lineage", json=event(), headers=headers["ingest"])

        async def erase(who="admin", **changes):
            return await client.post(ERASURES, json=asked | changes, headers=headers[who])

        assert (await erase("audit", askedBy=ids["admin"])).status_code == 403
        assert (await client.post(HOLDS, json={}, headers=headers["audit"])).status_code == 403
        assert (await client.get(HOLDS, headers=headers["audit"])).status_code == 200
        for refused, status in (({}, 403), ({"askedBy": "nobody"}, 403), ({"askedBy": ids["admin"]}, 403)):
            assert (await erase(**refused)).status_code == status
        assert (await erase(askedBy=ids["audit"], approvedBy=ids["audit"])).status_code == 422
        done = await erase(askedBy=ids["audit"])
        assert done.status_code == 200, done.text
        found = (await client.get(RECORDS, headers=headers["audit"])).json()
        request = next(record for record in found if record["kind"] == "request")
        assert (request["by"], request["content"]["askedBy"]) == (ids["admin"], ids["audit"])


async def test_keys_and_rules_of_redaction_are_recorded_by_the_server(connect, settings, tmp_path):
    rules = tmp_path / "rules.toml"
    rules.write_text('[[rule]]\nid = "x"\nvalues = ["secret"]\n')
    secret = create_key(settings.keys, "auditor", [Scope.AUDIT])
    for _ in range(2):  # the second start changes nothing
        async with connect({"Authorization": f"Bearer {secret}"}, redact=rules) as client:
            found = (await client.get(RECORDS)).json()
            while len(found) < 2:
                found = (await client.get(RECORDS)).json()
    assert {record["kind"]: record["content"] for record in found} == {
        "policy": found[-1]["content"],
        "access": {"key": secret.split("_")[1], "scopes": ["audit"]},
    }
    assert found[-1]["content"]["text"] == rules.read_text()
