"""The check of an archive's opened entries: one after the other, as they stand in it.

Memory does not grow with them, but for the indices of erased ones whose tombstone has not come yet.
"""

import re
from hashlib import sha256
from typing import Any, NamedTuple

import orjson
import rfc8785

from whence.audit.archive import FORMAT, OpenedEntry, index_line
from whence.eventlog.leaf import SALT_BYTES, commitment
from whence.transparency.checkpoint import Checkpoint
from whence.transparency.merkle import EMPTY_ROOT, leaf_hash, node_hash, verify_inclusion
from whence_schemas.errors import VerificationFailed

_COMMITTING = re.compile(rb'\{"c":"([0-9a-f]{64})","k":"([a-z]{1,32})","v":1\}')
_TOMBSTONE = {"a", "b", "i", "k", "r", "v"}


class Tombstone(NamedTuple):
    """That an entry's content was erased: where that is recorded, which entry, why, and the ids of the keys of who
    asked and who approved."""

    at: int
    erased: int
    reason: str
    asked: str
    approved: str


class Seal(NamedTuple):
    """What the log says of an export: where, how many entries it opened, the SHA-256 over their indices, the scope, the
    size of the log that this was resolved in, when and by whose key."""

    at: int
    entries: int
    indices: str
    scope: dict[str, Any]
    size: int
    received: str
    sender: str


class OpenedEntries:
    """The entries of an archive, as they are checked.

    Attributes:
        count: how many there are, without the seal.
        events: how many of them are events whose content is there.
        tombstones: those among them.
        keys: payloads of the records by which one key of the log vouched for the next.
        root: the root of the log's first `size` leaves, where all of them were opened, else None.
    """

    def __init__(self, checkpoint: Checkpoint, size: int | None) -> None:
        """Check against a checkpoint; work out the root of the first `size` leaves if that can be done."""
        self._checkpoint = checkpoint
        self._wanted = size
        self._whole = _Growing()
        self._digest = sha256()
        self._last: OpenedEntry | None = None
        self._unexplained: set[int] = set()
        self.count = 0
        self.events = 0
        self.erased = 0
        self.tombstones: list[Tombstone] = []
        self.keys: list[bytes] = []
        self.root: bytes | None = self._whole.root if size == 0 else None

    def add(self, entry: OpenedEntry) -> None:
        """Check the next one.

        Raises:
            VerificationFailed: it is not what the log holds there.
        """
        before = self._last
        if before is not None:
            self.count += 1
            self._digest.update(index_line(before.index))
            if entry.index <= before.index:
                raise VerificationFailed(f"entry {entry.index} follows entry {before.index}: the order was changed")
        self._last = entry
        hash_ = leaf_hash(entry.leaf)
        self._grow(entry.index, hash_)
        verify_inclusion(hash_, entry.index, self._checkpoint.size, entry.proof, self._checkpoint.root)
        self._check_content(entry)

    def finish(self) -> Seal:
        """What the seal says, once all are there.

        Raises:
            VerificationFailed: there is none, it is of other entries, or erased ones are not explained.
        """
        if self._unexplained:
            shown = ", ".join(map(str, sorted(self._unexplained)[:10]))
            raise VerificationFailed(
                f"{len(self._unexplained)} entries have no content, and no tombstone says that it was erased: {shown}"
            )
        if self._last is None:
            raise VerificationFailed("there are no entries, and so no seal")
        seal = _seal(self._last)
        if seal.entries != self.count or seal.indices != self._digest.hexdigest():
            raise VerificationFailed(
                f"entry {seal.at} seals an export of {seal.entries} entries, and these {self.count} are not the same: "
                "entries were taken out of the archive, or put into it"
            )
        return seal

    def _check_content(self, entry: OpenedEntry) -> None:
        committing = _COMMITTING.fullmatch(entry.leaf)
        if committing is None:
            self._bury(_tombstone(entry))
        elif entry.salt is None or entry.meta is None or entry.payload is None:
            self._unexplained.add(entry.index)
            self.erased += 1
        elif len(entry.salt) != SALT_BYTES or (
            commitment(entry.salt, entry.meta, entry.payload).hex().encode() != committing[1]
        ):
            raise VerificationFailed(
                f"entry {entry.index} is not what was received: payload, meta or salt does not match its leaf"
            )
        elif committing[2] == b"event":
            self.events += 1
        elif committing[2] == b"key":
            self.keys.append(entry.payload)

    def _bury(self, tombstone: Tombstone) -> None:
        self._unexplained.discard(tombstone.erased)
        self.tombstones.append(tombstone)

    def _grow(self, index: int, hash_: bytes) -> None:
        """Work out the root that is wanted, as long as no leaf is left out."""
        if self._wanted is not None and index == self._whole.size < self._wanted:
            self._whole.add(hash_)
            if self._whole.size == self._wanted:
                self.root = self._whole.root


class _Growing:
    """A Merkle tree that leaves are added to: the roots of the largest complete subtrees that make it up, by height."""

    def __init__(self) -> None:
        self.size = 0
        self._peaks: list[bytes] = []

    def add(self, hash_: bytes) -> None:
        """Add a leaf hash."""
        complete = self.size
        while complete & 1:
            hash_ = node_hash(self._peaks.pop(), hash_)
            complete >>= 1
        self._peaks.append(hash_)
        self.size += 1

    @property
    def root(self) -> bytes:
        """32 bytes: the root of all leaves added so far."""
        if not self._peaks:
            return EMPTY_ROOT
        *peaks, root = self._peaks
        for peak in reversed(peaks):
            root = node_hash(peak, root)
        return root


def _seal(entry: OpenedEntry) -> Seal:
    """What the last entry seals."""
    try:
        committing = _COMMITTING.fullmatch(entry.leaf)
        if committing is None or committing[2] != b"export" or entry.payload is None or entry.meta is None:
            raise ValueError
        said, meta = orjson.loads(entry.payload), orjson.loads(entry.meta)
        if said["format"] != FORMAT:
            raise ValueError
        return Seal(
            entry.index,
            said["entries"],
            said["indices"],
            said["scope"],
            said["size"],
            meta["received"],
            meta["sender"],
        )
    except (ValueError, TypeError, KeyError):
        raise VerificationFailed(
            f"the last entry ({entry.index}) is not the seal of this export: entries were taken out at the end"
        ) from None


def _tombstone(entry: OpenedEntry) -> Tombstone:
    """What a tombstone says. Its leaf has no content beside it."""
    try:
        facts = orjson.loads(entry.leaf)
        if facts.keys() != _TOMBSTONE or facts["k"] != "erasure" or rfc8785.dumps(facts) != entry.leaf:
            raise ValueError
        if entry.payload is not None or not 0 <= facts["i"] < entry.index:
            raise ValueError
        return Tombstone(entry.index, facts["i"], facts["r"], facts["b"], facts["a"])
    except (ValueError, TypeError, KeyError, AttributeError):
        raise VerificationFailed(f"entry {entry.index} has a leaf that is none of this format") from None
