"""Plain Python."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.benchmarks.collectors.host import Place, Ran, checkout, clean, noting, timed


class Plain:
    """Functions that are called one after the other."""

    name = "plain Python"

    def __init__(self, tasks: int) -> None:
        self.tasks = tasks

    @contextmanager
    def running(self, place: Place) -> Iterator[None]:
        """Nothing runs beside it."""
        self._place = place
        self._script = checkout(place.folder / "code", "plain.py")
        self._finished = 0
        yield

    def run(self, recorded: bool, progress: Path | None = None) -> Ran:
        """Run the script."""
        command = [sys.executable, str(self._script), str(self.tasks), *(["recorded"] if recorded else [])]
        variables = {**clean(dict(os.environ)), **self._place.recorded, **noting(progress)}
        done, cpu = timed(command, variables, self._place.folder)
        if recorded:
            self._finished += self.tasks if not done.returncode else _noted(progress) - 1
        seconds = float(done.stdout) if not done.returncode else 0.0
        return Ran(seconds / self.tasks * 1000, done.returncode, done.stderr, cpu / self.tasks * 1000)

    def finished(self) -> int:
        """The tasks that ran, but for the one in the middle of which the process was killed."""
        return self._finished

    def drain(self) -> None:
        """All is in the spool."""


def _noted(progress: Path | None) -> int:
    return len(progress.read_text().splitlines()) if progress else 0
