"""The event log in one SQLite file: one writer thread with group commit, and a few connections that read.

Appends that arrive while a commit runs share the next one, so 64 clients cost hardly more fsyncs than one.
The file is in WAL mode with ``synchronous=FULL``: COMMIT returns after the fsync, and readers neither wait
for the writer nor see what it has not committed. One process at a time writes; a lock on ``<path>.lock``
holds the others off.

What stays forever (unit, leaf, leaf hash) lies in ``entry``; what can be erased (payload, meta, salt, and the
payload's HMAC by which duplicates are found) lies in ``content``, so erasing an event deletes one row.
"""

import asyncio
import errno
import fcntl
import hmac
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Literal, NamedTuple, Self, TypeVar

from whence.eventlog.leaf import SALT_BYTES, commitment, event_leaf, leaf_hash
from whence.eventlog.port import Appended, Entry, NewEvent
from whence_schemas.errors import ConfigurationError, LogLocked, LogUnavailable, WhenceError

MEMORY: Literal[":memory:"] = ":memory:"
"""The path of a log that lives in memory and is gone when it is closed. For tests; wants SQLite 3.36."""

_APPLICATION_ID = int.from_bytes(b"Whnc", "big")
_SCHEMA_VERSION = 1
_TABLES = (
    """CREATE TABLE entry (
        idx INTEGER PRIMARY KEY, unit TEXT NOT NULL, leaf BLOB NOT NULL, leaf_hash BLOB NOT NULL)""",
    "CREATE INDEX entry_unit ON entry (unit)",
    """CREATE TABLE content (
        idx INTEGER PRIMARY KEY REFERENCES entry, hmac BLOB NOT NULL UNIQUE, salt BLOB NOT NULL,
        meta BLOB NOT NULL, payload BLOB NOT NULL)""",
    "CREATE TABLE secret (hmac_key BLOB NOT NULL)",
)
_SELECT = """SELECT entry.idx, unit, payload, meta, salt, leaf, leaf_hash
    FROM entry LEFT JOIN content ON content.idx = entry.idx"""

_BATCH_BYTES = 64 * 2**20
"""No append joins a transaction that holds this many bytes of events."""
_READERS = 4
_BUSY_SECONDS = 5.0
"""How long to wait for a lock that somebody else holds, such as a backup with the sqlite3 tool."""
_POLL_SECONDS = 0.25
_UNITS_PER_QUERY = 1_000

_T = TypeVar("_T")


class SQLiteEventLog:
    """The `EventLog` port over SQLite. Open it with `open`; it belongs to the event loop that opened it."""

    def __init__(self, files: "_Files") -> None:
        self._files = files
        self._loop = asyncio.get_running_loop()
        self._grown = asyncio.Event()
        self._closed = False
        self._readers = _Readers(files.readers)
        self._writer = _Writer(files.writer, self._acknowledge_soon) if files.writer else None

    @classmethod
    async def open(cls, path: Path | Literal[":memory:"], read_only: bool = False) -> Self:
        """Open the log at `path`, which is created when missing unless `read_only`.

        A log opened `read_only` takes no lock, sees what another process appends, and cannot append.

        Raises:
            LogLocked: the log is open for writing already, in this process or another.
            ConfigurationError: there is no log at `path` that this Whence can use.
            LogUnavailable: the disk is full or fails.
        """
        return cls(await asyncio.to_thread(_open, path, read_only))

    async def append(self, events: Sequence[NewEvent]) -> list[Appended]:
        """See the port. An append whose caller is cancelled may still be carried out.

        Raises:
            LogUnavailable: the log cannot be written now; nothing was added.
            ValueError: a unit is no Unicode text (a lone surrogate).
        """
        if self._writer is None or self._closed:
            raise RuntimeError("this event log is closed, or open for reading only")
        for event in events:
            event.unit.encode()  # what SQLite would refuse fails here, not with the others in its transaction
        if not events:
            return []
        request = _Append(tuple(events), self._loop.create_future())
        self._writer.submit(request)
        return await request.done

    async def read(self, start: int, limit: int, max_bytes: int) -> list[Entry]:
        """See the port."""
        return await self._readers.run(lambda connection: _page(connection, start, limit, max_bytes))

    async def read_units(self, units: Sequence[str], end: int) -> dict[str, list[Entry]]:
        """See the port."""
        return await self._readers.run(lambda connection: _by_unit(connection, list(dict.fromkeys(units)), end))

    async def size(self) -> int:
        """See the port."""
        return await self._readers.run(_size)

    async def wait_beyond(self, size: int) -> None:
        """See the port. Polls where the log was opened `read_only`, as another process appends to it."""
        while True:
            grown = self._grown  # taken before the size is read, so that no commit in between is missed
            if await self.size() > size:
                return
            await (grown.wait() if self._writer else asyncio.sleep(_POLL_SECONDS))

    async def close(self) -> None:
        """See the port."""
        if not self._closed:
            self._closed = True
            await asyncio.to_thread(self._close)

    def _close(self) -> None:
        if self._writer:
            self._writer.finish()
        self._readers.finish()
        self._files.opened.close()

    def _acknowledge_soon(self, batch: "list[_Append]", outcome: "_Outcome") -> None:
        """Called by the writer thread. Where the loop is closed nobody waits for an answer any more."""
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._acknowledge, batch, outcome)

    def _acknowledge(self, batch: "list[_Append]", outcome: "_Outcome") -> None:
        for position, request in enumerate(batch):
            if request.done.done():  # its caller was cancelled
                continue
            if isinstance(outcome, Exception):
                error = LogUnavailable(f"The event log cannot be written now ({outcome}); nothing was added.")
                error.__cause__ = outcome
                request.done.set_exception(error)
            else:
                request.done.set_result(outcome[position])
        self._grown.set()
        self._grown = asyncio.Event()


