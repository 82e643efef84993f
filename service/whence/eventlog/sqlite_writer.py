"""Writing to a SQLite event log: what one transaction does to the tables, and the thread that carries them out."""

import asyncio
import hmac
import os
import sqlite3
import time
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, NamedTuple

from whence.eventlog.leaf import (
    ERASURE,
    EVENT,
    LASTING,
    RECORD_KIND,
    SALT_BYTES,
    commitment,
    committed_leaf,
    erasure_leaf,
)
from whence.eventlog.port import Appended, Erased, Erasure, NewEvent, NotErasable, SignedCheckpoint, Timestamp
from whence.eventlog.sqlite_files import remove_remains
from whence.eventlog.sqlite_tables import complete_subtrees, entry_at, size_of
from whence.transparency.merkle import leaf_hash
from whence_schemas.errors import LogUnavailable, WhenceError

_BATCH_BYTES = 64 * 2**20
"""No request joins a transaction that holds this many bytes of events."""


class Transaction:
    """A transaction that was begun. Its methods change nothing where they raise; `finish` before the commit."""

    def __init__(self, connection: sqlite3.Connection, hmac_key: bytes) -> None:
        self._connection = connection
        self._hmac_key = hmac_key
        self._before = self._size = size_of(connection)
        self._entries: list[tuple[int, str, bytes, bytes]] = []
        self._contents: list[tuple[int, bytes, bytes, bytes, bytes]] = []
        self._added: dict[bytes, int] = {}

    def append(self, event: NewEvent) -> Appended:
        """Where the event lies: at the index of the same bytes, else at a new one."""
        key = hmac.digest(self._hmac_key, event.payload, "sha256")
        if key in self._added:
            return Appended(self._added[key], duplicate=True)
        row = self._connection.execute("SELECT idx FROM content WHERE hmac = ?", (key,)).fetchone()
        if row:
            return Appended(row[0], duplicate=True)
        self._added[key] = self._commit_to(EVENT, event, key)
        return Appended(self._added[key], duplicate=False)

    def append_record(self, kind: str, payload: bytes, meta: bytes) -> int:
        """The index of a new record. In place of an HMAC it has random bytes, which no event's are equal to."""
        return self._commit_to(kind, NewEvent(payload, "", meta), os.urandom(32))

    def erase(self, erasures: Sequence[Erasure]) -> list[Erased]:
        """Delete the contents, and append tombstones and replacements."""
        self._flush()
        units = [self._check_erasable(erasure) for erasure in erasures]
        _check_distinct(erasures)
        self._connection.executemany("DELETE FROM content WHERE idx = ?", ((erasure.index,) for erasure in erasures))
        self._connection.execute("INSERT INTO remains VALUES (?)", (int(time.time()),))
        tombstones = [
            self._add(unit, erasure_leaf(erasure.index, erasure.reason, erasure.asked_by, erasure.approved_by))
            for unit, erasure in zip(units, erasures, strict=True)
        ]
        replacements = [erasure.replacement and self.append(erasure.replacement).index for erasure in erasures]
        return [Erased(*indices) for indices in zip(tombstones, replacements, strict=True)]

    def add_checkpoint(self, checkpoint: SignedCheckpoint) -> None:
        """Keep a checkpoint."""
        self._connection.execute("INSERT OR IGNORE INTO checkpoint (size, note, at) VALUES (?, ?, ?)", checkpoint)

    def add_timestamp(self, timestamp: Timestamp) -> None:
        """Keep a time stamp."""
        self._connection.execute("INSERT INTO timestamp (size, response, at) VALUES (?, ?, ?)", timestamp)

    def finish(self) -> None:
        """Write what was appended, and the hashes above it."""
        self._flush()
        complete_subtrees(self._connection, self._before, self._size)

    def _commit_to(self, kind: str, event: NewEvent, key: bytes) -> int:
        salt = os.urandom(SALT_BYTES)
        index = self._add(event.unit, committed_leaf(kind, commitment(salt, event.meta, event.payload)))
        self._contents.append((index, key, salt, event.meta, event.payload))
        return index

    def _add(self, unit: str, leaf: bytes) -> int:
        index = self._size
        self._entries.append((index, unit, leaf, leaf_hash(leaf)))
        self._size += 1
        return index

    def _flush(self) -> None:
        self._connection.executemany("INSERT INTO entry VALUES (?, ?, ?, ?)", self._entries)
        self._connection.executemany("INSERT INTO content VALUES (?, ?, ?, ?, ?)", self._contents)
        self._entries.clear()
        self._contents.clear()
        self._added.clear()

    def _check_erasable(self, erasure: Erasure) -> str:
        """The unit of the entry, which can be erased."""
        entry = entry_at(self._connection, erasure.index)
        if entry is None:
            raise NotErasable(f"there is no entry {erasure.index} in the log")
        if entry.kind in LASTING:
            what = "a tombstone" if entry.kind == ERASURE else f"a record of the audit trail ({entry.kind})"
            raise NotErasable(f"entry {erasure.index} is {what}, which cannot be erased")
        if entry.payload is None:
            raise NotErasable(f"entry {erasure.index} was erased before")
        if erasure.replacement and erasure.replacement.payload == entry.payload:
            raise NotErasable(f"entry {erasure.index} would be replaced by the very bytes that are to be erased")
        return entry.unit


