"""``whence-ship``: ships a spool as a service, once, or as the process that the transport starts; or says how it is."""

import argparse
import fcntl
import os
import signal
import sys
import time
from pathlib import Path

from . import segments
from .sending import Sender, Unavailable
from .settings import MAX_FLUSH_SECONDS, Settings
from .shipper import Shipper
from .starting import LOCK
from .status import report, waits

IDLE_SECONDS = 30.0
"""A shipper that the transport started goes when there was nothing to do, and nobody who might write, for so long."""
_SHORTEST_POLL, _LONGEST_POLL = 0.05, 1.0
_WRONG_KEY_SECONDS = 2.0


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit code: 0 all is well, 1 events still wait, 2 called wrongly or set up badly."""
    parser = argparse.ArgumentParser(prog="whence-ship", description="Sends the lineage events that wait in the spool.")
    parser.add_argument("--url", help="the server (WHENCE_URL); its key is taken from WHENCE_KEY")
    parser.add_argument("--spool", help="the folder of the spool (WHENCE_SPOOL)")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--once", action="store_true", help="send what waits, then exit")
    what.add_argument("--status", action="store_true", help="say what waits, what was dropped and refused, and why")
    parser.add_argument("--json", action="store_true", help="the status for programs")
    parser.add_argument("--timeout", type=float, default=60, help="seconds that --once may take (default: 60)")
    chosen = parser.parse_args(arguments)
    settings = Settings.load({"url": chosen.url, "spool": chosen.spool})
    if chosen.status:
        return report(settings, chosen.spool, as_json=chosen.json)
    os.umask(0o077)
    try:
        settings.spool.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = _open_lock(settings.spool)
    except OSError as error:
        sys.stderr.write(f"whence-ship: {error.filename} cannot be used: {error.strerror}\n")
        return 2
    try:
        if chosen.once:
            return _once(settings, lock, chosen.timeout)
        while not segments.try_lock(lock):
            time.sleep(_LONGEST_POLL)
        _run(settings, lock, lasting=True)
        return 0
    finally:
        os.close(lock)


def detached(lock: str) -> None:
    """What the transport starts: ships until nobody needs it. `lock` is the descriptor of the locked file."""
    os.set_inheritable(int(lock), False)
    os.umask(0o077)
    os.nice(10)
    settings, descriptor = Settings.load(), int(lock)
    while _run(settings, descriptor, lasting=False):
        # Who wrote since the last look saw the lock taken, and started no shipper.
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        if not segments.segments(settings.spool) or not segments.try_lock(descriptor):
            return


def _open_lock(spool: Path) -> int:
    return os.open(spool / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _shipper(settings: Settings) -> Shipper:
    return Shipper(settings.spool, Sender(settings.url, settings.key), settings.url, settings.max_days)


def _once(settings: Settings, lock: int, timeout: float) -> int:
    """Send what waits now, unless another shipper is about it; 0 if nothing waits in the end."""
    end = time.monotonic() + timeout
    shipper = None
    while True:
        if shipper is None and segments.try_lock(lock):
            shipper = _shipper(settings)
        pause = _SHORTEST_POLL
        if shipper:
            try:
                while shipper.step():
                    pass
            except Unavailable as error:
                pause = shipper.pause(error.after)
                sys.stderr.write(f"whence-ship: {settings.url}: {error}\n")
        if not waits(settings.spool):
            return 0
        if time.monotonic() + pause >= end:
            return 1
        time.sleep(pause)


def _run(settings: Settings, lock: int, lasting: bool) -> bool:
    """Ship until told to stop, or, unless `lasting`, until nobody has needed it for a while: then True."""
    stopping = _Stop()
    shipper = _shipper(settings)
    poll, idle_since = _SHORTEST_POLL, time.monotonic()
    while not segments.is_removed(lock):
        try:
            busy = shipper.step()
            pause = 0.0 if busy else poll
        except Unavailable as error:
            busy, pause = True, shipper.pause(error.after)
            if error.wrong_key and not lasting:  # who writes next may have another key, and starts a shipper with it
                stopping.sleep(_WRONG_KEY_SECONDS)
                return False
        poll = _SHORTEST_POLL if busy else min(poll * 1.5, _LONGEST_POLL)
        if stopping.asked and not busy:
            return False
        if busy or shipper.has_work():
            idle_since = time.monotonic()
        elif not lasting and time.monotonic() - idle_since > IDLE_SECONDS:
            return True
        stopping.sleep(pause)
    return False


class _Stop:
    """Whether the process was asked to end. It then has two seconds to send what waits."""

    def __init__(self) -> None:
        self.asked = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask)

    def _ask(self, number: int, frame: object) -> None:
        self.asked = True
        signal.signal(signal.SIGALRM, lambda *_: os._exit(1))
        signal.setitimer(signal.ITIMER_REAL, MAX_FLUSH_SECONDS)

    def sleep(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while not self.asked and (left := end - time.monotonic()) > 0:
            time.sleep(min(left, 0.25))


if __name__ == "__main__":
    sys.exit(main())
