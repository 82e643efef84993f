"""What is read from the tables of a SQLite event log, and what is computed from them: the Merkle tree's hashes."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing

from whence.eventlog.leaf import EVENT, committed_leaf
from whence.eventlog.port import Entry, SignedCheckpoint, Timestamp
from whence.transparency.merkle import ROW, root_hash

_ENTRIES = """SELECT entry.idx, unit, payload, meta, salt, leaf, leaf_hash
    FROM entry LEFT JOIN content ON content.idx = entry.idx"""
_UNITS_PER_QUERY = 1_000

_LEAF_START = b'{"c":"'
_EVENT_END = committed_leaf(EVENT, b"").removeprefix(_LEAF_START)
IS_NO_EVENT = f"substr(leaf, {len(_LEAF_START) + 64 + 1}) <> x'{_EVENT_END.hex()}'"
"""Holds for the entries that are no events. An index is built on this very expression."""


def size_of(connection: sqlite3.Connection) -> int:
    """Number of entries."""
    size: int = connection.execute("SELECT coalesce(max(idx) + 1, 0) FROM entry").fetchone()[0]
    return size


def entry_at(connection: sqlite3.Connection, index: int) -> Entry | None:
    """The entry with this index."""
    row = connection.execute(f"{_ENTRIES} WHERE entry.idx = ?", (index,)).fetchone()
    return Entry._make(row) if row else None


def page(connection: sqlite3.Connection, start: int, limit: int, max_bytes: int) -> list[Entry]:
    """Entries from `start` on, within both bounds."""
    query = f"{_ENTRIES} WHERE entry.idx >= ? ORDER BY entry.idx LIMIT ?"
    entries: list[Entry] = []
    size = 0
    with closing(connection.execute(query, (start, _limit(limit)))) as rows:
        for entry in map(Entry._make, rows):
            size += len(entry.payload or b"")
            if entries and size > max_bytes:
                break
            entries.append(entry)
    return entries


def by_unit(connection: sqlite3.Connection, units: Sequence[str], end: int) -> dict[str, list[Entry]]:
    """Entries below `end` of the distinct `units`."""
    found: dict[str, list[Entry]] = {}
    for first in range(0, len(units), _UNITS_PER_QUERY):
        chunk = units[first : first + _UNITS_PER_QUERY]
        marks = ", ".join("?" * len(chunk))
        # In the order of the index, so that nothing is sorted.
        query = f"{_ENTRIES} WHERE unit IN ({marks}) AND entry.idx < ? ORDER BY unit, entry.idx"
        for entry in map(Entry._make, connection.execute(query, (*chunk, end))):
            found.setdefault(entry.unit, []).append(entry)
    return found


def records(connection: sqlite3.Connection, before: int, limit: int) -> list[Entry]:
    """Entries below `before` that are no events, newest first."""
    query = f"{_ENTRIES} WHERE entry.idx < ? AND {IS_NO_EVENT} ORDER BY entry.idx DESC LIMIT ?"
    return [Entry._make(row) for row in connection.execute(query, (before, _limit(limit)))]


def hashes(connection: sqlite3.Connection, level: int, start: int, end: int) -> list[bytes]:
    """Hashes of the complete subtrees start to end - 1 of 256**level leaves, as far as there are so many."""
    if level == 0:
        rows = connection.execute("SELECT leaf_hash FROM entry WHERE idx >= ? AND idx < ? ORDER BY idx", (start, end))
    else:
        rows = connection.execute(
            "SELECT hash FROM subtree WHERE level = ? AND number >= ? AND number < ? ORDER BY number",
            (level, start, end),
        )
    return [row[0] for row in rows]


def leaves(connection: sqlite3.Connection, start: int, end: int) -> list[bytes]:
    """The leaves of the entries start to end - 1, as far as there are so many."""
    rows = connection.execute("SELECT leaf FROM entry WHERE idx >= ? AND idx < ? ORDER BY idx", (start, end))
    return [row[0] for row in rows]


def complete_subtrees(connection: sqlite3.Connection, before: int, after: int) -> None:
    """Insert the hashes of the subtrees that are complete in a log of `after` entries and were not in one of `before`.

    All levels together that is one hash of 256 others for each 255 entries; nothing else is ever computed again.
    """
    level = 0
    while after >= ROW:
        level, before, after = level + 1, before // ROW, after // ROW
        connection.executemany("INSERT INTO subtree VALUES (?, ?, ?)", _subtrees(connection, level, before, after))


def _subtrees(connection: sqlite3.Connection, level: int, start: int, end: int) -> Iterator[tuple[int, int, bytes]]:
    for number in range(start, end):
        yield level, number, root_hash(hashes(connection, level - 1, number * ROW, (number + 1) * ROW))


def checkpoints(connection: sqlite3.Connection, start: int, limit: int) -> list[SignedCheckpoint]:
    """Checkpoints of at least `start` entries, by size."""
    query = "SELECT size, note, at FROM checkpoint WHERE size >= ? ORDER BY size LIMIT ?"
    return [SignedCheckpoint._make(row) for row in connection.execute(query, (start, _limit(limit)))]


def last_checkpoint(connection: sqlite3.Connection) -> SignedCheckpoint | None:
    """The largest checkpoint."""
    row = connection.execute("SELECT size, note, at FROM checkpoint ORDER BY size DESC LIMIT 1").fetchone()
    return SignedCheckpoint._make(row) if row else None


def timestamps(connection: sqlite3.Connection, start: int, limit: int) -> list[Timestamp]:
    """Time stamps on checkpoints of at least `start` entries, by size and time."""
    query = "SELECT size, response, at FROM timestamp WHERE size >= ? ORDER BY size, at LIMIT ?"
    return [Timestamp._make(row) for row in connection.execute(query, (start, _limit(limit)))]


def last_timestamp(connection: sqlite3.Connection) -> Timestamp | None:
    """The time stamp that was got last."""
    row = connection.execute("SELECT size, response, at FROM timestamp ORDER BY at DESC LIMIT 1").fetchone()
    return Timestamp._make(row) if row else None


def _limit(limit: int) -> int:
    return max(limit, 0)  # SQLite takes a negative one for none at all
