"""Leaves of the log's Merkle tree, as pure functions.

A leaf commits to an event without containing it: ``{"c":"<hex>","k":"event","v":1}`` as RFC 8785 JSON,
where c is a salted SHA-256. So payload, meta and salt can be erased, and the leaf with every proof that
rests on it stays. The salt must go with the payload: who has it can try guesses of the payload against the
leaf.
"""

from hashlib import sha256

SALT_BYTES = 32
"""Length of a salt. It is fixed, so that what is hashed can be taken apart in one way only."""

_DOMAIN = b"whence/event/v1\n"
_LEAF_PREFIX = b"\x00"


def commitment(salt: bytes, meta: bytes, payload: bytes) -> bytes:
    """32 bytes that bind the salt, the meta and the payload, and tell nothing of them to who lacks the salt.

    Raises:
        ValueError: the salt has not `SALT_BYTES` bytes.
    """
    if len(salt) != SALT_BYTES:
        raise ValueError(f"a salt has {SALT_BYTES} bytes, not {len(salt)}")
    return sha256(b"".join((_DOMAIN, salt, len(meta).to_bytes(8, "big"), meta, payload))).digest()


def event_leaf(commitment: bytes) -> bytes:
    """The leaf of an event, given its commitment. Formatted by hand for speed, as RFC 8785 has it."""
    return b'{"c":"%b","k":"event","v":1}' % commitment.hex().encode()


def leaf_hash(leaf: bytes) -> bytes:
    """32 bytes: the Merkle tree's hash of a leaf (RFC 6962, section 2.1)."""
    return sha256(_LEAF_PREFIX + leaf).digest()
