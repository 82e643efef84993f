"""A leaf is canonical JSON that commits to salt, meta and payload."""

from hashlib import sha256

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from whence.eventlog.leaf import (
    SALT_BYTES,
    commitment,
    committed_leaf,
    erased_index,
    erasure_leaf,
    kind_of,
)
from whence.transparency.merkle import leaf_hash

salts = st.binary(min_size=SALT_BYTES, max_size=SALT_BYTES)


@given(st.binary(min_size=32, max_size=32))
def test_event_leaf_is_rfc8785(digest):
    assert committed_leaf("event", digest) == rfc8785.dumps({"v": 1, "k": "event", "c": digest.hex()})


@given(st.integers(0, 2**53 - 1), st.text(), st.text(), st.text())
def test_a_tombstones_leaf_is_rfc8785_and_says_what_was_erased(index, reason, asked, approved):
    leaf = erasure_leaf(index, reason, asked, approved)
    assert leaf == rfc8785.dumps({"v": 1, "k": "erasure", "i": index, "r": reason, "b": asked, "a": approved})
    assert (kind_of(leaf), erased_index(leaf)) == ("erasure", index)


def test_the_kind_of_a_record_is_in_its_leaf():
    leaf = committed_leaf("export", bytes(32))
    assert leaf == rfc8785.dumps({"v": 1, "k": "export", "c": bytes(32).hex()})
    assert kind_of(leaf) == "export"


def test_known_values():
    """Frozen: a change here breaks every proof that was handed out."""
    digest = commitment(bytes(range(32)), b'{"key":"k1"}', b'{"eventType":"START"}')
    assert digest.hex() == "0d97f2ef79687bf149ed990542b3487ad0309dc403721b237c5394b95afa8b6b"
    assert (
        leaf_hash(committed_leaf("event", digest)).hex()
        == "a936d84592281adb054ba2eb5698e9dea96940158c358c7d096e0920d9ce1eb5"
    )


def test_leaf_hash_of_the_empty_leaf_is_that_of_rfc6962_test_vectors():
    """From certificate-transparency-go's merkle tree test vectors."""
    assert leaf_hash(b"").hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"


@given(salts, st.binary(), st.binary())
def test_commitment_hashes_what_the_design_says(salt, meta, payload):
    hashed = b"whence/event/v1\n" + salt + len(meta).to_bytes(8, "big") + meta + payload
    assert commitment(salt, meta, payload) == sha256(hashed).digest()


@given(salts, st.binary(min_size=1))
def test_bytes_moved_from_payload_to_meta_change_the_commitment(salt, data):
    assert commitment(salt, data, b"") != commitment(salt, b"", data)


@pytest.mark.parametrize("length", [0, SALT_BYTES - 1, SALT_BYTES + 1])
def test_a_salt_of_another_length_is_refused(length):
    with pytest.raises(ValueError, match="32 bytes"):
        commitment(bytes(length), b"", b"")
