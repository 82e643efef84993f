"""Merkle trees of RFC 6962 (section 2.1): roots, inclusion and consistency proofs, and their verification.

A `Tree` reads the hashes that it needs from a source, in rows of up to 256 as tlog-tiles have them: row n of level l
holds the hashes of the complete subtrees of 256**l leaves with the numbers 256 n to 256 n + 255. So what is stored
beside the leaves is less than half a percent of them, and a proof in a log of a million entries takes a few rows.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterator, Sequence
from hashlib import sha256
from typing import NamedTuple

from whence_schemas.errors import VerificationFailed

EMPTY_ROOT = sha256(b"").digest()
"""The root of a tree without leaves."""

ROW = 256
"""How many hashes a row holds."""
ROW_HEIGHT = 8
"""By how many levels of the binary tree a level of rows lies above the one below."""

_REMEMBERED_ROWS = 64
"""Of 256 hashes and those above them, about 35 kB each. Nearly all proofs need the same few of the upper levels."""

Hashes = Callable[[int, int, int], Awaitable[list[bytes]]]
"""A source: (level, start, end) -> hashes of the complete subtrees of 256**level leaves with these numbers."""


def leaf_hash(leaf: bytes) -> bytes:
    """32 bytes: the hash of a leaf."""
    return sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """32 bytes: the hash of the node over two others."""
    return sha256(b"\x01" + left + right).digest()


def root_hash(leaf_hashes: Sequence[bytes]) -> bytes:
    """32 bytes: the root of the tree over all these leaf hashes."""
    if not leaf_hashes:
        return EMPTY_ROOT
    layer = list(leaf_hashes)
    while len(layer) > 1:
        unpaired = layer[len(layer) & ~1 :]
        layer = _layer_above(layer) + unpaired
    return layer[0]


def verify_inclusion(leaf_hash: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Check that the leaf lies at `index` in the tree of `size` leaves with this root (RFC 9162, section 2.1.3.2).

    Raises:
        VerificationFailed: the proof does not show it.
    """
    if not 0 <= index < size:
        raise VerificationFailed(f"there is no entry {index} in a log of {size} entries")
    found, elements = leaf_hash, iter(proof)
    for side in _path(index, 0, size):
        sibling = _next(elements)
        found = node_hash(sibling, found) if side.is_left else node_hash(found, sibling)
    _finish(elements)
    if found != root:
        raise VerificationFailed(f"entry {index} is not in the log of {size} entries with the root {root.hex()}")


def verify_consistency(first: int, first_root: bytes, second: int, second_root: bytes, proof: Sequence[bytes]) -> None:
    """Check that the tree of `second` leaves only adds to the one of `first` (RFC 9162, section 2.1.4.2).

    Raises:
        VerificationFailed: the proof does not show it.
    """
    if not 0 <= first <= second:
        raise VerificationFailed(f"a log of {second} entries cannot go on from one of {first}")
    elements = iter(proof)
    if first in (0, second):
        old, new = (EMPTY_ROOT, second_root) if first == 0 else (second_root, second_root)
    else:
        height, number = _last_complete(first)
        old = new = first_root if number == 0 else _next(elements)
        for side in _path(number, height, second):
            sibling = _next(elements)
            if side.is_left:
                old, new = node_hash(sibling, old), node_hash(sibling, new)
            else:
                new = node_hash(new, sibling)
    _finish(elements)
    if old != first_root or new != second_root:
        raise VerificationFailed(f"the log of {second} entries does not go on from the one of {first}: history differs")


