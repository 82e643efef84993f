"""Sends events in batches, and keeps what is rejected."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from rich.text import Text

from whence.cli.bar import bar
from whence.cli.client import Client
from whence.cli.console import note
from whence.cli.sources import Event, Source
from whence_schemas.errors import ConfigurationError, MalformedJson, WhenceError
from whence_schemas.events import read_json

BATCH_EVENTS = 500
BATCH_BYTES = 4 * 2**20
_REMEMBERED = 1_000


class Rejects:
    """What was no event: counted, the first ones remembered, all written to a file, as they were, one a line."""

    def __init__(self, path: Path) -> None:
        """Nothing is written before the first reject."""
        self.path = path
        self.count = 0
        self._first: list[tuple[str, str]] = []
        self._file: IO[bytes] | None = None
        self._opened = ExitStack()

    def add(self, event: Event, reason: str) -> None:
        """Keep one.

        Raises:
            ConfigurationError: the file cannot be written.
        """
        self.count += 1
        if len(self._first) < _REMEMBERED:
            self._first.append((event.place, reason))
        if not event.payload:  # nothing can be kept of what could not be read
            return
        try:
            if self._file is None:
                self._file = self._opened.enter_context(self.path.open("wb"))
            self._file.write(event.payload.replace(b"\r", b" ").replace(b"\n", b" ") + b"\n")
        except OSError as error:
            raise ConfigurationError(f"--rejects {self.path} cannot be written: {error.strerror}") from None

    @property
    def kept(self) -> bool:
        """Whether there is a file of them."""
        return self._file is not None

    def first(self, limit: int) -> list[tuple[str, str]]:
        """The first ones: place and reason."""
        return self._first[:limit]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._opened.close()


@dataclass
class Tally:
    """What was sent. `duplicates` is None where the server does not tell."""

    accepted: int = 0
    duplicates: int | None = 0

    def sentence(self, rejected: int) -> Text:
        """The tally for people."""
        parts = [f"{self.accepted + rejected:,} read"]
        if self.duplicates is None:
            parts.append(f"{self.accepted:,} accepted")
        else:
            parts += [f"{self.accepted - self.duplicates:,} new", f"{self.duplicates:,} already there"]
        text = Text("Events: " + ", ".join(parts) + ", ")
        return text.append(f"{rejected:,} rejected", "bold red" if rejected else "")

    def report(self, rejects: Rejects) -> dict[str, Any]:
        """The tally for programs."""
        new = None if self.duplicates is None else self.accepted - self.duplicates
        return {
            "read": self.accepted + rejects.count,
            "accepted": self.accepted,
            "new": new,
            "duplicates": self.duplicates,
            "rejected": rejects.count,
            "rejectsFile": str(rejects.path) if rejects.kept else None,
            "rejects": [{"place": place, "reason": reason} for place, reason in rejects.first(_REMEMBERED)],
        }


@dataclass
class _Batch:
    events: list[Event] = field(default_factory=list)
    size: int = 0

    def takes(self, event: Event) -> bool:
        fits = len(self.events) < BATCH_EVENTS and self.size + len(event.payload) <= BATCH_BYTES
        return fits or not self.events

    def add(self, event: Event) -> None:
        self.events.append(event)
        self.size += len(event.payload)


async def send_all(client: Client, sources: Sequence[Source], rejects: Rejects) -> Tally:
    """Send all events, in order, with a progress bar on a terminal.

    Raises:
        WhenceError: events could not be sent.
    """
    tally = Tally()
    for batch in _batches(_shown(sources), rejects):
        try:
            receipt = await client.send([event.payload for event in batch])
        except WhenceError:
            if tally.accepted:
                note(f"{tally.accepted:,} events were sent before this error. It is safe to send all of them again.")
            raise
        tally.accepted += receipt.accepted
        known = tally.duplicates is not None and receipt.duplicates is not None
        tally.duplicates = (tally.duplicates or 0) + (receipt.duplicates or 0) if known else None
        for index, reason in receipt.refused.items():
            rejects.add(batch[index], reason)
    return tally


def _batches(events: Iterable[Event], rejects: Rejects) -> Iterator[list[Event]]:
    """Batches of what is JSON; what is not is rejected here, as it would make the whole batch unreadable."""
    batch = _Batch()
    for event in events:
        reason = event.defect or _defect(event.payload)
        if reason:
            rejects.add(event, reason)
            continue
        if not batch.takes(event):
            yield batch.events
            batch = _Batch()
        batch.add(event)
    if batch.events:
        yield batch.events


def _defect(payload: bytes) -> str:
    try:
        read_json(payload)
    except MalformedJson as error:
        return str(error)
    return ""


def _shown(sources: Sequence[Source]) -> Iterator[Event]:
    """All events, with a progress bar over the bytes of the files."""
    total = sum(source.size for source in sources)
    done = 0
    with bar("Into the log", of_bytes=True) as update:
        for source in sources:
            for event in source:
                update(done + source.position, total)
                yield event
            done += source.size
