"""The port of the event log. The log is the truth; the graph is a projection of it.

Durability promise: when a method that adds something returns, it survives a crash of the process and of the machine.
One contract suite (``tests/contract/test_event_log.py``) runs on every adapter.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from whence.eventlog.leaf import kind_of
from whence_schemas.errors import WhenceError


class NotErasable(WhenceError):
    """An entry that cannot be erased: there is none, or nothing of it is left, or it is of a kind that lasts."""

    status = 409
    title = "Not erasable"


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
    """A log entry: an event, a record of the audit trail itself (its unit is empty), or a tombstone (it has the unit of
    the entry that was erased, and a leaf only). Payload, meta and salt are None where they were erased; the leaf stays.
    """

    index: int  # type: ignore[assignment]
    unit: str
    payload: bytes | None
    meta: bytes | None
    salt: bytes | None
    leaf: bytes
    leaf_hash: bytes

    @property
    def kind(self) -> str:
        """`leaf.EVENT`, `leaf.ERASURE` for a tombstone, else the kind of the record."""
        return kind_of(self.leaf)


class Erasure(NamedTuple):
    """An event, or a record of the audit trail, to erase.

    reason: a code, no text. asked_by, approved_by: key ids. All three are open for all to see, in the tombstone's leaf.
    replacement: what is appended in its place, such as a redacted copy.
    """

    index: int  # type: ignore[assignment]
    reason: str
    asked_by: str
    approved_by: str
    replacement: NewEvent | None = None


class Erased(NamedTuple):
    """The indices of an erased event's tombstone and, if it has one, its replacement."""

    tombstone: int
    replacement: int | None


class SignedCheckpoint(NamedTuple):
    """A checkpoint as it was published: the signed note over the first `size` entries, and when (µs)."""

    size: int
    note: bytes
    at: int


class Timestamp(NamedTuple):
    """An RFC 3161 time-stamp response (DER) over the note of the checkpoint of this size, and when it was got (µs)."""

    size: int
    response: bytes
    at: int


class EventLog(Protocol):
    """Append-only sequence of entries with indices 0, 1, 2, ... without gaps, and the checkpoints made of it."""

    async def append(self, events: Sequence[NewEvent]) -> list[Appended]:
        """Append all events or none, durably; one whose exact bytes are there already is not added again.

        Raises:
            LogUnavailable: the log cannot be written now (disk full, I/O error); nothing was added.
        """

    async def append_record(self, kind: str, payload: bytes, meta: bytes) -> int:
        """Append a record of the audit trail itself, durably; its index. The same bytes may be recorded again.

        Raises:
            ValueError: the kind is not one of small letters, or is that of events or tombstones.
            LogUnavailable: as `append`.
        """

    async def erase(self, erasures: Sequence[Erasure]) -> list[Erased]:
        """Erase payload, meta and salt of all these entries or of none, and append a tombstone for each, durably.

        Their bytes are then in no file of the log. That means to write the whole log anew, and appends wait meanwhile:
        erase many at once rather than one by one.

        Raises:
            NotErasable: one is of a kind that lasts (`leaf.LASTING`), or was erased before, or its replacement has the
                same bytes.
            LogUnavailable: the log cannot be written now; the message says whether the entries were erased.
        """

    async def read(self, start: int, limit: int, max_bytes: int) -> list[Entry]:
        """Entries from index `start` on: at most `limit`, and no more payload bytes than `max_bytes` but for
        the first entry, which comes whatever its size."""

    async def read_units(self, units: Sequence[str], end: int) -> dict[str, list[Entry]]:
        """All entries of these units with an index below `end`, by index; units without any are left out."""

    async def records(self, before: int, limit: int) -> list[Entry]:
        """At most `limit` entries that are no events (records of the audit trail, tombstones) with an index below
        `before`, newest first."""

    async def hashes(self, level: int, start: int, end: int) -> list[bytes]:
        """Of the log's Merkle tree (RFC 6962), the hashes of the complete subtrees of 256**level leaves with the
        numbers start to end - 1, as far as there are so many. Level 0 is the leaf hashes."""

    async def leaves(self, start: int, end: int) -> list[bytes]:
        """The leaves of the entries start to end - 1, as far as there are so many."""

    async def size(self) -> int:
        """Number of entries; the next event gets this index."""

    async def add_checkpoint(self, checkpoint: SignedCheckpoint) -> None:
        """Keep a checkpoint, durably. There is one of each size: the first stays.

        Raises:
            LogUnavailable: the log cannot be written now.
        """

    async def checkpoints(self, start: int, limit: int) -> list[SignedCheckpoint]:
        """At most `limit` checkpoints of at least `start` entries, by size."""

    async def last_checkpoint(self) -> SignedCheckpoint | None:
        """The largest checkpoint."""

    async def add_timestamp(self, timestamp: Timestamp) -> None:
        """Keep a time stamp, durably.

        Raises:
            LogUnavailable: the log cannot be written now.
        """

    async def timestamps(self, start: int, limit: int) -> list[Timestamp]:
        """At most `limit` time stamps on checkpoints of at least `start` entries, by size and time."""

    async def last_timestamp(self) -> Timestamp | None:
        """The one that was got last."""

    async def wait_beyond(self, size: int) -> None:
        """Return once the log has more than `size` entries, at once if it has. Cancel it to stop waiting.

        An adapter whose log other processes append to may poll, at least once a second.
        """

    async def close(self) -> None:
        """Finish what was begun and let the log go. No call may follow."""
