"""Erasure: what goes, what stays, and that nothing is left of the bytes in any file."""

import json
import shutil
from contextlib import asynccontextmanager

import pytest

from tests.build import JOBS, NS, dataset, dataset_event, dump, event, job_event, payload, run_id
from whence.audit import erasure
from whence.audit.erasure import Custodian, Kept
from whence.audit.export import Source, archive, seal
from whence.audit.holds import HoldScope, add_hold
from whence.audit.requests import Actors, ErasureRequest, Replace, actors
from whence.audit.scope import Scope
from whence.audit.trail import records
from whence.audit.verify import verify
from whence.eventlog.port import NotErasable
from whence.eventlog.sqlite import SQLiteEventLog
from whence.graph.sqlite import SQLiteGraphStore
from whence.ingestion import Ingestion
from whence.projection.runner import Projector
from whence.settings import Settings
from whence.transparency.merkle import Tree, verify_consistency, verify_inclusion
from whence.wiring import open_notary
from whence_schemas.errors import Forbidden, InvalidQuestion, NotFound
from whence_schemas.identity import dataset_key, job_key, run_key

MAIL = "jané.doe@example.org"
NEEDLES = [spelled for text in (MAIL, MAIL.upper()) for spelled in (text.encode(), json.dumps(text)[1:-1].encode())]
BY = Actors("asker", "approver")
OWNER = {"ownership": {"owners": [{"name": MAIL}]}}
LATEST = 2**62


def story():
    """Events of which the first four name a person: in a job, a facet, an owner, a field, and escaped."""
    return [
        event("START", "10:00:00", job=f"load {MAIL}", inputs=["a"], outputs=["b"]),
        event("COMPLETE", "10:01:00", job=f"load {MAIL}", inputs=["a"], outputs=[dataset("b", **OWNER)]),
        dataset_event("12:00:00", "b", **OWNER, schema={"fields": [{"name": MAIL.upper(), "type": "int"}]}),
        event("FAIL", "10:30:00", run=3, inputs=["b"], run_facets={"errorMessage": {"message": f"no {MAIL} here"}}),
        event("COMPLETE", "11:00:00", run=2, inputs=["b"], outputs=["c"]),
        job_event("09:00:00", inputs=["b"], outputs=["c"]),
    ]


class Whence:
    """Stores in files, with all that is needed to fill and erase them."""

    def __init__(self, folder, log, graph, notary):
        self.folder, self.log, self.graph, self.notary = folder, log, graph, notary
        self.projector = Projector(log, graph)
        self.custodian = Custodian(log, graph)

    async def send(self, *documents):
        assert all(await Ingestion(self.log).ingest_all([payload(document) for document in documents], "sender"))
        await self.projector.catch_up()

    async def erase(self, by=BY, **request):
        outcome = await self.custodian.erase(ErasureRequest(reason="gdpr-17", **request), by)
        await self.projector.catch_up()
        return outcome

    async def would_go(self, **request):
        outcome = await self.custodian.erase(ErasureRequest(reason="error", dry_run=True, **request), Actors("", ""))
        return [row.index for row in outcome.goes]

    def files_with(self, needles=NEEDLES):
        return [file.name for file in self.folder.iterdir() for needle in needles if needle in file.read_bytes()]

    async def rebuilt(self):
        """The dump of a graph that is built anew from the log."""
        graph = SQLiteGraphStore(None)
        await Projector(self.log, graph).catch_up()
        found = await dump(graph)
        await graph.close()
        return found

    async def entries(self):
        return await self.log.read(0, 1_000, 2**30)


@asynccontextmanager
async def opened(folder):
    log = await SQLiteEventLog.open(folder / "log.db")
    graph = SQLiteGraphStore(folder / "graph.db")
    yield Whence(folder, log, graph, await open_notary(Settings(log_key=folder / "log.key"), log))
    await graph.close()
    await log.close()


@pytest.fixture
async def whence(tmp_path):
    async with opened(tmp_path) as whence:
        await whence.send(*story())
        yield whence


@pytest.mark.parametrize("replace", [[], [Replace(pattern="(?i)" + MAIL.replace(".", r"\."), text="person-17")]])
async def test_no_file_holds_the_bytes_and_everything_else_is_as_it_was(whence, replace):
    tree = Tree(whence.log.hashes)
    size, root = await whence.log.size(), await tree.root(6)
    proofs = await tree.inclusion_proofs(range(size), size)
    before = await whence.entries()
    assert {"log.db-wal", "graph.db-wal"} <= set(whence.files_with())

    outcome = await whence.erase(text=MAIL, replace=replace)

    assert [row.index for row in outcome.goes] == [0, 1, 2, 3]
    assert whence.files_with() == []
    assert await dump(whence.graph) == await whence.rebuilt()
    after = await whence.entries()
    assert [entry.leaf for entry in after[:size]] == [entry.leaf for entry in before]
    assert after[4:size] == before[4:]
    for entry, proof in zip(after[:size], proofs, strict=True):
        verify_inclusion(entry.leaf_hash, entry.index, size, proof, root)
    now = await whence.log.size()
    verify_consistency(size, root, now, await tree.root(now), await tree.consistency_proof(size, now))


