"""The shipper: sends what waits in a spool, in order, and removes what the server has acknowledged."""

import json
import os
import random
import time
from contextlib import closing, suppress
from pathlib import Path

from . import segments
from .segments import Event
from .sending import Failure, Sender, Unavailable
from .state import State

REFUSED = "refused.ndjson"
MAX_REFUSED_BYTES = 64 * 2**20
"""A larger file of refused events makes room for a new one; the one before it is kept."""

_BATCH_EVENTS = 500
_BATCH_BYTES = 2**20
_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 30.0
_MINUTE, _DAY = 60, 86_400


class Shipper:
    """Ships one spool. There is one at a time: whoever makes it holds the spool's lock.

    It may be killed at any point: then some events are sent again, which the server sees by their bytes.
    """

    def __init__(self, folder: Path, sender: Sender, url: str, max_days: float) -> None:
        self._folder = folder
        self._sender = sender
        self._max_seconds = max_days * _DAY + segments.MAX_SECONDS
        self._settled: set[tuple[str, int]] = set()  # of the batch that is tried again
        self._failures = 0
        self.state = State.load(folder)
        self.state.url, self.state.pid = url, os.getpid()
        self.state.save(folder)
        self._remove_unfinished()

    def step(self) -> bool:
        """Send a batch; whether there was one.

        Raises:
            Unavailable: the server did not take all of it; wait for `pause()` seconds.
        """
        batch = self._next_batch()
        try:
            if batch:
                self._deliver(batch)
        except Unavailable as error:
            self._failures += 1
            self.state.error, self.state.error_at = str(error), time.time()
            self._tidy()
            self.state.save(self._folder)
            raise
        self._failures = 0
        if self._tidy() or batch:
            self.state.save(self._folder)
        return bool(batch)

    def pause(self, wanted: float = 0) -> float:
        """Seconds to wait after a failure: longer each time, up to half a minute, and never the same for all."""
        longest = min(_FIRST_PAUSE * 2.0 ** min(self._failures, 10), _LONGEST_PAUSE)
        return max(min(wanted, _LONGEST_PAUSE), random.uniform(longest / 2, longest))  # noqa: S311

    def has_work(self) -> bool:
        """Whether something waits, or somebody may still write."""
        return bool(segments.segments(self._folder))

    def _next_batch(self) -> list[Event]:
        batch: list[Event] = []
        size = 0
        for segment in segments.segments(self._folder):
            for event in segments.read(segment, self.state.offsets.get(segment.name, 0)):
                size += len(event.line)
                if batch and (size > _BATCH_BYTES or len(batch) == _BATCH_EVENTS):
                    return batch
                batch.append(event)
        return batch

    def _deliver(self, batch: list[Event]) -> None:
        """Send a batch, but for what is settled of it; when all is, go on from there."""
        sent = [event for event in batch if (event.segment, event.start) not in self._settled]
        failures = self._sender.send([event.line for event in sent])
        self._refuse([(event, failures[index]) for index, event in enumerate(sent) if _is_final(failures.get(index))])
        again = [failure for failure in failures.values() if failure.retriable]
        self.state.sent += len(sent) - len(failures)
        self.state.sent_at = time.time() if len(failures) < len(sent) else self.state.sent_at
        if again:
            waiting = {index for index, failure in failures.items() if failure.retriable}
            self._settled |= {(event.segment, event.start) for i, event in enumerate(sent) if i not in waiting}
            raise Unavailable(again[0].reason)
        self._settled.clear()
        self.state.error = ""
        self.state.offsets.update({event.segment: event.end for event in batch})

    def _refuse(self, refused: list[tuple[Event, Failure]]) -> None:
        """Set events aside that the server does not want, with the reason. Without room they are only counted."""
        if not refused:
            return
        path = self._folder / REFUSED
        with suppress(OSError):
            if path.exists() and path.stat().st_size > MAX_REFUSED_BYTES:
                path.replace(path.with_suffix(".old.ndjson"))
            known = _places(path)
            with path.open("ab") as file:
                for event, failure in refused:
                    place = f"{event.segment}:{event.start}"
                    if place not in known:  # set aside before a shipper was killed
                        entry = {"place": place, "reason": failure.reason, "event": event.line.decode(errors="replace")}
                        file.write(json.dumps(entry).encode() + b"\n")
        self.state.refused += len(refused)
        self.state.error_at = time.time()

    def _remove_unfinished(self) -> None:
        """Remove files that never got their name, as who made them was killed just then. Nothing is in them."""
        for path in self._folder.glob("*.new"):
            with suppress(OSError):
                if path.stat().st_mtime < time.time() - _MINUTE:
                    path.unlink()

    def _tidy(self) -> bool:
        """Remove segments that are done with; whether there were some."""
        done = [segment for segment in segments.segments(self._folder) if self._is_done(segment)]
        for segment in done:
            self.state.offsets.pop(segment.name, None)
        return bool(done)

    def _is_done(self, segment: Path) -> bool:
        """Whether a segment went: all of it was sent and nobody writes to it, or it has waited for too long."""
        offset = self.state.offsets.get(segment.name, 0)
        if time.time() > segments.begun(segment) + self._max_seconds:
            self.state.expired += sum(1 for _ in segments.read(segment, offset))
            segment.unlink(missing_ok=True)
            return True
        try:
            file = segment.open("rb+")
        except FileNotFoundError:
            return True
        with closing(file):
            if not segments.try_lock(file.fileno()):
                return False
            if next(segments.read(segment, offset), None):
                return False
            if file.seek(0, os.SEEK_END) > offset:
                self.state.torn += 1
            segment.unlink(missing_ok=True)
            return True


def _is_final(failure: Failure | None) -> bool:
    return failure is not None and not failure.retriable


def _places(path: Path) -> set[str]:
    """Where the refused events in the file come from."""
    try:
        with path.open("rb") as file:
            return {json.loads(line)["place"] for line in file if line.endswith(b"}\n")}
    except (OSError, ValueError):
        return set()
