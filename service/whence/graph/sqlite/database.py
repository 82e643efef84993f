"""The database: one writer thread and a few reader threads, with a connection each.

WAL, so that readers see the last commit and never wait. ``synchronous=NORMAL``: a crash of the machine may lose the
last batches, which the cursor then says, and the log brings them back.
"""

import asyncio
import sqlite3
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from whence.graph.sqlite.schema import migrate
from whence.graph.sqlite.statements import Connection
from whence_schemas.errors import ConfigurationError, GraphUnavailable

_READERS = 2
_P = ParamSpec("_P")
_T = TypeVar("_T")
_Work = Callable[Concatenate[Connection, _P], _T]


class Database:
    """One SQLite file, or one in memory."""

    def __init__(self, path: Path | None, read_only: bool) -> None:
        """Open the file, create it where it is not there, and bring it to this version.

        Raises:
            ConfigurationError: the file is no graph store, or one of a newer Whence.
        """
        self._path = path
        self._read_only = read_only
        self._writer = ThreadPoolExecutor(1, "whence-graph-write")
        self._readers = ThreadPoolExecutor(_READERS, "whence-graph-read") if path else self._writer
        self._connections = threading.local()
        self._open: list[Connection] = []
        self._writer.submit(self._prepare).result()

    async def read(self, work: _Work[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """Do the work on a connection of a reader thread.

        Raises:
            GraphUnavailable: the file cannot be read.
        """
        return await self._run(self._readers, work, *args, **kwargs)

    def reading(self, work: _Work[_P, _T]) -> Callable[_P, Awaitable[_T]]:
        """What reads so when it is called."""

        async def read(*args: _P.args, **kwargs: _P.kwargs) -> _T:
            return await self.read(work, *args, **kwargs)

        return read

    async def write(self, work: _Work[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """Do the work on the connection of the writer thread.

        Raises:
            GraphUnavailable: the file cannot be written.
        """
        return await self._run(self._writer, work, *args, **kwargs)

    async def close(self) -> None:
        """Let the file go."""
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._writer.shutdown()
        self._readers.shutdown()
        for connection in self._open:
            connection.close()

    async def _run(self, pool: ThreadPoolExecutor, work: _Work[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        def call() -> _T:
            try:
                return work(self._connection(), *args, **kwargs)
            except sqlite3.OperationalError as error:
                raise GraphUnavailable(f"the graph store {self._path} does not answer: {error}") from error

        return await asyncio.get_running_loop().run_in_executor(pool, call)

    def _connection(self) -> Connection:
        """The thread's connection."""
        connection: Connection | None = getattr(self._connections, "connection", None)
        if connection is None:
            connection = self._connections.connection = self._connect()
        return connection

    def _connect(self) -> Connection:
        connection = sqlite3.connect(
            self._uri(),
            uri=True,
            isolation_level=None,
            check_same_thread=False,  # closed from another thread
            cached_statements=256,
            timeout=30,
        )
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA cache_size = -8192")
        # Many of the pages that a batch dirties are those of the one before: copy them back once for some.
        connection.execute("PRAGMA wal_autocheckpoint = 8000")
        connection.execute("PRAGMA temp_store = MEMORY")
        self._open.append(connection)
        return connection

    def _uri(self) -> str:
        if self._path is None:
            return "file::memory:"  # private to the one connection, which the one thread uses
        if self._read_only:
            return f"{self._path.absolute().as_uri()}?mode=ro"
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return f"{self._path.absolute().as_uri()}?mode=rwc"

    def _prepare(self) -> None:
        try:
            connection = self._connection()
            connection.execute("PRAGMA cache_size = -24576")  # the writer's: a batch dirties thousands of pages
            migrate(connection, self._path, self._read_only)
        except sqlite3.DatabaseError as error:
            raise ConfigurationError(
                f"{self._path} cannot be opened as a graph store: {error}. Set WHENCE_GRAPH to another file, or move "
                "this one away: the graph is then built again from the log"
            ) from error
