"""The thread that makes events of what was seen, and puts them into the spool."""

import atexit
import logging
import os
import threading
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from .seen import Seen

if TYPE_CHECKING:
    from .writer import Writer

log = logging.getLogger("whence_prefect")

LINGER_SECONDS = 0.2
"""What is seen is worked off in batches: a thread that wakes for each takes the interpreter's lock from the flow."""
BATCH = 64
"""The most that is written together, so that a process that is killed just then loses little."""
EXIT_SECONDS = 2.0
"""The longest that a process's end is held up for what was not written yet."""


class Emitter:
    """Takes what was seen, in no time, and works it off in a thread of its own. A forked child begins anew."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[Seen | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self.active = False  # whether this process is watched
        os.register_at_fork(after_in_child=self._after_fork)

    def start(self) -> None:
        """From now on take what is seen. The thread begins with the first of it: most processes execute no flow."""
        self.active = True
        atexit.register(self.close)

    def put(self, seen: Seen) -> None:
        """Take something that was seen."""
        if not self.active:
            return
        self._queue.put(seen)
        if self._thread is None:
            self._ensure()

    def close(self, seconds: float = EXIT_SECONDS) -> None:
        """Work off what is there, for so long at most."""
        thread = self._thread
        if thread is None or not thread.is_alive():
            return
        self._queue.put(None)
        self._closing.set()
        thread.join(seconds)
        if thread.is_alive():
            log.warning("Whence: %d lineage events or more were not written before the end", self._queue.qsize())
        self._thread = None

    def _ensure(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="whence-prefect", daemon=True)
                self._thread.start()

    def _work(self) -> None:
        try:
            from .writer import Writer

            writer = Writer()
        except Exception:
            self.active = False
            log.warning("Whence: no lineage is recorded in this process", exc_info=True)
            return
        while self._work_off(writer):
            pass
        writer.close()

    def _work_off(self, writer: "Writer") -> bool:
        """Write what is seen next, and what else is seen soon; False at the end."""
        batch = [self._queue.get()]
        if self._queue.qsize() < BATCH:
            self._closing.wait(LINGER_SECONDS)
        with suppress(Empty):
            while batch[-1] is not None and len(batch) < BATCH:
                batch.append(self._queue.get_nowait())
        try:
            writer.write([seen for seen in batch if seen is not None])
        except Exception:
            log.warning("Whence: lineage events could not be written", exc_info=True)
        return batch[-1] is not None

    def _after_fork(self) -> None:
        self._queue = SimpleQueue()
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._thread = None


EMITTER = Emitter()