# Writing


class _Append(NamedTuple):
    """A call of `append` that waits in the writer's queue."""

    events: tuple[NewEvent, ...]
    done: asyncio.Future[list[Appended]]


_Outcome = list[list[Appended]] | Exception
"""Of a transaction: the answer to each append in it, or why it failed."""


class _Writer:
    """The one thread that appends. What is queued while a commit runs shares the next one."""

    def __init__(self, connection: sqlite3.Connection, acknowledge: Callable[[list[_Append], _Outcome], None]) -> None:
        self._connection = connection
        self._acknowledge = acknowledge
        self._key: bytes = connection.execute("SELECT hmac_key FROM secret").fetchone()[0]
        self._size = _size(connection)
        self._queue: SimpleQueue[_Append | None] = SimpleQueue()
        self._thread = Thread(target=self._run, name="whence-log-writer", daemon=True)
        self._thread.start()

    def submit(self, request: _Append) -> None:
        """Queue an append."""
        self._queue.put(request)

    def finish(self) -> None:
        """Carry out what is queued, and end the thread."""
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        while batch := self._next_batch():
            try:
                outcome: _Outcome = self._commit(batch)
            except Exception as error:  # whatever it is, the callers must hear of it and the thread go on
                outcome = error
            self._acknowledge(batch, outcome)

    def _next_batch(self) -> list[_Append]:
        """All that is queued, once there is something, up to `_BATCH_BYTES`; empty when the log is closed."""
        batch: list[_Append] = []
        size = 0
        request = self._queue.get()
        while request is not None:
            batch.append(request)
            size += sum(len(event.payload) + len(event.meta) for event in request.events)
            if size >= _BATCH_BYTES:
                return batch
            try:
                request = self._queue.get_nowait()
            except Empty:
                return batch
        if batch:
            self._queue.put(None)  # closing: the next call must see it again
        return batch

    def _commit(self, batch: list[_Append]) -> list[list[Appended]]:
        """Append a batch in one transaction.

        After a failure the connection is kept. Opened anew, it could find the failed transaction's frames
        whole in the WAL and take them for committed; as it is, the next transaction overwrites them.
        """
        added: dict[bytes, tuple[int, NewEvent]] = {}
        with self._connection as connection:  # commits at the end, or rolls back
            connection.execute("BEGIN IMMEDIATE")
            answers = [[self._place(event, added) for event in request.events] for request in batch]
            _insert(connection, added)
        self._size += len(added)
        return answers

    def _place(self, event: NewEvent, added: dict[bytes, tuple[int, NewEvent]]) -> Appended:
        """Where the event lies: at the index of the same bytes, in the log or `added`, else at a new one."""
        key = hmac.digest(self._key, event.payload, "sha256")
        if key in added:
            return Appended(added[key][0], duplicate=True)
        row = self._connection.execute("SELECT idx FROM content WHERE hmac = ?", (key,)).fetchone()
        if row:
            return Appended(row[0], duplicate=True)
        index = self._size + len(added)
        added[key] = index, event
        return Appended(index, duplicate=False)


