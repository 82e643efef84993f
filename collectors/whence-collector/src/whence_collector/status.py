"""How a spool stands: what waits, what was dropped, refused or torn, and what went wrong last."""

import json
import os
import sys
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from . import segments
from .drops import Drops
from .settings import Settings, spools
from .starting import LOCK
from .state import State


@dataclass
class Status:
    """One spool.

    Attributes:
        spool: its folder.
        running: whether a shipper is at work.
        waiting: how many events wait.
        waiting_bytes: their size.
        oldest: when the oldest of them can have been written, in seconds since 1970.
        dropped: events that were never written, by reason.
        shipper: what its shipper remembers.
    """

    spool: str
    running: bool
    waiting: int
    waiting_bytes: int
    oldest: float | None
    dropped: dict[str, int]
    shipper: State


def status(spool: Path) -> Status:
    """Read how a spool stands, without disturbing anybody."""
    state = State.load(spool)
    events = size = 0
    oldest = None
    for segment in segments.segments(spool):
        for event in segments.read(segment, state.offsets.get(segment.name, 0)):
            events, size = events + 1, size + len(event.line)
            oldest = oldest or segments.begun(segment)
    return Status(str(spool), _is_running(spool), events, size, oldest, dict(Drops(spool).counts()), state)


def waits(spool: Path) -> bool:
    """Whether an event waits."""
    offsets = State.load(spool).offsets
    return any(
        True for segment in segments.segments(spool) for _ in segments.read(segment, offsets.get(segment.name, 0))
    )


def report(settings: Settings, chosen: str | None, as_json: bool) -> int:
    """Print how the spool stands, or, unless one was chosen, each default one; the exit code."""
    found = [status(folder) for folder in _folders(settings, chosen)]
    if as_json:
        sys.stdout.write(json.dumps([asdict(one) for one in found], indent=2) + "\n")
    else:
        sys.stdout.write("\n".join("".join(f"{line}\n" for line in _lines(one)) for one in found))
    return 0


def _folders(settings: Settings, chosen: str | None) -> list[Path]:
    if chosen or os.environ.get("WHENCE_SPOOL") or not spools().is_dir():
        return [settings.spool]
    return sorted({settings.spool, *(folder for folder in spools().iterdir() if folder.is_dir())})


def _lines(found: Status) -> Iterable[str]:
    state = found.shipper
    yield f"Spool {found.spool}"
    if state.url:
        yield f"  server    {state.url}"
    yield "  shipper   " + (f"running (process {state.pid})" if found.running else "not running")
    since = f", {found.waiting_bytes:,} bytes, the oldest for up to {_ago(found.oldest)}" if found.oldest else ""
    yield f"  waiting   {_events(found.waiting)}{since}"
    yield f"  sent      {_events(state.sent)}" + (f", the last {_ago(state.sent_at)} ago" if state.sent_at else "")
    for reason, count in found.dropped.items():
        yield f"  dropped   {_events(count)}: {reason}"
    if state.expired:
        yield f"  dropped   {_events(state.expired)}: waited for too long"
    if state.torn:
        yield f"  torn      {_events(state.torn)}: the process was killed while it wrote"
    if state.refused:
        yield f"  refused   {_events(state.refused)} by the server: see refused.ndjson there"
    if state.error:
        yield f"  failed    {_ago(state.error_at)} ago: {state.error}"


def _events(count: int) -> str:
    return f"{count:,} event{'' if count == 1 else 's'}"


def _ago(moment: float) -> str:
    seconds = max(0, time.time() - moment)
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def _is_running(spool: Path) -> bool:
    try:
        descriptor = os.open(spool / LOCK, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return not segments.try_lock(descriptor)
    finally:
        os.close(descriptor)
