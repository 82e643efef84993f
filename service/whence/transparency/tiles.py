"""Tiles (C2SP tlog-tiles): paths, and bundles of entries."""

import re
from collections.abc import Iterable
from typing import NamedTuple

from whence.transparency.merkle import ROW

WIDTH = ROW
"""How many hashes or entries a full tile holds."""
MAX_LEVEL = 63

_PATH = re.compile(r"((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")
_LONGEST = 64


class Tile(NamedTuple):
    """Tile `number` of a level, with the first `width` of its hashes."""

    number: int
    width: int

    @classmethod
    def parse(cls, path: str) -> "Tile":
        """The tile that a path names, below that of its level.

        Raises:
            ValueError: it names none.
        """
        match = _PATH.fullmatch(path) if len(path) <= _LONGEST else None
        if not match:
            raise ValueError(f"{path[:_LONGEST]!r} names no tile")
        number = int(re.sub("[x/]", "", match[1]))
        width = int(match[2] or WIDTH)
        if tile_path(number) != match[1] or width > WIDTH - bool(match[2]):
            raise ValueError(f"{path[:_LONGEST]!r} names no tile")
        return cls(number, width)


def tile_path(number: int) -> str:
    """The path of a full tile below that of its level, such as ``x001/x234/067``."""
    groups: list[str] = []
    while not groups or number:
        number, group = divmod(number, 1_000)
        groups.append(f"x{group:03}")
    return "/".join(reversed(groups))[: -len(groups[0])] + groups[0][1:]


def bundle(entries: Iterable[bytes]) -> bytes:
    """Entries, each behind its length in two bytes.

    Raises:
        OverflowError: one has 64 KiB or more.
    """
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)