def _insert(connection: sqlite3.Connection, added: dict[bytes, tuple[int, NewEvent]]) -> None:
    """Insert new events, given by the HMAC of their payloads, with fresh salts and their leaves."""
    entries = []
    contents = []
    for key, (index, event) in added.items():
        salt = os.urandom(SALT_BYTES)
        leaf = event_leaf(commitment(salt, event.meta, event.payload))
        entries.append((index, event.unit, leaf, leaf_hash(leaf)))
        contents.append((index, key, salt, event.meta, event.payload))
    connection.executemany("INSERT INTO entry VALUES (?, ?, ?, ?)", entries)
    connection.executemany("INSERT INTO content VALUES (?, ?, ?, ?, ?)", contents)


# Reading


class _Readers:
    """Read connections, each used by one thread at a time."""

    def __init__(self, connections: list[sqlite3.Connection]) -> None:
        self._free: SimpleQueue[sqlite3.Connection] = SimpleQueue()
        for connection in connections:
            self._free.put(connection)
        self._threads = ThreadPoolExecutor(len(connections), thread_name_prefix="whence-log-reader")

    async def run(self, query: Callable[[sqlite3.Connection], _T]) -> _T:
        """The query's result, from a thread of its own.

        Raises:
            LogUnavailable: the file cannot be read now.
        """
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._run, query)

    def _run(self, query: Callable[[sqlite3.Connection], _T]) -> _T:
        connection = self._free.get()  # there are as many as threads
        try:
            return query(connection)
        except sqlite3.Error as error:
            raise LogUnavailable(f"The event log cannot be read now ({error}).") from error
        finally:
            self._free.put(connection)

    def finish(self) -> None:
        """Finish the reads that were begun, and end the threads."""
        self._threads.shutdown()


def _size(connection: sqlite3.Connection) -> int:
    """Number of entries."""
    size: int = connection.execute("SELECT coalesce(max(idx) + 1, 0) FROM entry").fetchone()[0]
    return size


def _page(connection: sqlite3.Connection, start: int, limit: int, max_bytes: int) -> list[Entry]:
    """Entries from `start` on, within both bounds."""
    query = f"{_SELECT} WHERE entry.idx >= ? ORDER BY entry.idx LIMIT ?"
    limit = max(limit, 0)  # SQLite takes a negative one for none at all
    entries: list[Entry] = []
    size = 0
    with closing(connection.execute(query, (start, limit))) as rows:
        for entry in map(Entry._make, rows):
            size += len(entry.payload or b"")
            if entries and size > max_bytes:
                break
            entries.append(entry)
    return entries


def _by_unit(connection: sqlite3.Connection, units: list[str], end: int) -> dict[str, list[Entry]]:
    """Entries below `end` of the distinct `units`."""
    found: dict[str, list[Entry]] = {}
    for first in range(0, len(units), _UNITS_PER_QUERY):
        chunk = units[first : first + _UNITS_PER_QUERY]
        marks = ", ".join("?" * len(chunk))
        # In the order of the index, so that nothing is sorted.
        query = f"{_SELECT} WHERE unit IN ({marks}) AND entry.idx < ? ORDER BY unit, entry.idx"
        for entry in map(Entry._make, connection.execute(query, (*chunk, end))):
            found.setdefault(entry.unit, []).append(entry)
    return found


# Opening


class _Files(NamedTuple):
    """An opened log: its connections, and what closes them and lets the lock go."""

    writer: sqlite3.Connection | None
    readers: list[sqlite3.Connection]
    opened: ExitStack


def _open(path: Path | Literal[":memory:"], read_only: bool) -> _Files:
    """Open the log's files. Errors are told as `SQLiteEventLog.open` says, and leave nothing open."""
    with _told(path), ExitStack() as opened:
        if isinstance(path, Path):
            path = path.resolve()  # so that a symbolic link does not get around the lock
            if path.is_dir():
                raise IsADirectoryError(errno.EISDIR, "a folder")  # SQLite would call it a disk I/O error
            uri = f"{path.as_uri()}?"
            if not read_only:
                _make_folder(path.parent)
                opened.enter_context(_locked(path))
                _make_file(path)
        else:
            uri = f"file:/whence-{os.urandom(8).hex()}?vfs=memdb&"
        writer = None if read_only else opened.enter_context(closing(_connect(uri, "rw", path)))
        readers = [opened.enter_context(closing(_connect(uri, "ro", path))) for _ in range(_READERS)]
        return _Files(writer, readers, opened.pop_all())


