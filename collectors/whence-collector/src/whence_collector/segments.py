"""Segments: the files of a spool, each with the events of one process in their order, one line each.

A segment is locked (flock) by the process that writes to it. The lock goes with the process, however that ends, also
across containers that share the folder; so whoever gets the lock knows that nobody writes any more.
"""

import fcntl
import os
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

MAX_BYTES = 4 * 2**20
"""A longer segment is not written to any more."""
MAX_SECONDS = 3_600.0
"""Neither is an older one, so that a segment's age says how old its events are."""

_NAME = re.compile(r"(\d{13})-\d+-[0-9a-f]{8}\.ndjson")
_last = 0


class Event(NamedTuple):
    """An event in a segment: the bytes of its line without the line's end, which lie from `start` to `end`."""

    segment: str
    start: int
    end: int
    line: bytes


def segments(folder: Path) -> list[Path]:
    """The segments of a spool, in the order in which they were begun."""
    try:
        return sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name))
    except FileNotFoundError:
        return []


def size(folder: Path) -> int:
    """How many bytes the files of a spool have."""
    total = 0
    with os.scandir(folder) as entries:
        for entry in entries:
            with suppress(FileNotFoundError):  # a shipper was quicker
                total += entry.stat().st_size
    return total


def begun(segment: Path) -> float:
    """When the segment was begun, in seconds since 1970."""
    found = _NAME.fullmatch(segment.name)
    return int(found[1]) / 1000 if found else 0.0


def new_name() -> str:
    """A name that sorts behind those that this process gave before."""
    global _last
    _last = max(int(time.time() * 1000), _last + 1)
    return f"{_last:013d}-{os.getpid()}-{os.urandom(4).hex()}.ndjson"


def read(segment: Path, offset: int) -> Iterator[Event]:
    """The complete events from `offset` on; none if the segment is gone."""
    try:
        file = segment.open("rb")
    except FileNotFoundError:
        return
    with file:
        file.seek(offset)
        for line in file:
            if not line.endswith(b"\n"):
                return
            yield Event(segment.name, offset, offset + len(line), line[:-1])
            offset += len(line)


def try_lock(descriptor: int) -> bool:
    """Take the lock of an open file, if nobody has it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def is_removed(descriptor: int) -> bool:
    """Whether the open file has no name any more."""
    return os.fstat(descriptor).st_nlink == 0
