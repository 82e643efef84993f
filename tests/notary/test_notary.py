"""The notary: what it signs, when it refuses to, and how its key is changed."""

import asyncio
import os
import subprocess

import pytest

from whence.eventlog.port import NewEvent, SignedCheckpoint
from whence.eventlog.sqlite import MEMORY, SQLiteEventLog
from whence.notary import notary as module
from whence.notary.keys import KeyFile, key_chain, vouch
from whence.notary.notary import Notary
from whence.notary.timestamps import TimestampAuthority, TimestampUnavailable
from whence.transparency.checkpoint import Checkpoint
from whence.transparency.merkle import EMPTY_ROOT, Tree, root_hash, verify_consistency
from whence.transparency.note import Signer, Verifier, open_note, sign_note
from whence_schemas.errors import ConfigurationError, LogUnavailable, VerificationFailed


@pytest.fixture
async def log():
    log = await SQLiteEventLog.open(MEMORY)
    yield log
    await log.close()


@pytest.fixture
def key_file(tmp_path):
    return KeyFile(tmp_path / "keys" / "log.key")


async def append(log, *payloads):
    await log.append([NewEvent(str(payload).encode(), "Rrun", b"{}") for payload in payloads])


async def until(condition):
    """Wait until it holds, for ten seconds at most."""
    async with asyncio.timeout(10):
        while not await condition():  # noqa: ASYNC110  # nothing tells of it
            await asyncio.sleep(0.02)


def opened(note, key):
    return Checkpoint.parse(open_note(note, [Verifier.parse(key)])[0])


# Keys


async def test_the_first_start_makes_a_key_and_a_name_that_stay(log, key_file):
    before = os.umask(0)
    try:
        notary = await Notary.open(log, key_file)
    finally:
        os.umask(before)
    assert key_file.path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in key_file.path.parent.iterdir()] == ["log.key"]
    again = await Notary.open(log, key_file)
    assert (again.origin, again.verifier_key) == (notary.origin, notary.verifier_key)
    other = await Notary.open(log, KeyFile(key_file.path.with_name("other.key")))
    assert other.origin != notary.origin


async def test_an_origin_can_be_chosen_once(log, key_file):
    assert (await Notary.open(log, key_file, "example.com/log")).origin == "example.com/log"
    assert (await Notary.open(log, key_file)).origin == "example.com/log"
    with pytest.raises(ConfigurationError, match=r"WHENCE_LOG_ORIGIN is other, but this log is example\.com/log"):
        await Notary.open(log, key_file, "other")


@pytest.mark.parametrize("origin", ["a b", "a+b", "a\nb", "a\u00a0b"])
async def test_an_origin_that_cannot_be_signed_under_is_refused(log, key_file, origin):
    with pytest.raises(ConfigurationError, match="WHENCE_LOG_ORIGIN"):
        await Notary.open(log, key_file, origin)
    assert not key_file.path.exists()


async def test_a_log_that_was_signed_wants_its_key_back(log, key_file):
    notary = await Notary.open(log, key_file)
    await notary.publish()
    secret = key_file.path.read_text()
    key_file.path.unlink()
    with pytest.raises(ConfigurationError, match="Restore it from a backup"):
        await Notary.open(log, key_file)
    assert not key_file.path.exists()
    key_file.write([Signer.generate(notary.origin)])
    with pytest.raises(ConfigurationError, match="does not hold the key that signs for this log"):
        await Notary.open(log, key_file)
    key_file.path.write_text(secret)
    assert (await Notary.open(log, key_file)).verifier_key == notary.verifier_key


async def test_a_file_that_holds_no_key_is_told(log, key_file):
    key_file.write([])
    key_file.path.write_text("no key\n")
    with pytest.raises(ConfigurationError, match="holds no key"):
        await Notary.open(log, key_file)
    folder = KeyFile(key_file.path.parent)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        await Notary.open(log, folder)
    with pytest.raises(ConfigurationError, match="cannot be written"):
        folder.write([])


# Checkpoints