async def test_a_copy_keeps_the_lineage(whence):
    await whence.erase(text=MAIL, replace=[Replace(pattern=f"(?i){MAIL}", text="person-17")])
    names = {node.name for _, node in await whence.graph.search("", ["J", "O", "C"], None, 99)}
    assert {"load person-17", "person-17", "etl"} <= names
    attempt = (await whence.graph.attempts([run_key(run_id(1))]))[run_key(run_id(1))][0]
    assert attempt.job == job_key(JOBS, "load person-17")
    copies = [entry for entry in (await whence.entries())[6:] if entry.kind == "event"]
    assert [entry.unit for entry in copies] == [entry.unit for entry in (await whence.entries())[:4]]
    meta = json.loads(copies[1].meta)
    assert (meta["replaces"], meta["redacted"], meta["sender"]) == (1, ["replaced"], "sender")
    assert meta["received"] < meta["replaced"]


async def test_copies_may_come_from_redaction_rules(whence):
    rules = '[[rule]]\nid = "errors"\nfacets = ["run.facets.errorMessage.message"]'
    await whence.erase(entries=[(3, 3)], rules=rules)
    [copy] = [entry for entry in (await whence.entries())[6:] if entry.kind == "event"]
    assert json.loads(copy.payload)["run"]["facets"]["errorMessage"] == {"message": "[redacted]"}
    assert json.loads(copy.meta)["redacted"] == ["errors"]


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (
            {"text": MAIL, "replace": [Replace(pattern="here", text="x")]},
            "entry 0 holds nothing that would be replaced",
        ),
        ({"text": MAIL, "replace": [Replace(pattern="load", text="x"), Replace(pattern="a", text="b")]}, "own place"),
        (
            {"text": "no", "replace": [Replace(pattern="here", text="x")], "entries": [(3, 3)]},
            "still hold what is sought",
        ),
        ({"entries": [(2, 2)], "replace": [Replace(pattern="^b$", text="x")]}, "own place"),
        ({"entries": [(4, 4)], "replace": [Replace(pattern=r"^2026.*", text="x")]}, "own place"),
    ],
)
async def test_no_copy_is_left_that_would_be_wrong(whence, request_, message):
    for dry_run in (True, False):
        with pytest.raises(NotErasable, match=message):
            await whence.erase(**request_, dry_run=dry_run)
    assert len(await whence.entries()) == 6


@pytest.mark.parametrize(
    ("chosen", "indices"),
    [
        ({"entries": [(1, 2), (5, 5)]}, [1, 2, 5]),
        ({"of": [run_key(run_id(1))]}, [0, 1]),
        ({"of": [job_key(JOBS, "etl")]}, [3, 4, 5]),
        ({"of": [dataset_key(NS, "c")]}, [4]),
        ({"of": [dataset_key(NS, "b")]}, [0, 1, 2, 3, 4]),
        ({"upstream_of": [run_key(run_id(2))]}, [0, 1, 4]),
        ({"declarations": [dataset_key(NS, "b"), job_key(JOBS, "etl")]}, [2, 5]),
        ({"text": MAIL.upper()}, [0, 1, 2, 3]),
        ({"pattern": "errorMessage|schema"}, [0, 1, 2, 3, 4]),
        ({"pattern": "errorMessage", "of": [job_key(JOBS, "etl")]}, [3]),
        ({"text": MAIL, "entries": [(3, 4)]}, [3]),
        ({"since": "2020-01-01T00:00:00Z"}, [0, 1, 3, 4]),
        ({"until": "2020-01-01T00:00:00Z"}, []),
        ({"text": "nowhere"}, []),
    ],
)
async def test_what_is_chosen(whence, chosen, indices):
    assert await whence.would_go(**chosen) == indices
    assert len(await whence.entries()) == 6


@pytest.mark.parametrize(
    ("chosen", "error", "message"),
    [
        ({}, InvalidQuestion, "nothing is chosen"),
        ({"entries": [(6, 6)]}, InvalidQuestion, "there is no entry 6"),
        ({"entries": [(2, 1)]}, InvalidQuestion, "no range"),
        ({"declarations": [run_key(run_id(1))]}, InvalidQuestion, "no id of a job or dataset"),
        ({"of": [dataset_key(NS, "zzz")]}, NotFound, "not in the graph"),
        ({"of": ["x"]}, InvalidQuestion, "no id of a dataset, job or run"),
        ({"pattern": "("}, InvalidQuestion, "no regular expression"),
        ({"pattern": "a*"}, InvalidQuestion, "fits an empty text"),
        ({"text": "a", "pattern": "b"}, InvalidQuestion, "not both"),
        ({"since": "yesterday"}, InvalidQuestion, "since: 'yesterday'"),
        ({"text": "b", "rules": "[[rule]]"}, InvalidQuestion, "rules: rule 1"),
        ({"text": "nowhere"}, NotFound, "nothing is chosen that can be erased"),
    ],
)
async def test_what_cannot_be_chosen(whence, chosen, error, message):
    with pytest.raises(error, match=message):
        await whence.erase(**chosen)
    assert len(await whence.entries()) == 6


