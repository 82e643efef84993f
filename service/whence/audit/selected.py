"""What a scope means: runs, jobs, datasets and log entries.

They lie in a temporary SQLite file that has no name: a set on disk that drops what comes twice and gives it back in
order, so that memory does not grow with the log.
"""

import sqlite3
from collections.abc import AsyncIterator, Iterable, Iterator
from hashlib import sha256
from types import TracebackType
from typing import Self

from whence.audit.archive import index_line
from whence.audit.scope import Scope
from whence.eventlog.port import Entry
from whence_schemas.identity import Kind

_PAGE = 1_000
_INDICES = 256
_UNITS = 256
"""Units whose events are in memory at once."""


class Selected:
    """What a scope means: a `Selection`, and the indices of its log entries. A context; it ends with its file."""

    def __init__(self, scope: Scope, size: int) -> None:
        """An empty one, over the log's first `size` entries."""
        self.since = scope.since
        self.until = scope.until
        self.size = size
        self._file = sqlite3.connect("", isolation_level=None, check_same_thread=False)  # on disk, and without a name
        self._file.execute("CREATE TABLE node (selected INTEGER, key TEXT, PRIMARY KEY (selected, key)) WITHOUT ROWID")
        self._file.execute("CREATE TABLE entry (idx INTEGER PRIMARY KEY)")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    @property
    def datasets(self) -> list[str]:
        """Keys of the datasets, sorted."""
        return [key for page in self._keys(Kind.DATASET) for key in page]

    @property
    def jobs(self) -> list[str]:
        """Keys of the jobs, sorted."""
        return [key for page in self._keys(Kind.JOB) for key in page]

    async def runs(self) -> AsyncIterator[list[str]]:
        """Keys of the runs, sorted, in pages."""
        for page in self._keys(Kind.RUN):
            yield page

    @property
    def count(self) -> int:
        """Number of entries."""
        found: int = self._file.execute("SELECT count(*) FROM entry").fetchone()[0]
        return found

    def indices(self) -> Iterator[list[int]]:
        """Indices of the entries, ascending, in pages."""
        query = "SELECT idx FROM entry WHERE idx > ? ORDER BY idx LIMIT ?"
        last = -1
        while page := [index for (index,) in self._file.execute(query, (last, _INDICES))]:
            yield page
            last = page[-1]

    def digest(self) -> str:
        """Hexadecimal SHA-256 over the indices, each in decimal with a newline."""
        digest = sha256()
        for page in self.indices():
            digest.update(b"".join(map(index_line, page)))
        return digest.hexdigest()

    # Filling it

    def propose(self, units: Iterable[str]) -> None:
        """Note units that are in scope if the time range holds one of their events."""
        self._write("INSERT OR IGNORE INTO node VALUES (0, ?)", ((unit,) for unit in units))

    def proposed(self) -> Iterator[list[str]]:
        """The units proposed, in pages."""
        return self._keys("", _UNITS, selected=0)

    def add_nodes(self, keys: Iterable[str]) -> None:
        """Add runs, jobs and datasets, by key."""
        self._write("INSERT OR IGNORE INTO node VALUES (1, ?)", ((key,) for key in keys))

    def add_entries(self, entries: Iterable[Entry]) -> None:
        """Add log entries."""
        self._write("INSERT OR IGNORE INTO entry VALUES (?)", ((entry.index,) for entry in entries))

    def declarations(self) -> Iterator[list[str]]:
        """Units of the declarations of its jobs and datasets, in pages."""
        yield from self._keys(Kind.DATASET, _UNITS)
        yield from self._keys(Kind.JOB, _UNITS)

    def _write(self, statement: str, rows: Iterable[tuple[str | int]]) -> None:
        with self._file:
            self._file.execute("BEGIN")
            self._file.executemany(statement, rows)

    def _keys(self, prefix: str, limit: int = _PAGE, selected: int = 1) -> Iterator[list[str]]:
        """Keys that begin so, sorted, in pages."""
        query = "SELECT key FROM node WHERE selected = ? AND key > ? AND key < ? ORDER BY key LIMIT ?"
        last, end = prefix, prefix + "~"  # which no key holds
        while page := [key for (key,) in self._file.execute(query, (selected, last, end, limit))]:
            yield page
            last = page[-1]
