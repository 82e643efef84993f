"""What is the SQLite event log's alone: its files and lock, crashes of the process, a full disk, fsync."""

import asyncio
import fcntl
import hmac
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import asynccontextmanager, closing, contextmanager

import pytest

from whence.eventlog import sqlite_files
from whence.eventlog.leaf import commitment, committed_leaf
from whence.eventlog.port import Appended, Erasure, NewEvent
from whence.eventlog.sqlite import SQLiteEventLog
from whence.transparency.merkle import Tree, leaf_hash, root_hash
from whence_schemas.errors import ConfigurationError, LogLocked, LogUnavailable

EVERYTHING = {"start": 0, "limit": 1_000_000, "max_bytes": 2**40}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state" / "log.db"


@asynccontextmanager
async def opened(path, **options):
    log = await SQLiteEventLog.open(path, **options)
    try:
        yield log
    finally:
        await log.close()


def events(*payloads):
    return [NewEvent(str(payload).encode(), "Rrun", b"{}") for payload in payloads]


def command(script, *arguments):
    return [sys.executable, "-c", script, *map(str, arguments)]


def environment():
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


@contextmanager
def running(script, *arguments):
    """A process that runs the script; at the end it is killed, when it has not ended by itself."""
    with subprocess.Popen(command(script, *arguments), stdout=subprocess.PIPE, env=environment()) as process:
        try:
            yield process
        finally:
            process.kill()


# The lock

HOLD = """
import asyncio, sys, time
from pathlib import Path
from whence.eventlog.sqlite import SQLiteEventLog

log = asyncio.run(SQLiteEventLog.open(Path(sys.argv[1])))
print("open", flush=True)
time.sleep(600)
"""


async def test_a_second_log_in_this_process_is_refused(path):
    async with opened(path):
        with pytest.raises(LogLocked, match=rf"log\.db: another Whence \(process {os.getpid()}\).*Stop it"):
            await SQLiteEventLog.open(path)
    async with opened(path) as log:
        assert await log.append(events("a")) == [Appended(0, False)]


async def test_a_symbolic_link_does_not_get_around_the_lock(path, tmp_path):
    async with opened(path):
        (tmp_path / "link.db").symlink_to(path)
        with pytest.raises(LogLocked):
            await SQLiteEventLog.open(tmp_path / "link.db")


async def test_another_process_holds_the_lock_until_it_is_killed(path):
    with running(HOLD, path) as holder:
        assert holder.stdout.readline() == b"open\n"
        with pytest.raises(LogLocked, match=f"process {holder.pid}"):
            await SQLiteEventLog.open(path)
        holder.kill()
        holder.wait()
        async with opened(path) as log:
            assert await log.append(events("a")) == [Appended(0, False)]


VISIT = """
import sqlite3, sys

print(sqlite3.connect(sys.argv[1]).execute("SELECT count(*) FROM entry").fetchone()[0], flush=True)
"""


async def test_a_refused_opening_leaves_the_locks_of_sqlite_in_place(path):
    """Closing any descriptor of a file drops the process's POSIX locks on it; the next visitor would then
    take itself for the last one out and delete the WAL that the log goes on writing to."""
    async with opened(path) as log, opened(path, read_only=True):
        with pytest.raises(LogLocked):
            await SQLiteEventLog.open(path)
        for number in range(3):
            await log.append(events(number))
            with running(VISIT, path) as visitor:
                assert int(visitor.stdout.read()) == number + 1


# Reading beside a writer


async def test_a_read_only_log_follows_the_writer(path):
    async with opened(path) as writer, opened(path, read_only=True) as reader:
        waiting = asyncio.create_task(reader.wait_beyond(1))
        await writer.append(events("a", "b"))
        await asyncio.wait_for(waiting, 5)
        assert await reader.read(**EVERYTHING) == await writer.read(**EVERYTHING)
        with pytest.raises(RuntimeError):
            await reader.append(events("c"))