def _check_distinct(erasures: Sequence[Erasure]) -> None:
    seen: set[int] = set()
    for erasure in erasures:
        if erasure.index in seen:
            raise NotErasable(f"entry {erasure.index} is to be erased twice")
        seen.add(erasure.index)


def check_record_kind(kind: str) -> None:
    """Hold off records that could be taken for something else.

    Raises:
        ValueError: the kind is not one of small letters, or is that of events or tombstones.
    """
    if not RECORD_KIND.fullmatch(kind) or kind in (EVENT, ERASURE):
        raise ValueError(f"{kind!r} is no kind of record")


class Request(NamedTuple):
    """Work that waits in the writer's queue: what it does, how many bytes it brings, and who is told of its outcome.

    The work may raise a `WhenceError` if it has changed nothing; then the others in its transaction go on.
    """

    work: Callable[[Transaction], Any]
    size: int
    done: asyncio.Future[Any]
    erases: bool = False


class Writer:
    """The one thread that writes. What is queued while a commit runs shares the next one."""

    def __init__(self, connection: sqlite3.Connection, tell: Callable[[list[tuple[Request, Any]]], None]) -> None:
        """Start the thread. It tells of each transaction's requests what came out: a result, or an exception."""
        self._connection = connection
        self._tell = tell
        self._key: bytes = connection.execute("SELECT hmac_key FROM secret").fetchone()[0]
        self._queue: SimpleQueue[Request | None] = SimpleQueue()
        self._thread = Thread(target=self._run, name="whence-log-writer", daemon=True)
        self._thread.start()

    def submit(self, request: Request) -> None:
        """Queue a request."""
        self._queue.put(request)

    def finish(self) -> None:
        """Carry out what is queued, and end the thread."""
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        while batch := self._next_batch():
            try:
                outcomes = self._commit(batch)
            except Exception as error:  # whatever it is, the callers must hear of it and the thread go on
                outcomes = [_unavailable(f"{error}); nothing was added.", error)] * len(batch)
            else:
                if any(request.erases for request in batch):
                    outcomes = self._without_remains(batch, outcomes)
            self._tell(list(zip(batch, outcomes, strict=True)))

    def _next_batch(self) -> list[Request]:
        """All that is queued, once there is something, up to `_BATCH_BYTES`; empty when the log is closed."""
        batch: list[Request] = []
        size = 0
        request = self._queue.get()
        while request is not None:
            batch.append(request)
            size += request.size
            if size >= _BATCH_BYTES:
                return batch
            try:
                request = self._queue.get_nowait()
            except Empty:
                return batch
        if batch:
            self._queue.put(None)  # closing: the next call must see it again
        return batch

    def _commit(self, batch: list[Request]) -> list[Any]:
        """Carry out a batch in one transaction.

        After a failure the connection is kept. Opened anew, it could find the failed transaction's frames
        whole in the WAL and take them for committed; as it is, the next transaction overwrites them.
        """
        with self._connection as connection:  # commits at the end, or rolls back
            connection.execute("BEGIN IMMEDIATE")
            transaction = Transaction(connection, self._key)
            outcomes = [_outcome(request, transaction) for request in batch]
            transaction.finish()
        return outcomes

    def _without_remains(self, batch: list[Request], outcomes: list[Any]) -> list[Any]:
        """The outcomes, once the erased bytes are gone from the files. If that fails, those who erased must know."""
        try:
            remove_remains(self._connection)
        except Exception as error:
            failed = _unavailable(
                f"{error}); the entries are erased, but their bytes may still lie in its files. They go with the next "
                "erasure, and when Whence opens the log again.",
                error,
            )
            return [
                failed if request.erases and not isinstance(outcome, Exception) else outcome
                for request, outcome in zip(batch, outcomes, strict=True)
            ]
        return outcomes


def _outcome(request: Request, transaction: Transaction) -> Any:
    try:
        return request.work(transaction)
    except WhenceError as error:
        return error


def _unavailable(what: str, cause: Exception) -> LogUnavailable:
    error = LogUnavailable(f"The event log cannot be written now ({what}")
    error.__cause__ = cause
    return error
