"""How far the sidecar got, in a file, so that it goes on from there."""

import json
import logging
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

log = logging.getLogger("whence_prefect")

OVERLAP = timedelta(minutes=15)
"""Events may become visible late and out of order. What is read again gives the same OpenLineage events."""


class Cursor:
    """The time of the latest event that was handed on."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.latest: datetime | None = self._read()

    def advance(self, at: datetime) -> None:
        """An event of this time was handed on. Where a flow's clock is ahead, that is no progress."""
        at = min(at, datetime.now(UTC))
        if self.latest is None or at > self.latest:
            self.latest = at

    def since(self) -> datetime | None:
        """From when on to read; None if nothing was read yet."""
        return self.latest - OVERLAP if self.latest else None

    def save(self) -> None:
        """Keep it, in one step."""
        if self.latest is None:
            return
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        new = self._path.with_suffix(".new")
        with new.open("w") as file:
            json.dump({"latest": self.latest.isoformat()}, file)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._path)

    def _read(self) -> datetime | None:
        try:
            return datetime.fromisoformat(json.loads(self._path.read_text())["latest"])
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            log.warning("%s cannot be read (%s): everything that Prefect still has is read again", self._path, error)
            return None