async def test_a_read_only_log_opens_after_the_writer_was_closed(path):
    async with opened(path) as writer:
        await writer.append(events("a"))
    async with opened(path, read_only=True) as reader:
        assert await reader.size() == 1


async def test_reading_goes_on_while_another_tool_holds_the_write_lock(path, monkeypatch):
    monkeypatch.setattr(sqlite_files, "_BUSY_SECONDS", 0.05)
    async with opened(path) as log:
        await log.append(events("a"))
        with closing(sqlite3.connect(path, isolation_level=None)) as tool:
            tool.execute("BEGIN IMMEDIATE")
            failed = await asyncio.gather(*(log.append(events(n)) for n in range(9)), return_exceptions=True)
            assert all(isinstance(error, LogUnavailable) for error in failed)
            assert await log.size() == 1
        assert await log.append(events("b", "a")) == [Appended(1, False), Appended(0, True)]


async def test_closing_waits_for_appends_that_queue_behind_a_slow_commit(path):
    log = await SQLiteEventLog.open(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as tool:
        tool.execute("BEGIN IMMEDIATE")
        first = asyncio.create_task(log.append(events("a")))
        await asyncio.sleep(0.05)
        second = asyncio.create_task(log.append(events("b")))
        await asyncio.sleep(0)
        closed = asyncio.create_task(log.close())
        await asyncio.sleep(0.05)
    await asyncio.wait_for(closed, 10)
    assert await asyncio.gather(first, second) == [[Appended(0, False)], [Appended(1, False)]]


# Files


async def test_files_and_folders_are_private_whatever_the_umask(tmp_path):
    before = os.umask(0)
    try:
        async with opened(tmp_path / "a" / "b" / "log.db") as log:
            await log.append(events("a"))
            modes = {
                found.relative_to(tmp_path).as_posix(): found.stat().st_mode & 0o777 for found in tmp_path.rglob("*")
            }
    finally:
        os.umask(before)
    files = {f"a/b/log.db{suffix}": 0o600 for suffix in ("", "-wal", "-shm", ".lock")}
    assert modes == {"a": 0o700, "a/b": 0o700, **files}


async def test_a_path_with_signs_that_urls_know(tmp_path):
    path = tmp_path / "a?b #%41é" / "log?mode=memory.db"
    async with opened(path) as log:
        await log.append(events("a"))
    assert path.stat().st_size > 0


def garbage(path):
    path.write_bytes(b"This is no database. " * 1_000)


def another_application(path):
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE entry (idx)")


def newer_schema(path):
    asyncio.run(_make_log(path))
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA user_version = 3")


def damaged(path):
    asyncio.run(_make_log(path))
    with path.open("r+b") as file:
        file.seek(100)
        file.write(b"\xff" * 3_000)


def folder(path):
    path.mkdir()


async def _make_log(path):
    async with opened(path) as log:
        await log.append(events("a"))


@pytest.mark.parametrize("read_only", [False, True])
@pytest.mark.parametrize(
    ("make", "message"),
    [
        (garbage, "damaged or no event log.*Restore it from a backup"),
        (damaged, "damaged or no event log.*Restore it from a backup"),
        (another_application, "no event log of Whence.*another file"),
        (newer_schema, r"newer Whence \(schema 3; this one knows 2\).*Upgrade"),
        (folder, "cannot be opened as the event log.*Check the path"),
    ],
)
def test_what_is_no_usable_log_is_refused_and_left_as_it_is(tmp_path, make, message, read_only):
    path = tmp_path / "log.db"
    make(path)
    before = path.read_bytes() if path.is_file() else None
    for _ in range(2):  # the second time shows that the first one let the lock go
        with pytest.raises(ConfigurationError, match=f"(?s)log.db.*{message}"):
            asyncio.run(SQLiteEventLog.open(path, read_only=read_only))
    assert (path.read_bytes() if path.is_file() else None) == before


async def test_a_missing_log_is_not_created_for_reading(path):
    with pytest.raises(ConfigurationError, match=r"log\.db cannot be opened"):
        await SQLiteEventLog.open(path, read_only=True)
    assert not path.parent.exists()


# Layout


VERSION_1 = """
CREATE TABLE entry (idx INTEGER PRIMARY KEY, unit TEXT NOT NULL, leaf BLOB NOT NULL, leaf_hash BLOB NOT NULL);
CREATE INDEX entry_unit ON entry (unit);
CREATE TABLE content (idx INTEGER PRIMARY KEY REFERENCES entry, hmac BLOB NOT NULL UNIQUE, salt BLOB NOT NULL,
    meta BLOB NOT NULL, payload BLOB NOT NULL);
CREATE TABLE secret (hmac_key BLOB NOT NULL);
INSERT INTO secret VALUES (x'0102');
PRAGMA application_id = 1466461795;
PRAGMA user_version = 1;
"""


def make_version_1(path, count):
    """A log as the first Whence left it."""
    path.parent.mkdir(parents=True)
    with closing(sqlite3.connect(path)) as database, database:
        database.executescript(VERSION_1)
        for index in range(count):
            payload, salt = b"%d" % index, bytes([index % 256]) * 32
            leaf = committed_leaf("event", commitment(salt, b"{}", payload))
            database.execute("INSERT INTO entry VALUES (?, 'Rrun', ?, ?)", (index, leaf, leaf_hash(leaf)))
            key = hmac.digest(b"\1\2", payload, "sha256")
            database.execute("INSERT INTO content VALUES (?, ?, ?, ?, ?)", (index, key, salt, b"{}", payload))


@pytest.mark.parametrize("read_only", [False, True])
async def test_a_log_of_the_first_schema_is_brought_up_to_date(path, read_only):
    make_version_1(path, 70_000)
    async with opened(path, read_only=read_only) as log:
        entries = await log.read(**EVERYTHING)
        assert [entry.payload for entry in entries] == [b"%d" % index for index in range(70_000)]
        leaves = [entry.leaf_hash for entry in entries]
        assert await log.hashes(1, 0, 999) == [root_hash(leaves[n : n + 256]) for n in range(0, 69_888, 256)]
        assert await log.hashes(2, 0, 999) == [root_hash(leaves[:65_536])]
        assert await Tree(log.hashes).root(70_000) == root_hash(leaves)
    async with opened(path) as log:
        assert await log.append(events(3, "new")) == [Appended(3, True), Appended(70_000, False)]


def test_a_log_of_the_first_schema_that_somebody_holds_is_left_alone(path):
    make_version_1(path, 1)
    before = path.read_bytes()
    with path.with_name("log.db.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(LogLocked):
            asyncio.run(SQLiteEventLog.open(path, read_only=True))
    assert path.read_bytes() == before


async def test_duplicates_are_found_by_an_hmac_under_the_logs_own_key(path):
    async with opened(path) as log:
        await log.append(events("a"))
    with closing(sqlite3.connect(path)) as database:
        [(key,)] = database.execute("SELECT hmac_key FROM secret").fetchall()
        [(stored,)] = database.execute("SELECT hmac FROM content").fetchall()
    assert len(key) == 32
    assert stored == hmac.digest(key, b"a", "sha256")


# Erasing


def bytes_on_disk(path):
    return b"".join(file.read_bytes() for file in sorted(path.parent.iterdir()))


async def test_the_bytes_of_what_was_erased_are_in_no_file(path):
    """Among rows of many sizes, as moving them from page to page leaves copies that deleting does not overwrite."""
    chance = random.Random(1)
    count = 6_000
    payloads = [b"EV%06d" % n * chance.choice([8, 25, 110, 380]) for n in range(count)]
    erased = chance.sample(range(count), 3_000)
    kept = set(range(count)) - set(erased)
    async with opened(path) as log:
        for first in range(0, count, 100):
            await log.append([NewEvent(payload, "Rrun", b"{}") for payload in payloads[first : first + 100]])
        salts = [entry.salt for entry in await log.read(**EVERYTHING)]
        with closing(sqlite3.connect(path)) as database:
            hmacs = dict(database.execute("SELECT idx, hmac FROM content"))
        assert found_on_disk(path) == set(range(count))
        for first in range(0, len(erased), 300):
            await log.erase([Erasure(n, "r", "", "") for n in erased[first : first + 300]])
        assert found_on_disk(path) == kept
        after = bytes_on_disk(path)
        assert not [n for n in erased if salts[n] in after or hmacs[n] in after]


def found_on_disk(path):
    return {int(number) for number in re.findall(rb"EV(\d{6})", bytes_on_disk(path))}


async def test_erasing_that_another_reader_holds_up_says_so_and_ends_at_the_next_opening(path, monkeypatch):
    monkeypatch.setattr(sqlite_files, "_BUSY_SECONDS", 0.05)
    secret = b"a secret that is to go"
    async with opened(path) as log:
        await log.append([NewEvent(secret, "Rrun", b"{}")])
        with closing(sqlite3.connect(path, isolation_level=None)) as tool:
            tool.execute("BEGIN")
            tool.execute("SELECT count(*) FROM content").fetchone()
            with pytest.raises(LogUnavailable, match=r"another program is reading.*are erased, but their bytes"):
                await log.erase([Erasure(0, "r", "", "")])
            assert secret in bytes_on_disk(path)
        assert [entry.payload for entry in await log.read(**EVERYTHING)] == [None, None]
        path.with_name("copy").mkdir()
        for file in path.parent.glob("log.db*"):  # as a crash would leave the files
            shutil.copy(file, path.with_name("copy"))
    copy = path.parent / "copy" / path.name
    assert secret in bytes_on_disk(copy)
    async with opened(copy):
        assert secret not in bytes_on_disk(copy)


# A crash of the process

APPEND = """
import asyncio, os, sys
from pathlib import Path
from whence.eventlog.port import NewEvent
from whence.eventlog.sqlite import SQLiteEventLog

async def main():
    log = await SQLiteEventLog.open(Path(sys.argv[1]))

    async def append():
        while True:
            payload = os.urandom(2_000).hex()
            [appended] = await log.append([NewEvent(payload.encode(), "Rrun", b"{}")])
            print(appended.index, payload[:32], flush=True)

    await asyncio.gather(*(append() for _ in range(8)))

asyncio.run(main())
"""


async def test_every_acknowledged_event_survives_kill_9(path):
    acknowledged = {}
    for _ in range(4):
        with running(APPEND, path) as process:
            lines = [process.stdout.readline()]  # the first acknowledgement
            time.sleep(random.uniform(0, 0.15))  # noqa: ASYNC251  # nothing else runs here
            process.send_signal(signal.SIGKILL)
            lines += process.stdout.readlines()
        for line in lines:
            if line.endswith(b"\n"):
                index, start = line.split()
                acknowledged[int(index)] = start
        async with opened(path) as log:
            entries = await log.read(**EVERYTHING)
        assert [entry.index for entry in entries] == list(range(len(entries)))
        assert {index: entries[index].payload[:32] for index in acknowledged} == acknowledged


# A full disk

FILL = """
import asyncio, resource, signal, sys
from pathlib import Path
from whence.eventlog.leaf import commitment, committed_leaf
from whence.eventlog.port import Appended, Erasure, NewEvent
from whence.eventlog.sqlite import SQLiteEventLog
from whence_schemas.errors import LogUnavailable

folder, how = Path(sys.argv[1]), sys.argv[2]
ballast = folder / "ballast"
HARD = resource.getrlimit(resource.RLIMIT_FSIZE)[1]

def fill_soon():
    if how == "tmpfs":
        ballast.write_bytes(bytes(1_000_000))
    else:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, HARD))

def make_room():
    if how == "tmpfs":
        ballast.unlink()
    else:
        resource.setrlimit(resource.RLIMIT_FSIZE, (HARD, HARD))

def event(number):
    return NewEvent(b"%d " % number * 3_000, "Rrun", b"{}")

async def main():
    fill_soon()
    log = await SQLiteEventLog.open(folder / "log.db")
    stored = 0
    try:
        while stored < 1_000:
            assert await log.append([event(stored)]) == [Appended(stored, False)]
            stored += 1
    except LogUnavailable as error:
        print(error)
    assert 10 < stored < 1_000, stored

    group = [log.append([event(number), event(-number)]) for number in range(2_000, 2_040)]
    for outcome in await asyncio.gather(*group, return_exceptions=True):
        assert isinstance(outcome, LogUnavailable), outcome
    assert await log.size() == stored == len(await log.read(0, 10_000, 2**40))

    make_room()
    assert await log.append([event(0), event(stored)]) == [Appended(0, True), Appended(stored, False)]
    await log.close()

    log = await SQLiteEventLog.open(folder / "log.db")
    payloads = [entry.payload for entry in await log.read(0, 10_000, 2**40)]
    assert payloads == [event(number).payload for number in range(stored + 1)]
    await log.close()
    print("intact")

asyncio.run(main())
"""


def test_writes_that_fail_add_nothing_and_the_log_goes_on_when_they_succeed_again(tmp_path):
    """The kernel's limit on a file's size makes write() fail for real, for any user."""
    result = subprocess.run(command(FILL, tmp_path, "limit"), env=environment(), capture_output=True, text=True)
    assert result.stdout.endswith("intact\n"), result.stderr


def test_the_log_survives_a_full_disk(tmp_path):
    in_namespace = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"]
    mount = f"mount -t tmpfs -o size=2m none '{tmp_path}'"
    if not shutil.which("unshare") or subprocess.run([*in_namespace, mount], capture_output=True).returncode:
        pytest.skip("a small tmpfs cannot be mounted here (no user namespaces)")
    result = subprocess.run(
        [*in_namespace, f'{mount} && exec "$@"', "sh", *command(FILL, tmp_path, "tmpfs")],
        env=environment(),
        capture_output=True,
        text=True,
    )
    assert result.stdout.endswith("intact\n"), result.stderr
    assert "database or disk is full" in result.stdout


# fsync

ACKNOWLEDGE = """
import asyncio, os, sys
from pathlib import Path
from whence.eventlog.port import NewEvent
from whence.eventlog.sqlite import SQLiteEventLog

async def main():
    log = await SQLiteEventLog.open(Path(sys.argv[1]))
    os.write(1, b"open\\n")
    for number in range(50):
        await log.append([NewEvent(b"%d" % number, "Rrun", b"{}")])
        os.write(1, b"stored\\n")
    await log.close()

asyncio.run(main())
"""


def test_every_acknowledgement_comes_after_an_fsync_of_the_wal(path, tmp_path):
    """kill -9 cannot show a missing fsync, since the kernel keeps what was written; strace can."""
    strace = ["strace", "-f", "-y", "-e", "trace=fsync,fdatasync,write", "-o", str(tmp_path / "trace")]
    if not shutil.which("strace") or subprocess.run([*strace, "true"], capture_output=True).returncode:
        pytest.skip("NOT CHECKED that acknowledged events are on disk: strace is missing or may not trace here")
    subprocess.run([*strace, *command(ACKNOWLEDGE, path)], env=environment(), check=True, capture_output=True)
    steps = re.findall(
        r'write\(1<.*?>, "(open|stored)\\n|(f(?:data)?sync)\(\d+<.*log\.db-wal>\) += 0$',
        (tmp_path / "trace").read_text(),
        re.MULTILINE,
    )
    story = " ".join(marker or "sync" for marker, _ in steps).partition("open")[2].split("stored")
    assert len(story) == 51
    assert all("sync" in since_the_last for since_the_last in story[:-1])
