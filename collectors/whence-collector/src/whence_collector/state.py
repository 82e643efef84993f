"""What a shipper remembers: how far it got, what it counted, and what went wrong last."""

import json
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self

NAME = "shipper.json"


@dataclass
class State:
    """The state of a spool's shipper, in a file that is replaced as a whole.

    Where the file is lost, or older than what was acknowledged, events are sent again: the server knows them by their
    bytes.

    Attributes:
        url: where it sends to.
        pid: the shipper's process.
        offsets: how far each segment was acknowledged.
        sent: events that the server took.
        sent_at: when it took some last, in seconds since 1970; 0 is never.
        refused: events that the server does not want.
        torn: events that were cut off when their process was killed in the middle of writing.
        expired: events that nobody took in the time they may wait.
        error: what went wrong last; empty when events were taken since.
        error_at: when that was.
    """

    url: str = ""
    pid: int = 0
    offsets: dict[str, int] = field(default_factory=dict)
    sent: int = 0
    sent_at: float = 0
    refused: int = 0
    torn: int = 0
    expired: int = 0
    error: str = ""
    error_at: float = 0

    @classmethod
    def load(cls, folder: Path) -> Self:
        """The state of a spool; a new one where there is none that can be read."""
        try:
            return cls(**json.loads((folder / NAME).read_bytes()))
        except (OSError, ValueError, TypeError):
            return cls()

    def save(self, folder: Path) -> None:
        """Write it. On a full disk the old one stays, and acknowledged segments still go, which makes room."""
        new = folder / f"{NAME}.new"
        with suppress(OSError):
            new.write_text(json.dumps(asdict(self)))
            new.replace(folder / NAME)
