"""Starting a shipper where none is at work."""

import logging
import os
import subprocess
import sys
import time
from pathlib import Path

from . import segments
from .settings import Settings

log = logging.getLogger("whence_collector")

LOCK = "shipper.lock"
LOG = "shipper.log"
PAUSE_SECONDS = 5.0
"""A process starts a shipper no more often."""
_MAX_STARTS = 5

_CODE = "import sys; sys.path.insert(0, sys.argv[1]); from whence_collector.ship import detached; detached(sys.argv[2])"


class Starter:
    """Starts a shipper for a spool as a process of its own, which outlives this one.

    A shipper at work holds a lock. It is taken here and handed down, so that of many processes only one starts one.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._descriptor = -1
        self._not_before = 0.0
        self._starts = 0

    def ensure(self) -> None:
        """Start one, unless one is at work or was just started.

        It costs a few microseconds where one is. It fails silently: the events are safe, and the next try may succeed.
        """
        now = time.monotonic()
        if not self._settings.shipper or now < self._not_before:
            return
        try:
            if self._descriptor >= 0 and segments.is_removed(self._descriptor):
                self.forget()  # with the whole folder, by somebody who cleans up
            if self._descriptor < 0:
                flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
                self._descriptor = os.open(self._settings.spool / LOCK, flags, 0o600)
            if segments.try_lock(self._descriptor):
                self._not_before = now + PAUSE_SECONDS
                self._start()
                self.forget()
        except OSError:
            self.forget()
            self._not_before = now + PAUSE_SECONDS

    def forget(self) -> None:
        """Close the lock's file. What a forked child shares with its parent, or a shipper was given, is not ours."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _start(self) -> None:
        self._starts += 1
        if self._starts == _MAX_STARTS:
            where = self._settings.spool / LOG
            log.warning("Whence: the shipper does not stay up; `whence-ship --status` or %s says why", where)
        package = str(Path(__file__).parents[1])
        spool = str(self._settings.spool)  # for people who look at the list of processes
        python = [sys.executable, "-I", "-S", "-c", _CODE, package, str(self._descriptor), spool]
        log_file = os.open(self._settings.spool / LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            # The shell ends at once, so that the shipper is no child of this process, which might wait for all of its.
            subprocess.run(  # noqa: S603
                ["/bin/sh", "-c", '"$@" &', "sh", *python],
                cwd="/",
                env={**os.environ, **self._settings.environment()},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log_file,
                pass_fds=(self._descriptor,),
                start_new_session=True,
                check=False,
            )
        finally:
            os.close(log_file)
