"""Archives, written and verified: what is proved of them, and what is refused."""

import json
import zipfile
from contextlib import asynccontextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.audit.test_scope import PIPELINE, dataset, run, world
from tests.independent.forging import Parts
from whence.audit.archive import MAX_DOCUMENT_BYTES, ArchiveReader, ArchiveWriter, OpenedEntry
from whence.audit.export import Source, archive, seal
from whence.audit.scope import Scope
from whence.audit.verdict import Trusted
from whence.audit.verify import verify
from whence.eventlog.port import Erasure
from whence.notary.keys import KeyFile
from whence.notary.notary import Notary
from whence.projection.runner import Projector
from whence.transparency.checkpoint import Checkpoint
from whence.transparency.merkle import Tree
from whence.transparency.note import Signer
from whence_schemas.errors import LogUnavailable, VerificationFailed

RUN = Scope(nodes=(run(3),))


class Exporting:
    """A log with what is needed to export it, and to sign for it."""

    def __init__(self, made, folder, notary):
        self.log = made.log
        self.graph = made.graph
        self.add = made.add
        self.folder = folder
        self.notary = notary
        self.source = Source(made.log, made.graph, notary)

    @property
    def signer(self):
        return KeyFile(self.folder / "key").read()[-1]

    async def export(self, scope=Scope(), name="evidence.zip", **options):  # noqa: B008  # it is frozen
        """An archive of the scope."""
        await self.project()
        path = self.folder / name
        sealed = await seal(self.source, scope, **options)
        with path.open("wb") as file:
            async for chunk in archive(self.source, sealed):
                file.write(chunk)
        return path

    async def project(self):
        await Projector(self.log, self.graph).catch_up()

    async def checkpoint_of(self, size):
        """A checkpoint that was signed, and not published."""
        root = await Tree(self.log.hashes).root(size)
        return self.notary.sign(Checkpoint(self.notary.origin, size, root).text())


@asynccontextmanager
async def exporting(folder):
    async with world(*PIPELINE) as made:
        yield Exporting(made, folder, await Notary.open(made.log, KeyFile(folder / "key"), "example.com/log"))


@pytest.fixture
async def exported(tmp_path):
    async with exporting(tmp_path) as made:
        yield made


def checks(statements):
    return {statement.check for statement in statements}


def proved(path, **trusted):
    """What is proved of an archive that is accepted."""
    verdict = verify(path, Trusted(**trusted))
    assert verdict.accepted, verdict.failures
    return {statement.check: statement.text for statement in verdict.proved}


def refused(path, **trusted):
    """Why an archive is refused, by check."""
    verdict = verify(path, Trusted(**trusted))
    assert not verdict.accepted
    return {statement.check: statement.text for statement in verdict.failures}


async def test_a_whole_log_is_opened(exported):
    path = await exported.export()
    verdict = verify(path)
    assert verdict.accepted
    assert verdict.counts == {
        "total": 10, "opened": 10, "withheld": 0, "events": 9, "erased": 0, "tombstones": 0
    }  # fmt: skip
    assert "withheld" not in checks(verdict.not_proved)
    assert [name for name in ArchiveReader(path).names if not name.startswith("tables/")] == [
        "README.txt",
        "checkpoint",
        "keys.json",
        "consistency.json",
        "entries.ndjson",
        "prov.json",
        "report.html",
        "report.pdf",
        "manifest.json",
        "manifest.note",
    ]


async def test_the_seal_is_in_the_log_and_says_who_asked(exported):
    path = await exported.export(RUN, sender="k123")
    [record] = [entry for entry in await exported.log.read(0, 100, 2**30) if entry.kind == "export"]
    assert json.loads(record.meta)["sender"] == "k123"
    said = json.loads(record.payload)
    assert (said["entries"], said["size"]) == (2, 9)
    assert said["scope"]["nodes"][0]["id"] == run(3)
    assert "k123" in proved(path)["seal"]
    assert json.loads(Parts(path).payload(-1)) == said


async def test_an_archive_holds_no_time_but_in_its_texts(exported):
    with zipfile.ZipFile(await exported.export()) as opened:
        assert {info.date_time for info in opened.infolist()} == {(1980, 1, 1, 0, 0, 0)}


