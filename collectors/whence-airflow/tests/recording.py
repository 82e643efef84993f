"""The pipelines, run once by a real Airflow while Whence is away, and what Whence makes of it when it is back."""

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.orchestrators.airflow_instance import Airflow, events
from tests.running import RunningServer

HERE = Path(__file__).parent
DAG_FILES = (HERE.parent / "examples/trading/dags/trading.py", HERE / "dags/corners.py")


@dataclass
class Recording:
    """What was run, and what came of it.

    Attributes:
        events: that waited in the spool when all had ended.
        server: a Whence that was started after that.
        commit: of the repository that the DAGs are in.
        data: the folder of the pipelines' data.
        sent: what ``whence-ship --once`` said and returned.
    """

    airflow: Airflow
    bin: Path
    events: list[dict[str, Any]]
    server: RunningServer
    commit: str
    data: Path
    sent: subprocess.CompletedProcess[str]


@contextmanager
def recorded(bin: Path, folder: Path) -> Iterator[Recording]:
    """Run the pipelines with the executables of an environment."""
    dags, data, spool = folder / "dags", folder / "data", folder / "spool"
    commit = _repository(dags)
    port = _free_port()
    ours = {"WHENCE_URL": f"http://127.0.0.1:{port}", "WHENCE_SPOOL": str(spool)}
    airflow = Airflow(folder / "airflow", bin, dags, TRADING_HOME=str(data), OPENLINEAGE_NAMESPACE="trading", **ours)
    with airflow.running():
        airflow.until_ended("trading", 2)
        airflow.until_ended("corners", 1)
        airflow.until_ended("crash", 1)
        airflow.until_ended("train", 1)
        # As `whence recover` has a task and a DAG run again.
        day = ("--start-date", "2026-11-02T00:00:00+00:00", "--end-date", "2026-11-02T00:00:00+00:00")
        again = ("--from-date", "2026-11-02", "--to-date", "2026-11-02", "--reprocess-behavior", "completed")
        with airflow.held():
            airflow.call("backfill", "create", "--dag-id", "corners", *again)
            airflow.call("tasks", "clear", "--task-regex", "killed_once", *day, "--yes", "crash")
        unfinished = "SELECT 1 FROM dag_run WHERE state NOT IN ('success', 'failed')"
        scheduled_only = "SELECT 1 FROM dag_run WHERE dag_id = 'corners' AND clear_number = 0"
        triggered = "SELECT 1 FROM asset_dag_run_queue"
        to_come = f"{unfinished} UNION {scheduled_only} UNION {triggered}"
        airflow.until("the end of all runs", lambda: not airflow.query(to_come))
        airflow.until("their report", lambda: _failures(spool, "corners") == _failures(spool, "crash") == 2)
    waiting = events(spool)
    (folder / "whence").mkdir()
    server = RunningServer(folder / "whence", WHENCE_PORT=str(port)).start()
    try:
        ship = [str(bin / "whence-ship"), "--once"]
        sent = subprocess.run(ship, env={**airflow.variables, **ours}, capture_output=True, text=True)
        server.settle()
        yield Recording(airflow, bin, waiting, server, commit, data, sent)
    finally:
        server.stop()


def _failures(spool: Path, job: str) -> int:
    return sum(event.get("eventType") == "FAIL" and event["job"]["name"] == job for event in events(spool))


def _repository(folder: Path) -> str:
    """A Git repository with the DAGs in it; its commit."""
    folder.mkdir(parents=True)
    for file in DAG_FILES:
        shutil.copy(file, folder)
    (folder / ".airflowignore").write_text(".git\n")
    who = ("-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false")
    for command in (("init", "--quiet"), ("add", "."), (*who, "commit", "--quiet", "--message", "The pipelines")):
        subprocess.run(["git", *command], cwd=folder, check=True)
    found = subprocess.run(["git", "rev-parse", "HEAD"], cwd=folder, check=True, capture_output=True, text=True)
    return found.stdout.strip()


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])
