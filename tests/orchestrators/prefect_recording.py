"""The trading pipeline on a real Prefect server, and what the sidecar and the plugin made of it."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.orchestrators.prefect_server import COLLECTORS, Prefect

PIPELINE = COLLECTORS / "whence-prefect/examples/trading/pipeline.py"
FLOWS = COLLECTORS / "whence-prefect/tests/flows"
STATES = FLOWS / "states.py"
OUTSIDE = FLOWS / "outside.py"
POOL = "processes"
DAYS = ("2026-11-02", "2026-11-07")
SERVED = "2026-11-04"
AWAY = "2026-11-05"
PATIENCE = 180


@dataclass
class Recording:
    """What happened.

    Attributes:
        without: flow runs in processes without the plugin, by their ids.
        watched: flow runs in processes with it, if there is one.
        served: flow runs of the deployment.
        odd: flow runs that end in every way there is, without the plugin and with it.
        cancelled, killed: flow runs of a worker that were cancelled by the API, and killed by SIGKILL.
        recovered: flow runs of the command by which Whence would do again what was killed.
        away: flow runs while the sidecar was away.
        sidecar: lines of the sidecar that ran along, was killed, and came back.
        again: lines of one that read everything afterwards.
        plugin: lines of the plugin.
        exits: exit codes, by what ended so.
        logs: what was printed.
    """

    spools: Path
    without: set[str] = field(default_factory=set)
    watched: set[str] = field(default_factory=set)
    served: set[str] = field(default_factory=set)
    odd: set[str] = field(default_factory=set)
    cancelled: set[str] = field(default_factory=set)
    killed: set[str] = field(default_factory=set)
    recovered: set[str] = field(default_factory=set)
    away: set[str] = field(default_factory=set)
    sidecar: list[bytes] = field(default_factory=list)
    again: list[bytes] = field(default_factory=list)
    plugin: list[bytes] = field(default_factory=list)
    exits: dict[str, int] = field(default_factory=dict)
    logs: dict[str, str] = field(default_factory=dict)

    def of(self, lines: Iterable[bytes], flow_runs: set[str]) -> list[bytes]:
        """Those lines that are about these flow runs, their subflows and their tasks."""
        events = [(line, json.loads(line)) for line in lines]
        return [line for line, event in events if "run" in event and _outermost(event) in flow_runs]


def _outermost(event: dict[str, Any]) -> str:
    run = event["run"]
    parent = run["facets"].get("parent")
    return str(parent["root"]["run"]["runId"] if parent else run["runId"])


def lines_of(spool: Path) -> list[bytes]:
    """All lines in a spool that nothing sends; not one that is just being written."""
    return [line for file in sorted(spool.glob("*.ndjson")) for line in file.read_bytes().split(b"\n")[:-1]]


def record(environment: Path, place: Path, plugin: bool = True) -> Recording:
    """Run everything, on a server of its own. Takes about two minutes."""
    recording = Recording(place)
    with Prefect(environment, place) as prefect:
        _Run(prefect, place, recording).all(plugin)
    return recording


class _Run:
    def __init__(self, prefect: Prefect, place: Path, recording: Recording) -> None:
        self._prefect = prefect
        self._place = place
        self._recording = recording

    def all(self, plugin: bool) -> None:
        recording = self._recording
        watched = _WATCHED if plugin else {}
        with self._sidecar("live") as sidecar:
            self._until(lambda: "connected to Prefect's event stream" in self._log("sidecar.log"))
            with self._worker(**watched):
                self._end_from_outside()
                recording.without = self._pipeline("without", *DAYS)
                recording.watched = self._pipeline("watched", *DAYS, **watched)
                recording.served = self._served("served", **watched)
                recording.odd = self._script("odd", STATES) | self._script("odd watched", STATES, **watched)
                self._do_again()
            expected = recording.without | recording.watched | recording.served | recording.odd
            expected |= recording.recovered
            self._until(lambda: self._ended("live") >= expected)
            sidecar.kill()
        recording.away = self._pipeline("away", AWAY)
        with self._sidecar("live"):
            self._until(lambda: self._ended("live") >= recording.away)
        recording.exits["again"] = self._once("again").returncode
        recording.sidecar = lines_of(self._place / "live")
        recording.again = lines_of(self._place / "again")
        recording.plugin = lines_of(self._place / "plugin")

    def _sidecar(self, spool: str) -> Any:
        return self._prefect.running(
            "whence-prefect", "--state", self._place / f"{spool}.json", log="sidecar.log", **self._spool(spool)
        )

    def _once(self, spool: str) -> "subprocess.CompletedProcess[str]":
        state = self._place / f"{spool}.json"
        return self._prefect.run("whence-prefect", "--once", "--state", state, **self._spool(spool))

    def _pipeline(self, name: str, *days: str, **variables: str) -> set[str]:
        """Run the pipeline for days, in one process; the flow runs."""
        return self._script(name, PIPELINE, *days, **variables)

    def _script(self, name: str, script: Path, *arguments: str, **variables: str) -> set[str]:
        before = self._flow_runs()
        done = self._prefect.run("python", script, *arguments, **self._data(name), **variables)
        self._recording.exits[name] = done.returncode
        self._recording.logs[name] = done.stdout + done.stderr
        return self._flow_runs() - before

    def _served(self, name: str, **variables: str) -> set[str]:
        """Serve the deployment and run it, as a person would; the flow run."""
        before = self._flow_runs()
        log, folder = f"{name}.log", PIPELINE.parent  # older versions serve only what lies in the working folder
        variables = {**self._data(name), **variables}
        with self._prefect.running("python", PIPELINE, "--serve", log=log, folder=folder, **variables):
            self._until(lambda: "is being served" in re.sub(r"\s+", " ", self._log(log)))
            done = self._prefect.run(
                *("prefect", "deployment", "run", "trading/nightly", "-p", f"day={SERVED}", "--watch"),
                *("--watch-interval", "1"),
            )
        self._recording.exits[name] = done.returncode
        self._recording.logs[name] = done.stdout + done.stderr + self._log(log)
        return self._flow_runs() - before

    @contextmanager
    def _worker(self, **variables: str) -> Iterator[None]:
        """A process worker and a deployment for it."""
        self._prefect.ask("/work_pools/", {"name": POOL, "type": "process"})
        done = self._prefect.run("python", OUTSIDE)
        assert done.returncode == 0, done.stdout + done.stderr
        worker = ("prefect", "worker", "start", "--pool", POOL, "--type", "process")
        with self._prefect.running(*worker, log="worker.log", **self._spool("plugin"), **variables):
            yield

    def _end_from_outside(self) -> None:
        """Two runs of the deployment: one is cancelled, which takes Prefect half a minute, the other killed."""
        prefect, recording = self._prefect, self._recording
        [deployment] = prefect.ask("/deployments/filter", {"deployments": {"name": {"any_": ["watched"]}}})
        start = {"parameters": {"gate": str(self._place / "gate"), "desk": "fx"}}
        begun = [prefect.ask(f"/deployments/{deployment['id']}/create_flow_run", start)["id"] for _ in range(2)]
        self._until(lambda: all(self._waits(run) for run in begun))
        cancelled, killed = begun
        prefect.ask(f"/flow_runs/{cancelled}/set_state", {"state": {"type": "CANCELLING", "name": "Cancelling"}})
        os.kill(int(self._flow_run(killed)["infrastructure_pid"].rpartition(":")[2]), signal.SIGKILL)
        recording.cancelled, recording.killed = {cancelled}, {killed}

    def _do_again(self) -> None:
        """What was killed, by the command that Whence says."""
        recording, ended = self._recording, self._recording.cancelled | self._recording.killed
        self._until(lambda: self._ended("live") >= ended)
        (self._place / "gate").touch()
        before = self._flow_runs()
        [killed] = recording.killed
        done = self._prefect.run(*self._recovery(killed))
        recording.recovered = self._flow_runs() - before
        recording.exits["recovered"] = done.returncode
        recording.logs["recovered"] = done.stdout + done.stderr + self._log("worker.log")

    def _waits(self, flow_run: str) -> bool:
        """Whether a task of the flow and one of its subflow have begun to wait."""
        wanted = {"task_runs": {"name": {"like_": "waits"}, "state": {"type": {"any_": ["RUNNING"]}}}}
        running = {task["flow_run_id"] for task in self._prefect.ask("/task_runs/filter", wanted)}
        within = {"flow_runs": {"parent_flow_run_id": {"any_": [flow_run]}}}
        subflows = {run["id"] for run in self._prefect.ask("/flow_runs/filter", within)}
        return bool(subflows) and running >= {flow_run} | subflows

    def _flow_run(self, flow_run: str) -> Any:
        [found] = self._prefect.ask("/flow_runs/filter", {"flow_runs": {"id": {"any_": [flow_run]}}})
        return found

    def _recovery(self, flow_run: str) -> list[str]:
        """The command by which Whence would do a flow run again."""
        spools = [str(file) for spool in ("live", "plugin") for file in (self._place / spool).glob("*.ndjson")]
        for command in (("ingest", *spools), ("recover", "--run", flow_run, "--json")):
            whence = [sys.executable, "-m", "whence", *command]
            done = subprocess.run(whence, cwd=self._place, check=True, capture_output=True, text=True)
        steps = json.loads(done.stdout)["recovery"]["steps"]["edges"]
        [command] = [step["node"]["command"] for step in steps]
        return list(command)

    def _data(self, name: str) -> dict[str, str]:
        """Each set of runs has its own results, so that what is cached is the same in each."""
        return {
            "TRADING_DATABASE": str(self._place / "trading.db"),
            "PREFECT_LOCAL_STORAGE_PATH": str(self._place / f"results-{name.replace(' ', '-')}"),
            **self._spool("plugin"),
        }

    def _spool(self, name: str) -> dict[str, str]:
        return {"WHENCE_SPOOL": str(self._place / name), "WHENCE_SHIPPER": "false"}

    def _flow_runs(self) -> set[str]:
        """The outermost flow runs that the server knows."""
        found = self._prefect.ask("/flow_runs/filter", {"flow_runs": {"parent_task_run_id": {"is_null_": True}}})
        return {run["id"] for run in found}

    def _ended(self, spool: str) -> set[str]:
        events = [json.loads(line) for line in lines_of(self._place / spool)]
        return {event["run"]["runId"] for event in events if event.get("eventType") in ("COMPLETE", "FAIL", "ABORT")}

    def _log(self, name: str) -> str:
        file = self._place / name
        return file.read_text() if file.exists() else ""

    def _until(self, done: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not done():
            if time.monotonic() > deadline:
                raise AssertionError(f"waited in vain; the sidecar said: {self._log('sidecar.log')[-3000:]}")
            time.sleep(0.5)


_WATCHED = {"PREFECT_PLUGINS_ENABLED": "true", "PREFECT_EXPERIMENTS_PLUGINS_ENABLED": "true"}