async def test_an_erased_entry_is_explained_by_its_tombstone(exported):
    await exported.project()
    await exported.log.erase([Erasure(0, "art17", "k1", "k2")])
    verdict = verify(await exported.export(Scope(nodes=(dataset("raw"),))))
    assert verdict.accepted
    assert (verdict.counts["erased"], verdict.counts["tombstones"]) == (1, 1)
    assert "erased" in checks(verdict.proved)


async def test_an_event_that_is_erased_during_its_export_ends_it(exported):
    sealed = await seal(exported.source, Scope())
    await exported.log.erase([Erasure(0, "art17", "k1", "k2")])
    path = exported.folder / "part.zip"
    with path.open("wb") as file, pytest.raises(LogUnavailable, match="export again"):
        async for chunk in archive(exported.source, sealed):
            file.write(chunk)
    assert set(refused(path)) == {"archive"}


# Keys


async def test_a_key_vouches_for_its_successors(exported):
    keys = [exported.notary.verifier_key, await exported.notary.rotate(), await exported.notary.rotate()]
    path = await exported.export(RUN)
    for key in keys:
        assert "key" in proved(path, key=key)
    assert set(refused(path, key=Signer.generate("example.com/log").verifier_key)) == {"key"}


async def test_a_key_that_the_log_never_had_vouches_for_nothing(exported):
    await exported.notary.rotate()
    parts = Parts(await exported.export(RUN))
    parts.entries = [entry for entry in parts.entries if b'"k":"key"' not in parts.leaf(entry)]
    path = parts.write(exported.folder / "forged.zip", exported.signer)
    assert {"keys", "seal"} <= set(refused(path))


async def test_the_chain_of_keys_is_whole(exported):
    await exported.notary.rotate()
    parts = Parts(await exported.export(RUN))
    keys = json.loads(parts.files["keys.json"])
    for changed in (
        {"keys": keys["keys"][1:], "vouching": keys["vouching"]},
        {"keys": [*keys["keys"][1:], keys["keys"][0]], "vouching": keys["vouching"]},
        {"keys": []},
        [],
    ):
        parts.files["keys.json"] = json.dumps(changed).encode()
        assert "keys" in refused(parts.write(exported.folder / "forged.zip", exported.signer))


# Checkpoints that were kept


async def test_a_checkpoint_that_was_published_is_continued(exported):
    kept = await exported.notary.checkpoint()
    path = await exported.export(RUN)
    assert {"history", "kept-checkpoint"} <= proved(path, kept=kept).keys()


async def test_any_checkpoint_is_continued_where_all_leaves_are_opened(exported):
    kept = [await exported.checkpoint_of(size) for size in range(10)]
    path = await exported.export()
    for note in [*kept, await exported.notary.checkpoint()]:
        assert "kept-checkpoint" in proved(path, kept=note)


async def test_of_a_scope_a_checkpoint_is_continued_if_that_was_asked_for(exported):
    kept = await exported.checkpoint_of(5)
    assert "--from-checkpoint" in refused(await exported.export(RUN, "one.zip"), kept=kept)["kept-checkpoint"]
    assert "kept-checkpoint" in proved(await exported.export(RUN, "two.zip", from_sizes=[5]), kept=kept)


async def test_a_checkpoint_of_another_history_is_refused(exported):
    other = exported.notary.sign(Checkpoint("example.com/log", 5, bytes(32)).text())
    another = exported.notary.sign(Checkpoint("example.com/other", 5, await Tree(exported.log.hashes).root(5)).text())
    for scope, options in ((Scope(), {}), (RUN, {"from_sizes": [5]})):
        path = await exported.export(scope, f"{len(options)}.zip", **options)
        assert set(refused(path, kept=other)) == {"kept-checkpoint"}
        assert set(refused(path, kept=another)) == {"kept-checkpoint"}


async def test_a_checkpoint_that_is_newer_than_the_archive_is_refused(exported):
    path = await exported.export()
    await exported.export(RUN, "later.zip")
    assert "newer archive" in refused(path, kept=await exported.notary.checkpoint())["kept-checkpoint"]


async def test_what_is_no_checkpoint_is_refused(exported):
    path = await exported.export()
    assert set(refused(path, kept=b"hello\n")) == {"kept-checkpoint"}


# What is no archive


