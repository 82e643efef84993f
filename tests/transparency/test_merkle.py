"""Merkle trees against `pymerkle` as an oracle, and proofs that must not hold."""

import asyncio
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymerkle import InmemoryTree

from whence.transparency.merkle import (
    EMPTY_ROOT,
    Tree,
    leaf_hash,
    node_hash,
    root_hash,
    verify_consistency,
    verify_inclusion,
)
from whence_schemas.errors import VerificationFailed

MOST = 1_200
"""More than four rows of 256."""
LEAVES = [f"leaf {number}".encode() for number in range(MOST)]
LEAF_HASHES = [leaf_hash(leaf) for leaf in LEAVES]

sizes = st.integers(1, MOST) | st.sampled_from([1, 2, 255, 256, 257, 511, 512, 513, 1_024, 1_025])


def rows(leaf_hashes):
    """A source of hashes that computes all subtrees anew, and counts the rows read."""

    async def hashes(level, start, end):
        hashes.reads += 1
        width = 256**level
        starts = [number * width for number in range(start, end)]
        return [root_hash(leaf_hashes[first : first + width]) for first in starts if first + width <= len(leaf_hashes)]

    hashes.reads = 0
    return hashes


TREE = Tree(rows(LEAF_HASHES))


@pytest.fixture(scope="module")
def oracle():
    return InmemoryTree.init_from_entries(LEAVES, algorithm="sha256")


def run(coroutine):
    return asyncio.run(coroutine)


def test_the_empty_tree():
    assert run(TREE.root(0)) == root_hash([]) == EMPTY_ROOT == sha256(b"").digest()


def test_leaves_and_nodes_cannot_be_taken_for_each_other():
    assert leaf_hash(b"") == sha256(b"\0").digest()
    assert node_hash(b"a" * 32, b"b" * 32) == sha256(b"\1" + b"a" * 32 + b"b" * 32).digest()


@settings(deadline=None)
@given(size=sizes)
def test_roots_are_those_of_the_oracle(oracle, size):
    root = oracle.get_root(size)
    assert root_hash(LEAF_HASHES[:size]) == root
    assert run(TREE.root(size)) == root


@settings(deadline=None)
@given(data=st.data(), size=sizes)
def test_inclusion_proofs_are_those_of_the_oracle_and_verify(oracle, data, size):
    index = data.draw(st.integers(0, size - 1))
    proof = run(TREE.inclusion_proof(index, size))
    path = oracle.prove_inclusion(index + 1, size).path
    assert sorted([LEAF_HASHES[index], *proof]) == sorted(path)
    verify_inclusion(LEAF_HASHES[index], index, size, proof, oracle.get_root(size))


@settings(deadline=None)
@given(data=st.data(), second=sizes)
def test_consistency_proofs_verify_between_roots_of_the_oracle(oracle, data, second):
    """The oracle's own consistency proofs have another form; the RFC's definition below has the one wanted."""
    first = data.draw(st.integers(1, second))
    proof = run(TREE.consistency_proof(first, second))
    verify_consistency(first, oracle.get_root(first), second, oracle.get_root(second), proof)


def reference_consistency_proof(first, leaves, complete=True):
    """PROOF and SUBPROOF word for word as in RFC 6962, section 2.1.2."""
    if first == len(leaves):
        return [] if complete else [root_hash(leaves)]
    k = 1 << ((len(leaves) - 1).bit_length() - 1)
    if first <= k:
        return [*reference_consistency_proof(first, leaves[:k], complete), root_hash(leaves[k:])]
    return [*reference_consistency_proof(first - k, leaves[k:], False), root_hash(leaves[:k])]


def reference_inclusion_proof(index, leaves):
    """PATH word for word as in RFC 6962, section 2.1.1."""
    if len(leaves) == 1:
        return []
    k = 1 << ((len(leaves) - 1).bit_length() - 1)
    if index < k:
        return [*reference_inclusion_proof(index, leaves[:k]), root_hash(leaves[k:])]
    return [*reference_inclusion_proof(index - k, leaves[k:]), root_hash(leaves[:k])]


