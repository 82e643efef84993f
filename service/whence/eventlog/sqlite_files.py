"""The files of a SQLite event log: opening, locking, the schema and its migrations.

What stays forever (unit, leaf, leaf hash) lies in ``entry``; what can be erased (payload, meta, salt, and the
payload's HMAC by which duplicates are found) lies in ``content``, so erasing an event deletes one row. The hashes of
the Merkle tree above the leaves lie in ``subtree``, 256 of one level to one of the next.
"""

import errno
import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Literal, NamedTuple

from whence.eventlog.sqlite_tables import IS_NO_EVENT, complete_subtrees, size_of
from whence_schemas.errors import ConfigurationError, LogLocked, LogUnavailable, WhenceError

MEMORY: Literal[":memory:"] = ":memory:"
"""The path of a log that lives in memory and is gone when it is closed. For tests; wants SQLite 3.36."""

_APPLICATION_ID = int.from_bytes(b"Whnc", "big")
_SCHEMA_VERSION = 2
_TABLES_OF_1 = (
    """CREATE TABLE entry (
        idx INTEGER PRIMARY KEY, unit TEXT NOT NULL, leaf BLOB NOT NULL, leaf_hash BLOB NOT NULL)""",
    "CREATE INDEX entry_unit ON entry (unit)",
    """CREATE TABLE content (
        idx INTEGER PRIMARY KEY REFERENCES entry, hmac BLOB NOT NULL UNIQUE, salt BLOB NOT NULL,
        meta BLOB NOT NULL, payload BLOB NOT NULL)""",
    "CREATE TABLE secret (hmac_key BLOB NOT NULL)",
)
_TABLES_OF_2 = (
    """CREATE TABLE subtree (
        level INTEGER, number INTEGER, hash BLOB NOT NULL, PRIMARY KEY (level, number)) WITHOUT ROWID""",
    "CREATE TABLE checkpoint (size INTEGER PRIMARY KEY, note BLOB NOT NULL, at INTEGER NOT NULL)",
    """CREATE TABLE timestamp (
        size INTEGER NOT NULL REFERENCES checkpoint, response BLOB NOT NULL, at INTEGER NOT NULL)""",
    "CREATE INDEX timestamp_size ON timestamp (size, at)",
    "CREATE TABLE remains (since INTEGER NOT NULL)",
    f"CREATE INDEX entry_no_event ON entry (idx) WHERE {IS_NO_EVENT}",
)

_READERS = 4
_BUSY_SECONDS = 5.0
"""How long to wait for a lock that somebody else holds, such as a backup with the sqlite3 tool."""


class Files(NamedTuple):
    """An opened log: its connections, and what closes them and lets the lock go."""

    writer: sqlite3.Connection | None
    readers: list[sqlite3.Connection]
    opened: ExitStack


def open_files(path: Path | Literal[":memory:"], read_only: bool) -> Files:
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
        writer = None if read_only else opened.enter_context(closing(_writer(uri, path)))
        try:
            readers = [opened.enter_context(closing(_reader(uri, path))) for _ in range(_READERS)]
        except _Outdated:
            open_files(path, read_only=False).opened.close()  # which brings it up to date
            return open_files(path, read_only)
        return Files(writer, readers, opened.pop_all())


def remove_remains(connection: sqlite3.Connection) -> None:
    """Remove what erased entries left in the files, if any did.

    ``secure_delete`` overwrites a deleted row, but no copies that moving it from page to page may have left before:
    only in a file that is written anew, and whose WAL is cut off, there is certainly none.

    Raises:
        sqlite3.Error: it cannot be done now.
    """
    if not connection.execute("SELECT count(*) FROM remains").fetchone()[0]:
        return
    connection.execute("VACUUM")
    if connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
        raise sqlite3.OperationalError("another program is reading the log")
    connection.execute("DELETE FROM remains")


def _reader(uri: str, path: Path | str) -> sqlite3.Connection:
    """A connection for reading.

    Raises:
        _Outdated: the log is an older Whence's.
    """
    with _connected(uri, "ro") as connection:
        if _version(connection, path) < _SCHEMA_VERSION:
            raise _Outdated
        return connection


def _writer(uri: str, path: Path | str) -> sqlite3.Connection:
    """A connection for writing, which creates the tables in an empty file and brings an older Whence's up to date."""
    with _connected(uri, "rw") as connection:
        is_new = connection.execute(
            "SELECT application_id = 0 AND (SELECT count(*) FROM sqlite_master) = 0 FROM pragma_application_id"
        ).fetchone()[0]
        version = 0 if is_new else _version(connection, path)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA wal_autocheckpoint = 4000")  # a WAL of 16 MB: 14% more events a second
        connection.execute("PRAGMA fullfsync = ON")  # macOS: without it, fsync stops at the drive's cache
        connection.execute("PRAGMA secure_delete = ON")  # erased events are overwritten; appends cost the same
        if version < _SCHEMA_VERSION:
            _bring_up_to_date(connection, version)
        remove_remains(connection)
        return connection


@contextmanager
def _connected(uri: str, mode: Literal["rw", "ro"]) -> Iterator[sqlite3.Connection]:
    """A connection, which is closed if there is an error."""
    connection = sqlite3.connect(
        f"{uri}mode={mode}", uri=True, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    with ExitStack() as undo:
        undo.callback(connection.close)
        yield connection
        undo.pop_all()


class _Outdated(Exception):
    """The log has to be brought up to date before it can be read."""


def _version(connection: sqlite3.Connection, path: Path | str) -> int:
    """The version of the log's schema.

    Raises:
        ConfigurationError: it is no event log, or a newer Whence's.
    """
    application, version = connection.execute(
        "SELECT application_id, user_version FROM pragma_application_id, pragma_user_version"
    ).fetchone()
    if application != _APPLICATION_ID:
        raise ConfigurationError(
            f"{path} is a SQLite database, but no event log of Whence. Point Whence at another file."
        )
    if version > _SCHEMA_VERSION:
        raise ConfigurationError(
            f"{path} was written by a newer Whence (schema {version}; this one knows {_SCHEMA_VERSION})."
            " Upgrade Whence, or point it at another file."
        )
    return int(version)


def _bring_up_to_date(connection: sqlite3.Connection, version: int) -> None:
    """Create the tables that a log of this version lacks; 0 is an empty file."""
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        for table in (*(_TABLES_OF_1 if version < 1 else ()), *_TABLES_OF_2):
            connection.execute(table)
        if version < 1:
            connection.execute("INSERT INTO secret VALUES (?)", (os.urandom(32),))
        complete_subtrees(connection, 0, size_of(connection))
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