async def test_every_failure_is_named(exported):
    parts = Parts(await exported.export())
    for entry in parts.entries[:3]:
        del entry["payload"]
    verdict = verify(parts.write(exported.folder / "forged.zip", exported.signer))
    assert len([failure for failure in verdict.failures if failure.check == "entries"]) == 3
    assert verdict.proved


async def test_files_are_neither_missing_nor_added(exported):
    parts = Parts(await exported.export(RUN))
    parts.files["extra.txt"] = b"more"
    assert "extra.txt" in refused(parts.write(exported.folder / "forged.zip", exported.signer))["manifest"]
    del parts.files["extra.txt"]
    prov = parts.files["prov.json"]
    path = parts.write(exported.folder / "forged.zip", exported.signer)
    with zipfile.ZipFile(path, "a") as opened, pytest.warns(UserWarning, match="Duplicate"):
        opened.writestr("prov.json", prov)
    assert "2 times" in refused(path)["manifest"]


async def test_another_format_is_told(exported):
    parts = Parts(await exported.export(RUN))
    parts.manifest["format"] = "whence-archive/2"
    path = parts.write(exported.folder / "newer.zip", exported.signer)
    assert "try a newer one" in refused(path)["archive"]


def test_a_document_without_end_is_not_read_to_its_end(tmp_path):
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("manifest.json", b" " * (MAX_DOCUMENT_BYTES + 1))
    assert "longer than 64 MiB" in refused(path)["archive"]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The bytes of an archive."""
    import asyncio

    folder = tmp_path_factory.mktemp("whole")

    async def made():
        async with exporting(folder) as exported:
            return (await exported.export(RUN)).read_bytes()

    return folder, asyncio.run(made())


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_no_changed_byte_changes_what_is_proved(whole, data):
    """An archive with any byte changed is refused, or holds the same: some bytes of a ZIP mean nothing."""
    folder, content = whole
    at = data.draw(st.integers(0, len(content) - 1))
    changed = bytearray(content)
    changed[at] ^= data.draw(st.integers(1, 255))
    one, other = folder / "one.zip", folder / "other.zip"
    one.write_bytes(content)
    other.write_bytes(changed)
    if verify(other).accepted:
        assert Parts(other).files == Parts(one).files


# The writer


class Pipe:
    """A sink that can only be written to."""

    def __init__(self):
        self.content = b""

    def write(self, data):
        self.content += bytes(data)
        return len(data)


def test_an_archive_is_written_to_a_pipe(tmp_path):
    pipe = Pipe()
    writer = ArchiveWriter(pipe)
    with writer.open("one.txt") as file:
        file.write(b"one")
        file.write(b"two")
    manifest = writer.manifest({"created": "now"})
    before = len(pipe.content)
    writer.finish()
    assert len(pipe.content) > before > 0
    path = tmp_path / "a.zip"
    path.write_bytes(pipe.content)
    with ArchiveReader(path) as opened:
        assert opened.read("one.txt") == b"onetwo"
        assert opened.json("manifest.json") == json.loads(manifest)
        with pytest.raises(VerificationFailed, match="is missing"):
            opened.read("two.txt")


hashes = st.lists(st.binary(min_size=32, max_size=32))
contents = st.tuples(st.none(), st.none(), st.none()) | st.tuples(st.binary(), st.binary(), st.binary())
entries = st.builds(
    lambda index, leaf, proof, content: OpenedEntry(index, leaf, proof, *content),
    st.integers(0, 2**53),
    st.binary(),
    hashes,
    contents,
)


@given(entries)
def test_an_entry_is_read_back_from_its_line(entry):
    assert OpenedEntry.parse(entry.line()) == entry


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{}",
        b"[]",
        b"1",
        b'{"index":-1,"leaf":"","proof":[]}',
        b'{"index":true,"leaf":"","proof":[]}',
        b'{"index":0,"leaf":"*","proof":[]}',
        b'{"index":0,"leaf":"","proof":[1]}',
        b'{"index":0,"leaf":"","proof":[],"salt":""}',
        b'{"index":0,"leaf":"","proof":[],"more":""}',
    ],
)
def test_what_is_no_entry_is_refused(line):
    with pytest.raises(VerificationFailed, match="no entry"):
        OpenedEntry.parse(line)