def _connect(uri: str, mode: Literal["rw", "ro"], path: Path | str) -> sqlite3.Connection:
    """A connection to the log; one for writing creates the tables in an empty file."""
    connection = sqlite3.connect(
        f"{uri}mode={mode}", uri=True, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    with ExitStack() as undo:
        undo.callback(connection.close)
        is_new = _check_schema(connection, path, may_be_new=mode == "rw")
        if mode == "rw":
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA wal_autocheckpoint = 4000")  # a WAL of 16 MB: 14% more events a second
            connection.execute("PRAGMA fullfsync = ON")  # macOS: without it, fsync stops at the drive's cache
            connection.execute("PRAGMA secure_delete = ON")  # erased events are overwritten; appends cost the same
        if is_new:
            _create_tables(connection)
        undo.pop_all()
    return connection


def _check_schema(connection: sqlite3.Connection, path: Path | str, may_be_new: bool) -> bool:
    """Whether the database is empty and the tables are to be made.

    Raises:
        ConfigurationError: it is no event log, or a newer Whence's.
    """
    application, version, tables = connection.execute(
        """SELECT application_id, user_version, (SELECT count(*) FROM sqlite_master)
        FROM pragma_application_id, pragma_user_version"""
    ).fetchone()
    if may_be_new and application == 0 and tables == 0:
        return True
    if application != _APPLICATION_ID:
        raise ConfigurationError(
            f"{path} is a SQLite database, but no event log of Whence. Point Whence at another file."
        )
    if version > _SCHEMA_VERSION:
        raise ConfigurationError(
            f"{path} was written by a newer Whence (schema {version}; this one knows {_SCHEMA_VERSION})."
            " Upgrade Whence, or point it at another file."
        )
    return False


def _create_tables(connection: sqlite3.Connection) -> None:
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        for table in _TABLES:
            connection.execute(table)
        connection.execute("INSERT INTO secret VALUES (?)", (os.urandom(32),))
        connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {_SCHEMA_VERSION}")


def _make_file(path: Path) -> None:
    """Create the file, 0600, when it is missing.

    SQLite gives its files beside this one the same mode, and syncs their folder before the first commit.
    A file that is there is not even opened: on closing it, POSIX would drop the locks SQLite holds on it.
    """
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def _make_folder(folder: Path) -> None:
    """Create the folder and its missing parents, so that they outlive a crash of the machine."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    parent = os.open(folder.parent, os.O_RDONLY)
    try:
        os.fsync(parent)
    finally:
        os.close(parent)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the lock on ``<path>.lock``, which says who holds it. The kernel lets it go when the process dies.

    The file is never removed: else two processes could each lock one of that name.

    Raises:
        LogLocked: it is held already, by another process or another object in this one.
    """
    lock = os.open(f"{path}.lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = os.pread(lock, 20, 0).decode(errors="replace").strip()
            holder = f"another Whence (process {pid})" if pid else "another Whence"
            raise LogLocked(
                f"{path}: {holder} has this event log open. Stop it, or give this one a log of its own."
            ) from None
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(lock)


@contextmanager
def _told(path: Path | str) -> Iterator[None]:
    """Say what is wrong with the file, and how to mend it."""
    try:
        yield
    except sqlite3.Error as error:
        raise _opening_error(path, str(error), getattr(error, "sqlite_errorcode", 0) & 0xFF) from error
    except OSError as error:
        code = sqlite3.SQLITE_FULL if error.errno in _DISK_ERRORS else 0
        raise _opening_error(path, error.strerror or str(error), code) from error


_DISK_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}


def _opening_error(path: Path | str, reason: str, code: int) -> WhenceError:
    """The error to raise for SQLite's primary result code."""
    if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_NOMEM):
        return LogUnavailable(f"{path} cannot be opened now ({reason}). Check the disk and its free space.")
    if code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
        return ConfigurationError(
            f"{path} is damaged or no event log ({reason}). Restore it from a backup, or point Whence at another file."
        )
    return ConfigurationError(
        f"{path} cannot be opened as the event log ({reason}). Check the path, and that Whence may use it."
    )
