"""Counting what was dropped, also on a full disk, and by many processes."""

import json
import os
from collections import Counter
from contextlib import suppress
from pathlib import Path

from .segments import try_lock

NAME = "dropped.json"
_SIZE = 1024


class Drops:
    """Counts by reason, in a file whose blocks are written beforehand, so that counting needs no room on the disk.

    What cannot be counted there now is kept in memory and added with the next drop: nothing ever waits.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME
        self._pending: Counter[str] = Counter()

    def prepare(self) -> None:
        """Make the file, unless it is there."""
        if not self._path.exists():
            self._add(Counter())

    def add(self, reason: str, count: int = 1) -> None:
        """Count dropped events."""
        self._pending[reason] += count
        with suppress(OSError):
            self._add(self._pending)

    def _add(self, counts: Counter[str]) -> None:
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            if try_lock(descriptor):
                text = json.dumps(_parse(os.pread(descriptor, _SIZE, 0)) + counts)
                os.pwrite(descriptor, text.ljust(_SIZE - 1).encode() + b"\n", 0)
                counts.clear()
        finally:
            os.close(descriptor)

    def counts(self) -> Counter[str]:
        """What was counted, by all processes."""
        try:
            return _parse(self._path.read_bytes())
        except OSError:
            return Counter()


def _parse(text: bytes) -> Counter[str]:
    try:
        return Counter(json.loads(text))
    except (ValueError, TypeError):
        return Counter()