async def test_what_was_erased_before_is_not_chosen_again(whence):
    await whence.erase(entries=[(0, 2)])
    assert await whence.would_go(entries=[(0, 9)]) == [3, 4, 5, 6]  # 6 is the record of the first erasure
    assert await whence.would_go(text=MAIL) == [3]


async def test_only_so_many_at_once(whence, monkeypatch):
    monkeypatch.setattr(erasure, "MAX_ENTRIES", 3)
    with pytest.raises(InvalidQuestion, match="over 3 entries"):
        await whence.erase(text=MAIL)


async def test_copies_are_made_in_parts(whence, monkeypatch):
    monkeypatch.setattr(erasure, "_COPIED_BYTES", 1)
    await whence.erase(text=MAIL, replace=[Replace(pattern=f"(?i){MAIL}", text="person-17")])
    assert whence.files_with() == []
    assert await dump(whence.graph) == await whence.rebuilt()


async def test_an_erasure_is_recorded(whence):
    outcome = await whence.erase(text=MAIL)
    *tombstones, request = await records(whence.log, LATEST, 10)
    assert request.index == outcome.request
    assert (request.kind, request.by) == ("request", "approver")
    said = {"reason": "gdpr-17", "askedBy": "asker", "approvedBy": "approver", "override": "", "copies": False}
    assert request.content == {**said, "entries": [[0, 3]]}
    assert [t.content["entry"] for t in tombstones] == [3, 2, 1, 0]
    assert {t.content["reason"] for t in tombstones} == {"gdpr-17"}
    assert (tombstones[0].content["askedBy"], tombstones[0].content["approvedBy"]) == BY


async def test_an_archive_made_afterwards_says_what_was_erased(whence, tmp_path_factory):
    await whence.erase(text=MAIL, replace=[Replace(pattern=f"(?i){MAIL}", text="person-17")])
    source = Source(whence.log, whence.graph, whence.notary)
    path = tmp_path_factory.mktemp("archive") / "a.zip"
    path.write_bytes(b"".join([chunk async for chunk in archive(source, await seal(source, Scope()))]))
    verdict = verify(path)
    assert verdict.accepted
    assert verdict.counts["erased"] == 4
    assert not any(needle in path.read_bytes() for needle in NEEDLES)


async def test_records_that_hold_the_text_go_too(whence):
    """The scope of an export tells names."""
    scope = Scope(nodes=(job_key(JOBS, f"load {MAIL}"),))
    with (await seal(Source(whence.log, whence.graph, whence.notary), scope)).selected:
        pass
    await whence.projector.catch_up()
    outcome = await whence.erase(text=MAIL, replace=[Replace(pattern=f"(?i){MAIL}", text="person-17")])
    assert [(row.index, row.kind) for row in outcome.goes][-1] == (6, "export")
    assert whence.files_with() == []
    assert await dump(whence.graph) == await whence.rebuilt()


async def test_a_hold_in_force_is_not_erased_though_it_names_what_is_sought(whence):
    await add_hold(whence.log, HoldScope(entries=(99, 99)), f"case of {MAIL}")
    with pytest.raises(Kept, match="entry 6 is kept: legal hold 6"):
        await whence.erase(text=MAIL)


async def test_after_a_crash_before_the_graph_was_cleaned_it_is_cleaned(tmp_path, monkeypatch):
    crashed = tmp_path / "crashed"
    (tmp_path / "alive").mkdir()
    async with opened(tmp_path / "alive") as whence:
        await whence.send(*story())
        with monkeypatch.context() as patched, pytest.raises(OSError, match="crash"):
            patched.setattr(whence.graph, "scrub", _crash)
            await whence.erase(text=MAIL)
        shutil.copytree(tmp_path / "alive", crashed)  # as a crash would leave them: nothing is closed
    async with opened(crashed) as whence:
        assert "graph.db-wal" in whence.files_with()
        await whence.projector.catch_up()
        assert whence.files_with() == []


async def _crash():
    raise OSError("crash")


def test_who_asks_does_not_approve():
    known = {"one", "two"}
    assert actors("one", "two", known) == Actors("one", "two")
    assert actors("", "", None) == Actors("", "")
    assert actors("anybody", "anybody", None) == Actors("anybody", "anybody")
    with pytest.raises(Forbidden, match="the key one may not approve its own request"):
        actors("one", "one", known)
    with pytest.raises(Forbidden, match="'three' is no API key"):
        actors("one", "three", known)
    with pytest.raises(InvalidQuestion, match="no id of a key"):
        actors(MAIL, "two", None)  # tombstones are for ever: names and addresses do not belong there