@settings(deadline=None, max_examples=60)
@given(data=st.data(), size=sizes)
def test_proofs_are_those_of_the_rfcs_definitions(data, size):
    index = data.draw(st.integers(0, size - 1))
    first = data.draw(st.integers(1, size))
    leaves = LEAF_HASHES[:size]
    assert run(TREE.inclusion_proof(index, size)) == reference_inclusion_proof(index, leaves)
    assert run(TREE.consistency_proof(first, size)) == reference_consistency_proof(first, leaves)


@settings(deadline=None, max_examples=30)
@given(data=st.data(), size=sizes)
def test_many_proofs_are_those_made_one_by_one(data, size):
    indices = data.draw(st.lists(st.integers(0, size - 1), max_size=20))
    assert run(TREE.inclusion_proofs(indices, size)) == [run(TREE.inclusion_proof(n, size)) for n in indices]


def test_many_proofs_read_each_row_once():
    source = rows(LEAF_HASHES)
    run(Tree(source).inclusion_proofs(range(MOST), MOST))
    assert source.reads == 6  # five rows of leaves, one above


@settings(deadline=None, max_examples=60)
@given(data=st.data(), size=st.integers(2, 600))
def test_a_proof_proves_nothing_else(data, size):
    index = data.draw(st.integers(0, size - 1))
    root = root_hash(LEAF_HASHES[:size])
    proof = run(TREE.inclusion_proof(index, size))
    position = data.draw(st.integers(0, len(proof) - 1))
    altered = [*proof[:position], bytes(32), *proof[position + 1 :]]
    other = data.draw(st.integers(0, size - 1).filter(lambda n: n != index))
    for arguments in (
        (LEAF_HASHES[other], index, size, proof, root),
        (LEAF_HASHES[index], other, size, proof, root),
        (LEAF_HASHES[index], index, size, altered, root),
        (LEAF_HASHES[index], index, size, proof[:-1], root),
        (LEAF_HASHES[index], index, size, [*proof, bytes(32)], root),
        (LEAF_HASHES[index], index, size, proof, bytes(32)),
        (LEAF_HASHES[index], size, size, proof, root),
        (LEAF_HASHES[index], -1, size, proof, root),
    ):
        with pytest.raises(VerificationFailed):
            verify_inclusion(*arguments)


@settings(deadline=None, max_examples=60)
@given(data=st.data(), second=st.integers(2, 600))
def test_a_history_that_was_changed_is_not_consistent(data, second):
    first = data.draw(st.integers(1, second - 1))
    changed = data.draw(st.integers(0, first - 1))
    forged = [*LEAF_HASHES[:changed], bytes(32), *LEAF_HASHES[changed + 1 : second]]
    old, new, false = root_hash(LEAF_HASHES[:first]), root_hash(LEAF_HASHES[:second]), root_hash(forged)
    proof = run(TREE.consistency_proof(first, second))
    for arguments in (
        (first, old, second, false, proof),
        (first, old, second, false, run(Tree(rows(forged)).consistency_proof(first, second))),
        (first, bytes(32), second, new, proof),
        (first, old, second, new, [*proof, bytes(32)]),
        (first, old, second, new, proof[:-1]),
        (second, new, first, old, proof),
    ):
        with pytest.raises(VerificationFailed):
            verify_consistency(*arguments)


def test_every_log_goes_on_from_the_empty_one_and_from_itself():
    root = root_hash(LEAF_HASHES[:5])
    verify_consistency(0, EMPTY_ROOT, 5, root, [])
    verify_consistency(5, root, 5, root, [])
    for first, first_root in ((0, root), (5, EMPTY_ROOT)):
        with pytest.raises(VerificationFailed):
            verify_consistency(first, first_root, 5, root, [])


@pytest.mark.parametrize(
    "question",
    [
        lambda: TREE.root(MOST + 1),
        lambda: TREE.inclusion_proof(3, MOST + 200),
        lambda: TREE.inclusion_proof(7, 7),
        lambda: TREE.inclusion_proof(-1, 7),
        lambda: TREE.consistency_proof(8, 7),
        lambda: TREE.consistency_proof(7, MOST + 1),
    ],
)
def test_what_is_not_in_the_log_has_no_proof(question):
    with pytest.raises(ValueError, match="entr"):
        run(question())
