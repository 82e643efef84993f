"""Prefect: the plugin in the flow's process, and the sidecar beside the server."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from tests.benchmarks.collectors.host import JOB, Place, Ran, checkout, cpu, noting, until
from tests.orchestrators.prefect_server import NEWEST, Prefect, prefect_environment

_PLUGIN = {"PREFECT_PLUGINS_ENABLED": "true"}
_FLOW, _UNRECORDED = JOB.partition(".")[0], "alone"
"""The sidecar hears of every flow of the server: what is not recorded has another name."""


class PrefectHost:
    """A flow that calls tasks, in a process of its own, on a server."""

    name = "Prefect"

    def __init__(self, tasks: int) -> None:
        self.tasks = tasks
        self._environment = prefect_environment(*NEWEST)

    @contextmanager
    def running(self, place: Place) -> Iterator[None]:
        """The server. The sidecar runs with those flows that are recorded."""
        self._place = place
        self._script = checkout(place.folder / "code", "prefect_flow.py")
        with Prefect(self._environment, place.folder / "prefect") as self._prefect:
            yield

    def run(self, recorded: bool, progress: Path | None = None) -> Ran:
        """Run the flow."""
        name = _FLOW if recorded else _UNRECORDED
        ours = {**self._place.recorded, **_PLUGIN} if recorded else {}
        with self._sidecar() if recorded else nullcontext():
            before = cpu()
            done = self._prefect.run("python", self._script, str(self.tasks), name, **ours, **noting(progress))
            used = cpu() - before
        seconds = float(done.stdout.splitlines()[-1]) if not done.returncode else 0.0
        log = (done.stdout + done.stderr).replace(name, "flow")
        return Ran(seconds / self.tasks * 1000, done.returncode, log, used / self.tasks * 1000)

    def finished(self) -> int:
        """Task runs that the server knows; it is told some seconds after the flow's process has ended."""
        return int(self._prefect.ask("/task_runs/count", _COMPLETED))

    def drain(self) -> None:
        """Read what the server has stored meanwhile."""
        self._prefect.run("whence-prefect", "--once", "--state", self._state, **self._place.recorded)

    @property
    def _state(self) -> Path:
        return self._place.folder / "sidecar.json"

    @contextmanager
    def _sidecar(self) -> Iterator[None]:
        log = self._place.folder / "prefect" / "sidecar.log"
        log.unlink(missing_ok=True)
        command = ("whence-prefect", "--state", self._state)
        with self._prefect.running(*command, log=log.name, **self._place.recorded):
            until(lambda: log.exists() and "connected to Prefect's event stream" in log.read_text(), what="the sidecar")
            yield


_COMPLETED: dict[str, Any] = {
    "flows": {"name": {"any_": [_FLOW]}},
    "task_runs": {"state": {"type": {"any_": ["COMPLETED"]}}},
}