async def test_checkpoints_are_of_all_that_is_in_the_log(log, key_file):
    notary = await Notary.open(log, key_file)
    first = await notary.publish()
    assert opened(first.note, notary.verifier_key) == Checkpoint(notary.origin, 0, EMPTY_ROOT)
    await append(log, *range(300))
    second = await notary.publish()
    leaves = await log.hashes(0, 0, 300)
    assert opened(second.note, notary.verifier_key) == Checkpoint(notary.origin, 300, root_hash(leaves))
    assert await log.checkpoints(0, 9) == [first, second]


async def test_a_log_that_has_not_grown_has_one_checkpoint(log, key_file):
    notary = await Notary.open(log, key_file)
    await append(log, "a")
    published = await asyncio.gather(*(notary.publish() for _ in range(5)))
    assert len(set(published)) == 1
    assert await log.checkpoints(0, 9) == published[:1]
    assert await notary.checkpoint() == published[0].note


async def test_what_contradicts_the_last_checkpoint_is_not_signed(log, key_file):
    notary = await Notary.open(log, key_file)
    await append(log, *range(5))
    forked = Checkpoint(notary.origin, 4, bytes(32))
    await log.add_checkpoint(SignedCheckpoint(4, notary.sign(forked.text()), 0))
    with pytest.raises(VerificationFailed, match="history differs"):
        await notary.publish()
    assert len(await log.checkpoints(0, 9)) == 1


async def test_a_log_that_lost_entries_is_not_signed(log, key_file):
    notary = await Notary.open(log, key_file)
    await append(log, *range(5))
    longer = Checkpoint(notary.origin, 9, bytes(32))
    await log.add_checkpoint(SignedCheckpoint(9, notary.sign(longer.text()), 0))
    with pytest.raises(VerificationFailed, match="5 entries, but 9 were signed before"):
        await notary.publish()


async def test_checkpoints_come_by_themselves_and_go_on_after_failures(log, key_file, monkeypatch, caplog):
    monkeypatch.setattr(module, "PUBLISH_SECONDS", 0.02)
    notary = await Notary.open(log, key_file)
    running = asyncio.create_task(notary.run())

    def published(size):
        async def is_published():
            last = await log.last_checkpoint()
            return last is not None and last.size == size

        return until(is_published)

    try:
        await published(0)
        await append(log, "a")
        await published(1)
        working = log.hashes

        async def failing(*arguments):
            raise LogUnavailable("the disk fails")

        notary._tree._hashes = failing
        await append(log, "b")
        await asyncio.sleep(0.2)
        assert [record.getMessage() for record in caplog.records] == ["no checkpoint: the disk fails"]
        notary._tree._hashes = working
        await published(2)
    finally:
        running.cancel()


# Changing the key


async def test_the_old_key_vouches_in_the_log_for_the_new_one(log, key_file):
    notary = await Notary.open(log, key_file)
    old = notary.verifier_key
    await append(log, "a")
    new = await notary.rotate("k1")
    newer = await notary.rotate()
    assert len({old, new, newer}) == 3
    records = (await log.read_units([""], 99))[""]
    assert [(record.kind, record.index) for record in records] == [("key", 1), ("key", 2)]
    assert b'"sender":"k1"' in records[0].meta
    notes = [record.payload for record in records]
    assert key_chain(notes) == [old, new, newer]
    assert await notary.keys() == ([old, new, newer], notes)
    text, held = open_note(notes[0], [Verifier.parse(old)])
    assert (held, text.splitlines()[1:]) == ([old], [old, new])
    assert notary.verifier_key == newer

    first, second, third = await log.checkpoints(0, 9)
    roots = [opened(*pair).root for pair in ((first.note, old), (second.note, new), (third.note, newer))]
    tree = Tree(log.hashes)
    verify_consistency(1, roots[0], 3, roots[2], await tree.consistency_proof(1, 3))

    again = await Notary.open(log, key_file)
    assert (again.verifier_key, again.origin) == (newer, notary.origin)
    assert [signer.verifier_key for signer in key_file.read()] == [newer]


