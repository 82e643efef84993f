"""The spool: a folder where events wait until the server has them.

Each process appends to a segment of its own, an event by one `write`, or several of them. What is written survives the
process, however that ends (the machine's crash only with `fsync`). Nothing here waits for another process or for the
network, nothing raises.
"""

import errno
import logging
import os
import random
import threading
import time
from pathlib import Path

from . import segments
from .drops import Drops
from .settings import Settings
from .starting import Starter

log = logging.getLogger("whence_collector")

FULL_SECONDS = 1.0
"""How long a full spool is believed to be full."""
_TRIES = 16
"""How many segments that others have left are tried, before a new one is begun."""


class SpoolFull(OSError):
    """As much waits as may."""


class Spool:
    """Where this process puts its events. Safe for threads, signal handlers, and forks."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._folder = settings.spool
        self._drops = Drops(self._folder)
        self._starter = Starter(settings)
        self._lock = threading.RLock()  # a signal's handler may emit while its thread is in here
        self._pid = os.getpid()
        self._segment: _Segment | None = None
        self._begun: list[Path] = []
        self._full_until = 0.0
        self._warned = False
        self.dropped = 0  # by this process
        os.register_at_fork(
            before=lambda: self._lock.acquire(),
            after_in_parent=lambda: self._lock.release(),
            after_in_child=self._after_fork,
        )

    def append(self, *lines: bytes) -> bool:
        """Put events, each as JSON in one line without its end, into the spool by one `write`.

        False if they had to be dropped: all of them, or none.
        """
        if os.getpid() != self._pid:  # forked by code that runs no hooks
            self._after_fork()
        with self._lock:
            try:
                self._write(b"".join(line + b"\n" for line in lines))
            except OSError as error:
                if error.errno is None:  # a host's time limit, raised by its signal handler: not ours to catch
                    raise
                self._give_up(error, len(lines))
                return False
            self._starter.ensure()
        return True

    def drop(self, reason: str, message: str, count: int = 1) -> None:
        """Count events that were not written, and warn if they are this process's first."""
        with self._lock:
            self.dropped += count
            self._drops.add(reason, count)
            if not self._warned:
                self._warned = True
                log.warning("Whence: lineage events are dropped, the pipeline goes on: %s", message)

    def flush(self, seconds: float) -> bool:
        """Wait until what this process wrote was sent; False if that took longer than so many seconds."""
        with self._lock:
            self._close()
        end = time.monotonic() + seconds
        while self._begun:
            self._begun = [path for path in self._begun if path.exists()]
            if self._begun and time.monotonic() >= end:
                return False
            time.sleep(0.01 if self._begun else 0)
        return True

    def _write(self, lines: bytes) -> None:
        segment = self._segment
        if segment is None or not segment.can_take_more():
            self._close()
            segment = self._segment = self._next()
        segment.write(lines, self._settings.fsync)

    def _next(self) -> "_Segment":
        """A segment to write to: one that another process left, else a new one."""
        if time.monotonic() < self._full_until:
            raise SpoolFull(errno.EDQUOT, "the spool is full")
        if not self._folder.is_dir():  # to make one that is there takes its parent's lock, which waits on a busy disk
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self._folder.stat().st_mode & 0o077 and os.geteuid() == self._folder.stat().st_uid:
            self._folder.chmod(0o700)
        self._drops.prepare()
        if segments.size(self._folder) >= self._settings.max_bytes:
            self._full_until = time.monotonic() + FULL_SECONDS
            raise SpoolFull(errno.EDQUOT, "the spool is full")
        segment = _adopt(segments.segments(self._folder)) or _begin(self._folder)
        self._begun.append(segment.path)
        return segment

    def _give_up(self, error: OSError, count: int) -> None:
        limit = f"{self._settings.max_bytes:,} bytes wait in {self._folder}, which is the limit"
        if isinstance(error, SpoolFull):
            self.drop("spool full", f"{limit}; `whence-ship --status` says why they are not sent", count)
        elif error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            self.drop("disk full", f"there is no room on the disk of {self._folder} ({error.strerror})", count)
        else:
            self._close()
            message = f"{self._folder} cannot be written ({error}); set WHENCE_SPOOL to another folder"
            self.drop("not writable", message, count)

    def _close(self) -> None:
        if self._segment is not None:
            self._segment.close()
            self._segment = None

    def _after_fork(self) -> None:
        """In the child: leave the parent's segment to the parent. Its lock stays, as both share it."""
        self._lock = threading.RLock()
        self._pid = os.getpid()
        self._begun = []
        self._close()
        self._starter.forget()


class _Segment:
    """A segment that this process has locked."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor
        self._until = segments.begun(path) + segments.MAX_SECONDS

    def can_take_more(self) -> bool:
        """Whether it is there, short and young enough. It may be gone, as some clean up what they do not know."""
        found = os.fstat(self._descriptor)
        return found.st_nlink > 0 and found.st_size < segments.MAX_BYTES and time.time() < self._until

    def write(self, lines: bytes, sync: bool) -> None:
        """Append lines as a whole, or nothing of them."""
        start = os.fstat(self._descriptor).st_size
        written = 0
        try:
            while written < len(lines):  # once, but for a disk with room for a part
                written += os.write(self._descriptor, lines[written:] if written else lines)
            if sync:
                os.fdatasync(self._descriptor)
        except BaseException:
            os.ftruncate(self._descriptor, start)
            raise

    def close(self) -> None:
        os.close(self._descriptor)


_FLAGS = os.O_RDWR | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW


def _begin(folder: Path) -> _Segment:
    """A new segment. It gets its name when it is locked, as a shipper removes segments that nobody writes to."""
    path = folder / segments.new_name()
    unnamed = path.with_suffix(".new")
    descriptor = os.open(unnamed, _FLAGS | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        segments.try_lock(descriptor)
        unnamed.rename(path)
    except BaseException:
        os.close(descriptor)
        raise
    return _Segment(path, descriptor)


def _adopt(left: list[Path]) -> _Segment | None:
    """A segment whose process has ended, so that many short processes do not make many files."""
    for path in random.sample(left, min(len(left), _TRIES)):
        try:
            descriptor = os.open(path, _FLAGS)
        except OSError:
            continue
        segment = _Segment(path, descriptor)
        if segments.try_lock(descriptor) and segment.can_take_more() and _ends_well(descriptor):
            return segment
        segment.close()
    return None


def _ends_well(descriptor: int) -> bool:
    """Whether nothing was torn off at its end."""
    size = os.fstat(descriptor).st_size
    return size == 0 or os.pread(descriptor, 1, size - 1) == b"\n"