class Tree:
    """Roots and proofs over a source of hashes, for every size the log has had."""

    def __init__(self, hashes: Hashes) -> None:
        self._hashes = hashes
        self._recent: OrderedDict[tuple[int, int, int], list[list[bytes]]] = OrderedDict()

    async def root(self, size: int) -> bytes:
        """32 bytes: the root of the first `size` leaves.

        Raises:
            ValueError: the source has fewer.
        """
        if size == 0:
            return EMPTY_ROOT
        [[root]] = await self._resolve([[_Range(0, size)]], size)
        return root

    async def inclusion_proof(self, index: int, size: int) -> list[bytes]:
        """The proof that leaf `index` is among the first `size` (RFC 6962, section 2.1.1), from the leaf upwards.

        Raises:
            ValueError: it is not, or the source has fewer leaves.
        """
        [proof] = await self.inclusion_proofs([index], size)
        return proof

    async def inclusion_proofs(self, indices: Sequence[int], size: int) -> list[list[bytes]]:
        """The inclusion proofs of many leaves; what they share is read once.

        Raises:
            ValueError: one is not among the first `size` leaves, or the source has fewer.
        """
        for index in indices:
            if not 0 <= index < size:
                raise ValueError(f"there is no entry {index} among {size}")
        return await self._resolve([[side.range for side in _path(index, 0, size)] for index in indices], size)

    async def consistency_proof(self, first: int, second: int) -> list[bytes]:
        """The proof that the first `second` leaves begin with the first `first` (RFC 6962, section 2.1.2).

        Raises:
            ValueError: there are more in `first`, or the source has fewer than `second`.
        """
        if not 0 <= first <= second:
            raise ValueError(f"{first} entries are no beginning of {second}")
        if first in (0, second):
            return []
        height, number = _last_complete(first)
        ranges = [] if number == 0 else [_Range(number << height, (number + 1) << height)]
        ranges += [side.range for side in _path(number, height, second)]
        [proof] = await self._resolve([ranges], second)
        return proof

    async def _resolve(self, proofs: list[list["_Range"]], size: int) -> list[list[bytes]]:
        """The hashes of ranges, which are read together."""
        nodes = {range_: list(_nodes(range_)) for ranges in proofs for range_ in ranges}
        needed = {node.row for complete in nodes.values() for node in complete}
        rows = {row: await self._row(*row, size) for row in sorted(needed)}
        hashes = {
            range_: _joined([rows[node.row][node.layer][node.position] for node in complete])
            for range_, complete in nodes.items()
        }
        return [[hashes[range_] for range_ in ranges] for ranges in proofs]

    async def _row(self, level: int, number: int, size: int) -> list[list[bytes]]:
        """A row as the tree of `size` leaves has it, and the layers of the binary tree up to the next level."""
        start = number * ROW
        end = min(start + ROW, size >> (ROW_HEIGHT * level))
        key = (level, start, end)
        layers = self._recent.get(key)
        if layers is None:
            row = await self._hashes(*key)
            if len(row) != end - start:
                raise ValueError(f"there are fewer than {size} entries in the log")
            layers = [row]
            while len(layers) < ROW_HEIGHT:
                layers.append(_layer_above(layers[-1]))
            self._recent[key] = layers  # which never changes, as the log is only appended to
        self._recent.move_to_end(key)
        if len(self._recent) > _REMEMBERED_ROWS:
            self._recent.popitem(last=False)
        return layers


class _Range(NamedTuple):
    """Leaves start to end - 1, all that lie below one node of the tree."""

    start: int
    end: int


class _Side(NamedTuple):
    """The sibling of a node on the path to the root: what lies below it, and on which side of the path it is."""

    range: _Range
    is_left: bool


class _Node(NamedTuple):
    """A complete subtree, by where its hash is: the row (level, number), the layer above it, the position there."""

    row: tuple[int, int]
    layer: int
    position: int


def _path(number: int, height: int, size: int) -> Iterator[_Side]:
    """The siblings on the way from a complete subtree of 2**height leaves to the root of `size` leaves.

    At the right edge a sibling may be incomplete; where there is none, the node itself moves up."""
    while (size - 1) >> height:
        sibling = number ^ 1
        start = sibling << height
        if start < size:
            yield _Side(_Range(start, min(start + (1 << height), size)), is_left=sibling < number)
        number >>= 1
        height += 1


def _last_complete(size: int) -> tuple[int, int]:
    """Height and number of the last of the largest complete subtrees that make up `size` leaves."""
    height = (size & -size).bit_length() - 1
    return height, (size >> height) - 1


def _nodes(range_: _Range) -> Iterator[_Node]:
    """The complete subtrees that make up the range, from the largest on the left to the smallest."""
    start, end = range_
    while start < end:
        height = (end - start).bit_length() - 1
        level, layer = divmod(height, ROW_HEIGHT)
        row, position = divmod(start >> height, ROW >> layer)
        yield _Node((level, row), layer, position)
        start += 1 << height


def _joined(hashes: list[bytes]) -> bytes:
    """The hash over complete subtrees that stand side by side, the largest on the left."""
    joined = hashes[-1]
    for left in hashes[-2::-1]:
        joined = node_hash(left, joined)
    return joined


def _layer_above(layer: Sequence[bytes]) -> list[bytes]:
    """The hashes over each two of a layer; an unpaired last one is left out."""
    return [node_hash(left, right) for left, right in zip(layer[::2], layer[1::2], strict=False)]


def _next(elements: Iterator[bytes]) -> bytes:
    for element in elements:
        return element
    raise VerificationFailed("the proof is too short")


def _finish(elements: Iterator[bytes]) -> None:
    for _ in elements:
        raise VerificationFailed("the proof is too long")
