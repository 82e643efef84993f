"""The transparency log over HTTP: what a client that trusts nothing can check by it."""

import asyncio
import base64
import gzip
from hashlib import sha256

import pytest

from whence.eventlog.port import Erasure, NewEvent
from whence.notary import notary as publishing
from whence.transparency.checkpoint import Checkpoint
from whence.transparency.merkle import leaf_hash, root_hash, verify_consistency, verify_inclusion
from whence.transparency.note import Verifier, open_note
from whence.transparency.tiles import bundle, tile_path

SIZE = 70_000


@pytest.fixture
async def client(connect, log, monkeypatch):
    """A client of a server that publishes one checkpoint at its start, and further ones only on demand."""
    monkeypatch.setattr(publishing, "PUBLISH_SECONDS", 1e6)
    async with connect() as client:
        while await log.last_checkpoint() is None:  # noqa: ASYNC110  # nothing tells of it
            await asyncio.sleep(0.01)
        yield client


@pytest.fixture
async def leaves(log):
    """The leaves of a log that is over two levels of tiles high."""
    await log.append([NewEvent(b"%d" % n, "Rrun", b"{}") for n in range(SIZE)])
    return await log.leaves(0, SIZE)


def decoded(texts):
    return [base64.b64decode(text) for text in texts]


async def test_the_checkpoint_is_a_note_over_the_leaves(log, notary, leaves, client):
    await notary.publish()
    answer = await client.get("/checkpoint")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/plain; charset=utf-8")
    assert answer.headers["cache-control"] == "no-cache"
    text, _ = open_note(answer.content, [Verifier.parse(notary.verifier_key)])
    assert Checkpoint.parse(text) == (notary.origin, SIZE, root_hash([leaf_hash(leaf) for leaf in leaves]))


