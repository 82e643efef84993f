"""The event log in one SQLite file: one writer thread with group commit, and a few connections that read.

Appends that arrive while a commit runs share the next one, so 64 clients cost hardly more fsyncs than one.
The file is in WAL mode with ``synchronous=FULL``: COMMIT returns after the fsync, and readers neither wait
for the writer nor see what it has not committed. One process at a time writes; a lock on ``<path>.lock``
holds the others off.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Literal, Self, TypeVar

from whence.eventlog import sqlite_tables as tables
from whence.eventlog.port import Appended, Entry, Erased, Erasure, NewEvent, SignedCheckpoint, Timestamp
from whence.eventlog.sqlite_files import MEMORY, Files, open_files
from whence.eventlog.sqlite_writer import Request, Transaction, Writer, check_record_kind
from whence_schemas.errors import LogUnavailable

__all__ = ["MEMORY", "SQLiteEventLog"]

_POLL_SECONDS = 0.25

_T = TypeVar("_T")


class SQLiteEventLog:
    """The `EventLog` port over SQLite. Open it with `open`; it belongs to the event loop that opened it."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._loop = asyncio.get_running_loop()
        self._grown = asyncio.Event()
        self._closed = False
        self._readers = _Readers(files.readers)
        self._writer = Writer(files.writer, self._tell_soon) if files.writer else None

    @classmethod
    async def open(cls, path: Path | Literal[":memory:"], read_only: bool = False) -> Self:
        """Open the log at `path`, which is created when missing unless `read_only`.

        A log opened `read_only` takes no lock, sees what another process appends, and cannot append.

        Raises:
            LogLocked: the log is open for writing already, in this process or another.
            ConfigurationError: there is no log at `path` that this Whence can use.
            LogUnavailable: the disk is full or fails.
        """
        return cls(await asyncio.to_thread(open_files, path, read_only))

    async def append(self, events: Sequence[NewEvent]) -> list[Appended]:
        """See the port. An append whose caller is cancelled may still be carried out.

        Raises:
            LogUnavailable: the log cannot be written now; nothing was added.
            ValueError: a unit is no Unicode text (a lone surrogate).
        """
        events = tuple(events)
        _check_units(events)
        if not events:
            return []
        size = sum(len(event.payload) + len(event.meta) for event in events)
        return await self._write(lambda transaction: [transaction.append(event) for event in events], size)

    async def append_record(self, kind: str, payload: bytes, meta: bytes) -> int:
        """See the port."""
        check_record_kind(kind)
        return await self._write(lambda transaction: transaction.append_record(kind, payload, meta), len(payload))

    async def erase(self, erasures: Sequence[Erasure]) -> list[Erased]:
        """See the port."""
        erasures = tuple(erasures)
        _check_units([erasure.replacement for erasure in erasures if erasure.replacement])
        if not erasures:
            return []
        return await self._write(lambda transaction: transaction.erase(erasures), 0, erases=True)

    async def read(self, start: int, limit: int, max_bytes: int) -> list[Entry]:
        """See the port."""
        return await self._readers.run(lambda connection: tables.page(connection, start, limit, max_bytes))

    async def read_units(self, units: Sequence[str], end: int) -> dict[str, list[Entry]]:
        """See the port."""
        distinct = list(dict.fromkeys(units))
        return await self._readers.run(lambda connection: tables.by_unit(connection, distinct, end))

    async def records(self, before: int, limit: int) -> list[Entry]:
        """See the port."""
        return await self._readers.run(lambda connection: tables.records(connection, before, limit))

    async def hashes(self, level: int, start: int, end: int) -> list[bytes]:
        """See the port."""
        return await self._readers.run(lambda connection: tables.hashes(connection, level, start, end))

    async def leaves(self, start: int, end: int) -> list[bytes]:
        """See the port."""
        return await self._readers.run(lambda connection: tables.leaves(connection, start, end))

    async def size(self) -> int:
        """See the port."""
        return await self._readers.run(tables.size_of)

    async def add_checkpoint(self, checkpoint: SignedCheckpoint) -> None:
        """See the port."""
        await self._write(lambda transaction: transaction.add_checkpoint(checkpoint), 0)

    async def checkpoints(self, start: int, limit: int) -> list[SignedCheckpoint]:
        """See the port."""
        return await self._readers.run(lambda connection: tables.checkpoints(connection, start, limit))

    async def last_checkpoint(self) -> SignedCheckpoint | None:
        """See the port."""
        return await self._readers.run(tables.last_checkpoint)

    async def add_timestamp(self, timestamp: Timestamp) -> None:
        """See the port."""
        await self._write(lambda transaction: transaction.add_timestamp(timestamp), 0)

    async def timestamps(self, start: int, limit: int) -> list[Timestamp]:
        """See the port."""
        return await self._readers.run(lambda connection: tables.timestamps(connection, start, limit))

    async def last_timestamp(self) -> Timestamp | None:
        """See the port."""
        return await self._readers.run(tables.last_timestamp)

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

    async def _write(self, work: Callable[[Transaction], _T], size: int, erases: bool = False) -> _T:
        """The result of work that brings `size` bytes, once it is committed."""
        if self._writer is None or self._closed:
            raise RuntimeError("this event log is closed, or open for reading only")
        done: asyncio.Future[_T] = self._loop.create_future()
        self._writer.submit(Request(work, size, done, erases))
        return await done

    def _tell_soon(self, outcomes: list[tuple[Request, Any]]) -> None:
        """Called by the writer thread. Where the loop is closed nobody waits for an answer any more."""
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._tell, outcomes)

    def _tell(self, outcomes: list[tuple[Request, Any]]) -> None:
        for request, outcome in outcomes:
            if request.done.done():  # its caller was cancelled
                continue
            if isinstance(outcome, Exception):
                request.done.set_exception(outcome)
            else:
                request.done.set_result(outcome)
        self._grown.set()
        self._grown = asyncio.Event()


def _check_units(events: Sequence[NewEvent]) -> None:
    for event in events:
        event.unit.encode()  # what SQLite would refuse fails here, not with the others in its transaction


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