@pytest.mark.parametrize("recorded", [False, True])
async def test_a_crash_while_keys_are_changed_leaves_the_right_one(log, key_file, recorded):
    notary = await Notary.open(log, key_file)
    await notary.publish()
    [old] = key_file.read()
    new = Signer.generate(old.name)
    key_file.write([old, new])
    if recorded:
        await log.append_record("key", vouch(old, new), b"{}")
    again = await Notary.open(log, key_file)
    assert again.verifier_key == (new if recorded else old).verifier_key
    assert (await again.publish()).size == recorded
    await again.rotate()
    assert len(key_file.read()) == 1


async def test_notes_that_make_no_chain_are_refused():
    a, b, c = (Signer.generate("log") for _ in range(3))
    assert key_chain([]) == []
    assert key_chain([vouch(a, b), vouch(b, c)]) == [signer.verifier_key for signer in (a, b, c)]
    text = open_note(vouch(a, b), [Verifier.parse(a.verifier_key)])[0]
    for notes in (
        [vouch(b, c), vouch(a, b)],
        [sign_note(text, [b])],
        [vouch(a, b), sign_note(text.replace("v1", "v2"), [b])],
        [b"", vouch(a, b)],
        [b"\xff\n\n"],
    ):
        with pytest.raises(VerificationFailed):
            key_chain(notes)


# Time stamps


async def test_a_checkpoint_is_stamped_and_openssl_agrees(log, key_file, authority):
    notary = await Notary.open(log, key_file, authority=TimestampAuthority(authority.url))
    await append(log, "a")
    checkpoint = await notary.publish()
    stamp = await notary.stamp(checkpoint)
    assert await log.timestamps(0, 9) == [stamp]
    assert stamp.size == 1
    authority.verify(stamp.response, checkpoint.note)
    with pytest.raises(subprocess.CalledProcessError):
        authority.verify(stamp.response, checkpoint.note + b"\n")


async def test_stamps_come_by_themselves_about_once_an_hour(log, key_file, authority, monkeypatch):
    monkeypatch.setattr(module, "PUBLISH_SECONDS", 0.02)
    notary = await Notary.open(log, key_file, authority=TimestampAuthority(authority.url))
    running = asyncio.create_task(notary.run())
    try:
        await append(log, "a")
        await until(log.last_timestamp)
        await append(log, "b")
        await asyncio.sleep(0.3)
        assert authority.asked == 1
    finally:
        running.cancel()


async def test_an_authority_that_fails_stops_nothing(log, key_file, monkeypatch, caplog):
    monkeypatch.setattr(module, "PUBLISH_SECONDS", 0.02)
    notary = await Notary.open(log, key_file, authority=TimestampAuthority("http://127.0.0.1:9/"))
    running = asyncio.create_task(notary.run())
    try:
        await append(log, "a")

        async def told():
            return "no time stamp: the time-stamp authority http://127.0.0.1:9/" in caplog.text

        async def goes_on():
            return (await log.last_checkpoint()).size == 2

        await until(told)
        await append(log, "b")
        await until(goes_on)
    finally:
        running.cancel()


@pytest.mark.parametrize("spoil", [lambda reply: reply[:-9] + bytes(9), lambda reply: b"", lambda reply: reply[:40]])
async def test_a_stamp_that_does_not_hold_is_not_kept(log, key_file, authority, spoil):
    authority.answer = spoil
    notary = await Notary.open(log, key_file, authority=TimestampAuthority(authority.url))
    with pytest.raises(TimestampUnavailable, match=r"gave no stamp that holds.*WHENCE_TIMESTAMP_URL"):
        await notary.stamp(await notary.publish())
    assert await log.timestamps(0, 9) == []


async def test_the_stamp_of_something_else_is_not_kept(log, key_file, authority):
    earlier = []
    authority.answer = lambda reply: earlier.append(reply) or earlier[0]
    notary = await Notary.open(log, key_file, authority=TimestampAuthority(authority.url))
    await notary.stamp(await notary.publish())
    await append(log, "a")
    with pytest.raises(TimestampUnavailable, match=r"(?i)mismatch"):
        await notary.stamp(await notary.publish())


async def test_without_an_authority_a_stamp_is_refused(log, key_file):
    notary = await Notary.open(log, key_file)
    with pytest.raises(TimestampUnavailable, match="WHENCE_TIMESTAMP_URL"):
        await notary.stamp(await notary.publish())
