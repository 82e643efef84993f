"""Checkpoints (C2SP tlog-checkpoint): how long a log is and what its root is, as the text of a signed note."""

import base64
import binascii
import re
from typing import NamedTuple, Self

from whence_schemas.errors import VerificationFailed

_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
_HASH_BYTES = 32


class Checkpoint(NamedTuple):
    """The log `origin` has `size` entries, and their tree this root (32 bytes)."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """The text to sign."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The checkpoint in a note's text. Extension lines mean nothing to Whence, and are passed over.

        Raises:
            VerificationFailed: there is none in it.
        """
        lines = text.split("\n")
        if len(lines) < 4 or lines.pop() or not all(lines) or not _SIZE.fullmatch(lines[1]):
            raise VerificationFailed("no checkpoint: lines with the origin, the size and the root are wanted")
        try:
            root = base64.b64decode(lines[2], validate=True)
        except binascii.Error:
            root = b""
        if len(root) != _HASH_BYTES:
            raise VerificationFailed(f"no checkpoint: {lines[2][:100]!r} is no root, which is 32 bytes in base64")
        return cls(lines[0], int(lines[1]), root)
