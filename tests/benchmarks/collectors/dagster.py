"""Dagster: the tail beside the instance."""

import os
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from tests.benchmarks.collectors.host import PIPELINES, Place, Ran, checkout, clean, noting, timed
from tests.orchestrators.environments import environment

_COLLECTORS = PIPELINES.parents[3] / "collectors"
_LATEST = "dagster==1.13.28"


class DagsterHost:
    """A job with a dynamic fan-out, in one process; an instance for the recorded runs, and one for the others."""

    name = "Dagster"

    def __init__(self, tasks: int) -> None:
        self.tasks = tasks
        editable = (_COLLECTORS / "whence-collector", _COLLECTORS / "whence-dagster")
        self._bin = environment(_LATEST.replace("==", "-"), _LATEST, editable=editable) / "bin"

    @contextmanager
    def running(self, place: Place) -> Iterator[None]:
        """The instances. The tail follows the recorded one."""
        self._place = place
        self._job = checkout(place.folder / "code", "dagster_job.py")
        for recorded in (False, True):
            home = self._home(recorded)
            home.mkdir()
            (home / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
            self._call(recorded, "dagster", "run", "list")  # makes the databases, which two processes at once cannot
        with self._tail():
            yield

    def run(self, recorded: bool, progress: Path | None = None) -> Ran:
        """Execute the job, as on a command line."""
        command = [str(self._bin / "dagster"), "job", "execute", "-f", str(self._job), "-j", "many"]
        variables = {**self._variables(recorded), **noting(progress)}
        done, cpu = timed(command, variables, self._job.parent)
        return Ran(self._seconds(recorded) / self.tasks * 1000, done.returncode, done.stderr, cpu / self.tasks * 1000)

    def finished(self) -> int:
        """Successes of the op in the logs of all runs."""
        found = 0
        for log in (self._home(True) / "history/runs").glob("*-*.db"):
            with closing(sqlite3.connect(log)) as database:
                found += database.execute(_SUCCESSES).fetchone()[0]
        return found

    def drain(self) -> None:
        """The tail goes on, and reads what it has not read yet."""

    def _seconds(self, recorded: bool) -> float:
        """Of the newest run, by Dagster's own account."""
        with closing(sqlite3.connect(self._home(recorded) / "history/runs.db")) as database:
            asked = "SELECT end_time - start_time FROM runs ORDER BY id DESC LIMIT 1"
            return float(database.execute(asked).fetchone()[0] or 0)

    def _home(self, recorded: bool) -> Path:
        return self._place.folder / ("recorded" if recorded else "alone")

    def _variables(self, recorded: bool) -> dict[str, str]:
        home = {"DAGSTER_HOME": str(self._home(recorded)), "COUNT": str(self.tasks)}
        return {**clean(dict(os.environ)), **self._place.recorded, **home}

    def _call(self, recorded: bool, program: str, *arguments: str) -> None:
        command = [str(self._bin / program), *arguments]
        subprocess.run(command, env=self._variables(recorded), cwd=self._job.parent, capture_output=True, check=True)

    @contextmanager
    def _tail(self) -> Iterator[None]:
        command = [str(self._bin / "whence-dagster"), "tail", "--state", str(self._place.folder / "tail.json")]
        with (self._place.folder / "tail.log").open("ab") as log:
            tail = subprocess.Popen(command, env=self._variables(True), cwd=self._job.parent, stdout=log, stderr=log)
        try:
            time.sleep(_LOADING)
            yield
        finally:
            tail.terminate()
            tail.wait(30)


_LOADING = 8
"""Seconds until the tail has loaded Dagster, even on a busy machine."""

_SUCCESSES = "SELECT count(*) FROM event_logs WHERE dagster_event_type = 'STEP_SUCCESS' AND step_key LIKE 'one[%'"