async def test_tiles_and_bundles_are_those_of_the_specification(notary, leaves, client):
    """273 full tiles of level 0 and one of 112, one of level 1 and one of 17, one of level 2 of width 1."""
    await notary.publish()
    level = [leaf_hash(leaf) for leaf in leaves]
    for number, widths in enumerate(((273, 112), (1, 17), (0, 1))):
        full, partial = widths
        for tile, width in ((0, 256), (full - 1, 256), (full, partial), (full, 1)):
            if (tile < full) == (width == 256) and tile >= 0:
                path = tile_path(tile) + ("" if width == 256 else f".p/{width}")
                answer = await client.get(f"/tile/{number}/{path}")
                assert answer.status_code == 200, path
                assert answer.content == b"".join(level[tile * 256 : tile * 256 + width])
                assert "immutable" in answer.headers["cache-control"]
                assert answer.headers["content-type"] == "application/octet-stream"
        level = [root_hash(level[n : n + 256]) for n in range(0, len(level) // 256 * 256, 256)]
    for path, first, width in (("000", 0, 256), ("272", 272 * 256, 256), ("273.p/112", 273 * 256, 112)):
        answer = await client.get(f"/tile/entries/{path}")
        assert answer.content == bundle(leaves[first : first + width])
        assert answer.headers["content-encoding"] == "gzip"
        assert len(answer.content) < 65_536
    plain = await client.get("/tile/entries/000", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.content == bundle(leaves[:256])


MISSING = [
    *("0/274", "0/273", "0/273.p/113", "0/273.p/0", "1/001", "1/001.p/18", "2/000", "2/000.p/2", "3/000", "3/000.p/1"),
    *("64/000", "00/000", "-1/000", "a/000", "0/0", "0/x000/000", "0/", "entries/273", "entries/273.p/113", "entries/"),
]


async def test_there_is_no_tile_beyond_the_published_checkpoint(notary, leaves, log, client):
    await notary.publish()
    await log.append([NewEvent(b"more %d" % n, "Rrun", b"{}") for n in range(300)])
    for path in MISSING:
        answer = await client.get(f"/tile/{path}")
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json"), path


async def test_an_entry_opens_its_commitment(log, client):
    payload, meta = b'{"a":1}', b'{"key":"k"}'
    await log.append([NewEvent(payload, "Rrun", meta)])
    found = (await client.get("/api/v1/log/entries/0")).json()
    salt, told_meta, told, hashed = decoded(found[name] for name in ("salt", "meta", "payload", "leafHash"))
    assert (found["index"], found["kind"], told, told_meta) == (0, "event", payload, meta)
    assert leaf_hash(found["leaf"].encode()) == hashed
    commitment = sha256(b"whence/event/v1\n" + salt + len(meta).to_bytes(8, "big") + meta + payload).hexdigest()
    assert found["leaf"] == f'{{"c":"{commitment}","k":"event","v":1}}'


async def test_of_an_erased_entry_the_leaf_is_left(log, client):
    await log.append([NewEvent(b"a", "Rrun", b"{}")])
    before = (await client.get("/api/v1/log/entries/0")).json()
    await log.erase([Erasure(0, "art17", "k1", "k2")])
    erased = (await client.get("/api/v1/log/entries/0")).json()
    assert erased == {name: before[name] for name in ("index", "kind", "leaf", "leafHash")}
    tombstone = (await client.get("/api/v1/log/entries/1")).json()
    assert tombstone["kind"] == "erasure"
    assert '"i":0' in tombstone["leaf"]


@pytest.mark.parametrize("index", ["1", "-1", str(2**70)])
async def test_an_entry_that_is_not_there_is_not_found(log, client, index):
    await log.append([NewEvent(b"a", "Rrun", b"{}")])
    answer = await client.get(f"/api/v1/log/entries/{index}")
    assert answer.status_code == 404
    assert f"no entry {index}" in answer.json()["detail"]


async def test_proofs_verify(log, notary, leaves, client):
    hashes = [leaf_hash(leaf) for leaf in leaves]
    for index, size in ((0, 1), (5, 300), (69_999, SIZE), (65_535, 65_536)):
        found = (await client.get("/api/v1/log/proofs/inclusion", params={"index": index, "size": size})).json()
        root = base64.b64decode(found["root"])
        assert (found["index"], found["size"], root) == (index, size, root_hash(hashes[:size]))
        verify_inclusion(hashes[index], index, size, decoded(found["proof"]), root)
    for first, second in ((0, 5), (5, 5), (300, SIZE), (65_536, SIZE)):
        found = (await client.get("/api/v1/log/proofs/consistency", params={"from": first, "to": second})).json()
        assert (found["from"], found["to"]) == (first, second)
        old, new = root_hash(hashes[:first]), root_hash(hashes[:second])
        verify_consistency(first, old, second, new, decoded(found["proof"]))


async def test_proofs_are_of_the_published_checkpoint_unless_told_otherwise(log, notary, client):
    await log.append([NewEvent(b"%d" % n, "Rrun", b"{}") for n in range(9)])
    await notary.publish()
    await log.append([NewEvent(b"more", "Rrun", b"{}")])
    inclusion = (await client.get("/api/v1/log/proofs/inclusion", params={"index": 3})).json()
    consistency = (await client.get("/api/v1/log/proofs/consistency", params={"from": 3})).json()
    assert (inclusion["size"], consistency["to"]) == (9, 9)


@pytest.mark.parametrize(
    ("question", "status"),
    [
        ("inclusion?index=5&size=5", 404),
        ("inclusion?index=1&size=99", 404),
        ("inclusion?size=5", 422),
        ("inclusion?index=-1", 422),
        ("inclusion?index=x", 422),
        ("consistency?from=6&to=5", 404),
        ("consistency?from=6&to=99", 404),
        ("consistency?to=5", 422),
    ],
)
async def test_what_cannot_be_proved_is_told(log, client, question, status):
    await log.append([NewEvent(b"%d" % n, "Rrun", b"{}") for n in range(9)])
    answer = await client.get(f"/api/v1/log/proofs/{question}")
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_checkpoint_is_made_on_demand(log, notary, client):
    await log.append([NewEvent(b"a", "Rrun", b"{}")])
    answer = await client.post("/api/v1/audit/checkpoint", json={})
    assert Checkpoint.parse(open_note(answer.content, [Verifier.parse(notary.verifier_key)])[0]).size == 1
    assert (await client.get("/checkpoint")).content == answer.content
    refused = await client.post("/api/v1/audit/checkpoint", json={"timestamp": True})
    assert refused.status_code == 503
    assert "set WHENCE_TIMESTAMP_URL" in refused.json()["detail"]
    assert (await client.post("/api/v1/audit/checkpoint", json={"timestomp": True})).status_code == 422


async def test_the_key_is_changed_on_demand(log, notary, client):
    old = notary.verifier_key
    found = (await client.post("/api/v1/admin/log/key", json={})).json()
    assert found == {"old": old, "new": notary.verifier_key}
    assert found["old"] != found["new"]
    [record] = (await log.read_units([""], 9))[""]
    assert record.kind == "key"


async def test_a_bundle_decompresses_to_itself(log, notary, client):
    await log.append([NewEvent(b"a", "Rrun", b"{}")])
    await notary.publish()
    async with client.stream("GET", "/tile/entries/000.p/1") as answer:
        raw = b"".join([chunk async for chunk in answer.aiter_raw()])
    assert gzip.decompress(raw) == bundle(await log.leaves(0, 1))
