"""The port of the event log. The log is the truth; the graph is a projection of it.

Durability promise: when `append` returns, its events survive a crash of the process and of the machine.
One contract suite (``tests/contract/test_event_log.py``) runs on every adapter.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol


class NewEvent(NamedTuple):
    """An event to append.

    payload: the bytes as received, after redaction.
    unit: the key of what it belongs to (a run, or the declaration of a job or a dataset).
    meta: how it came, as RFC 8785 JSON (receipt time, sender's key id, redaction rules applied).
    """

    payload: bytes
    unit: str
    meta: bytes


class Appended(NamedTuple):
    """Where an event lies: its index, and whether the same bytes were there before."""

    index: int  # type: ignore[assignment]  # hides tuple.index, which nobody needs here
    duplicate: bool


class Entry(NamedTuple):
    """A log entry. `payload` is None where it was erased; the leaf stays."""

    index: int  # type: ignore[assignment]
    unit: str
    payload: bytes | None
    meta: bytes | None
    salt: bytes | None
    leaf: bytes
    leaf_hash: bytes


class EventLog(Protocol):
    """Append-only sequence of events with indices 0, 1, 2, ... without gaps."""

    async def append(self, events: Sequence[NewEvent]) -> list[Appended]:
        """Append all events or none, durably; one whose exact bytes are there already is not added again.

        Raises:
            LogUnavailable: the log cannot be written now (disk full, I/O error); nothing was added.
        """

    async def read(self, start: int, limit: int, max_bytes: int) -> list[Entry]:
        """Entries from index `start` on: at most `limit`, and no more payload bytes than `max_bytes` but for
        the first entry, which comes whatever its size."""

    async def read_units(self, units: Sequence[str], end: int) -> dict[str, list[Entry]]:
        """All entries of these units with an index below `end`, by index; units without any are left out."""

    async def size(self) -> int:
        """Number of entries; the next event gets this index."""

    async def wait_beyond(self, size: int) -> None:
        """Return once the log has more than `size` entries, at once if it has. Cancel it to stop waiting.

        An adapter whose log other processes append to may poll, at least once a second.
        """

    async def close(self) -> None:
        """Finish what was begun and let the log go. No call may follow."""
