"""The trail of the trail: what is recorded of keys, policies and exports."""

import asyncio
import json

import pytest

from whence.access.keys import Scope, create_key, revoke_key
from whence.audit import trail
from whence.audit.trail import follow_access, of_kind, policy_in_force, record, record_access, record_policy, records
from whence.eventlog.port import Erasure, NewEvent
from whence.eventlog.sqlite import MEMORY, SQLiteEventLog
from whence.notary.keys import KeyFile
from whence.notary.notary import Notary

LATEST = 2**62


@pytest.fixture
async def log():
    log = await SQLiteEventLog.open(MEMORY)
    yield log
    await log.close()


async def said(log, kind):
    return [found.content async for found in of_kind(log, kind)][::-1]


async def test_records_come_newest_first_in_pages(log, monkeypatch):
    monkeypatch.setattr(trail, "_PAGE", 2)
    await log.append([NewEvent(b"{}", "Ru", b"{}")])
    made = [await record(log, kind, {"n": n}, "me") for n, kind in enumerate(["hold", "policy", "hold", "hold"])]
    await log.erase([Erasure(0, "error", "a", "b"), Erasure(made[1], "error", "a", "b")])
    first = await records(log, LATEST, 4)
    assert [(found.index, found.kind) for found in first] == [(6, "erasure"), (5, "erasure"), (4, "hold"), (3, "hold")]
    rest = await records(log, first[-1].index, 4)
    assert [(found.index, found.content) for found in rest] == [(2, None), (1, {"n": 0})]
    assert (rest[1].by, rest[0].by, rest[0].received) == ("me", "", None)
    assert rest[1].received.endswith("Z")
    assert await said(log, "hold") == [{"n": 0}, {"n": 2}, {"n": 3}]
    assert await records(log, 1, 4) == []


async def test_a_change_of_the_logs_key_is_among_them(log, tmp_path):
    notary = await Notary.open(log, KeyFile(tmp_path / "key"))
    await notary.rotate("me")
    [found] = await records(log, LATEST, 9)
    assert (found.kind, found.by) == ("key", "me")
    assert notary.verifier_key in found.content["note"]


async def test_a_policy_is_recorded_when_it_is_another(log):
    assert not await record_policy(log, "redaction", "")
    assert await record_policy(log, "redaction", "one", "me")
    assert not await record_policy(log, "redaction", "one")
    assert await record_policy(log, "retention", "other")
    assert await record_policy(log, "redaction", "two")
    assert await record_policy(log, "redaction", "")
    assert await record_policy(log, "redaction", "one")
    assert [content["text"] for content in await said(log, "policy")] == ["one", "other", "two", "", "one"]
    assert await policy_in_force(log, "retention") == "other"
    assert await policy_in_force(log, "redaction") == "one"


async def test_keys_are_recorded_by_their_ids_and_rights(log, tmp_path):
    path = tmp_path / "keys.json"
    assert await record_access(log, path) == 0
    one, two = (create_key(path, name, scopes) for name, scopes in (("anna", [Scope.READ]), ("b", list(Scope))))
    assert await record_access(log, path) == 2
    assert await record_access(log, path) == 0
    document = json.loads(path.read_text())
    document["keys"][0]["scopes"] = ["audit"]  # by hand
    path.write_text(json.dumps(document))
    revoke_key(path, two.split("_")[1])
    assert await record_access(log, path) == 2
    ids = [secret.split("_")[1] for secret in (one, two)]
    assert await said(log, "access") == [
        {"key": ids[0], "scopes": ["read"]},
        {"key": ids[1], "scopes": ["admin", "audit", "ingest", "read"]},
        {"key": ids[0], "scopes": ["audit"]},
        {"key": ids[1], "scopes": []},
    ]
    stored = b"".join(entry.payload + entry.meta for entry in await log.read(0, 99, 2**20))
    assert not any(word in stored for word in (b"anna", one.encode(), one.split("_", 2)[2].encode()))


async def test_a_server_follows_the_file_of_keys(log, tmp_path, monkeypatch):
    monkeypatch.setattr(trail, "_FOLLOW_SECONDS", 0.01)
    path = tmp_path / "keys.json"
    following = asyncio.create_task(follow_access(log, path))
    for count, change in enumerate([lambda: create_key(path, "a", [Scope.READ]), lambda: path.write_text("{}")], 1):
        change()
        if count == 1:
            async with asyncio.timeout(10):
                await log.wait_beyond(0)
    await asyncio.sleep(0.05)  # what is no file of keys ends nothing
    path.unlink()
    async with asyncio.timeout(10):
        await log.wait_beyond(1)
    following.cancel()
    assert [content["scopes"] for content in await said(log, "access")] == [["read"], []]
