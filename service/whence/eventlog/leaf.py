"""Leaves of the log's Merkle tree, as pure functions. All are RFC 8785 JSON, and ``k`` says of which kind one is.

The leaf of an event (kind ``event``) or of a record that the audit trail keeps of itself (``export``, ``key``, ...)
commits to it without containing it: ``{"c":"<hex>","k":"event","v":1}``, where c is a salted SHA-256. So payload, meta
and salt can be erased, and the leaf with every proof that rests on it stays. The salt must go with the payload: who
has it can try guesses of the payload against the leaf.

The leaf of a tombstone (``erasure``) commits to nothing: what it has to say stands in it.
"""

import json
import re
from hashlib import sha256

import rfc8785

EVENT = "event"
ERASURE = "erasure"
KEY = "key"
LASTING = (ERASURE, KEY)
"""Kinds of entries that cannot be erased: tombstones hold nothing, and keys' records are what checkpoints rest on."""
RECORD_KIND = re.compile(r"[a-z]{1,32}")

SALT_BYTES = 32
"""Length of a salt. It is fixed, so that what is hashed can be taken apart in one way only."""

_DOMAIN = b"whence/event/v1\n"


def commitment(salt: bytes, meta: bytes, payload: bytes) -> bytes:
    """32 bytes that bind the salt, the meta and the payload, and tell nothing of them to who lacks the salt.

    Raises:
        ValueError: the salt has not `SALT_BYTES` bytes.
    """
    if len(salt) != SALT_BYTES:
        raise ValueError(f"a salt has {SALT_BYTES} bytes, not {len(salt)}")
    return sha256(b"".join((_DOMAIN, salt, len(meta).to_bytes(8, "big"), meta, payload))).digest()


def committed_leaf(kind: str, commitment: bytes) -> bytes:
    """The leaf of an event or a record, given its commitment. Formatted by hand for speed, as RFC 8785 has it."""
    return b'{"c":"%b","k":"%b","v":1}' % (commitment.hex().encode(), kind.encode())


def erasure_leaf(index: int, reason: str, asked_by: str, approved_by: str) -> bytes:
    """The leaf of the tombstone of entry `index`: a reason's code, and the key ids of who asked and who approved."""
    return rfc8785.dumps({"a": approved_by, "b": asked_by, "i": index, "k": ERASURE, "r": reason, "v": 1})


def kind_of(leaf: bytes) -> str:
    """The kind of entry that a leaf stands for."""
    kind: str = json.loads(leaf)["k"]
    return kind


def erased_index(leaf: bytes) -> int:
    """Which entry a tombstone's leaf says was erased."""
    index: int = json.loads(leaf)["i"]
    return index
