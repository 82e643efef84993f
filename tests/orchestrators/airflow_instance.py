"""A real Airflow: scheduler with the LocalExecutor, triggerer, API server and DAG processor, on SQLite, in a folder."""

import json
import os
import secrets
import signal
import socket
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from tests.orchestrators.environments import environment

COLLECTORS = Path(__file__).parents[2] / "collectors"
LATEST = ("apache-airflow==3.3.2", "apache-airflow-providers-openlineage==2.20.3")
FLOOR = ("apache-airflow==3.0.6", "fastapi<0.117")  # of its time: newer ones refuse its requests
SECONDS = 600.0

_FOREIGN = ("WHENCE_", "OPENLINEAGE", "AIRFLOW")


def airflow_environment(*requirements: str) -> Path:
    """The folder of the executables of an environment with this Airflow and the collector."""
    editable = (COLLECTORS / "whence-collector", COLLECTORS / "whence-airflow")
    name = requirements[0].replace("apache-", "").replace("==", "-")
    return environment(name, *requirements, editable=editable) / "bin"


class Airflow:
    """An Airflow in a folder.

    Args:
        folder: its home; made if it is not there.
        bin: the executables of its environment.
        dags: the folder of its DAGs.
        variables: of the environment of all of its processes.
    """

    def __init__(self, folder: Path, bin: Path, dags: Path, **variables: str) -> None:
        self.folder = folder
        self._bin = bin
        port = _free_port()
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
        self._port = str(port)
        self._parts: list[subprocess.Popen[bytes]] = []
        self.variables = {
            **kept,
            "AIRFLOW_HOME": str(folder),
            "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
            "AIRFLOW__CORE__PARALLELISM": "4",
            "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{port}",
            "AIRFLOW__API__SECRET_KEY": secrets.token_hex(16),
            "AIRFLOW__API__WORKERS": "1",
            "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(32),
            "AIRFLOW__SCHEDULER__SCHEDULER_HEARTBEAT_SEC": "1",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{folder}/airflow.db?timeout=60",
            "PATH": f"{bin}{os.pathsep}{os.environ['PATH']}",
            **variables,
        }
        folder.mkdir(parents=True, exist_ok=True)
        self.call("db", "migrate")

    def call(self, *arguments: str, check: bool = True, **more: str) -> subprocess.CompletedProcess[str]:
        """Run an ``airflow`` command to its end."""
        done = subprocess.run(
            [str(self._bin / "airflow"), *arguments],
            cwd=self.folder,
            env={**self.variables, **more},
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
        if check and done.returncode:
            raise RuntimeError(f"airflow {' '.join(arguments)}\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
        return done

    @contextmanager
    def running(self) -> Iterator[None]:
        """All of its parts run, each with its output in a file named after it."""
        with self.serving(), self.part("scheduler"), self.part("triggerer"):
            yield

    @contextmanager
    def held(self) -> Iterator[None]:
        """All of its parts hold still, so that a command has the database to itself: SQLite says that it is locked to
        whoever has read and wants to write, if another wrote meanwhile."""
        self.until("a moment at which nobody writes", self._hold)
        try:
            yield
        finally:
            self._signal(signal.SIGCONT)

    def _hold(self) -> bool:
        self._signal(signal.SIGSTOP)
        with closing(sqlite3.connect(self.folder / "airflow.db", timeout=1, isolation_level=None)) as database:
            try:
                database.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                self._signal(signal.SIGCONT)
                return False
        return True

    def _signal(self, number: signal.Signals) -> None:
        for part in self._parts:
            os.killpg(part.pid, number)

    @contextmanager
    def serving(self) -> Iterator[None]:
        """All of its parts run but for the scheduler, so no task does."""
        with self.part("api-server", "--port", self._port):
            self.until("the API server", self._answers)  # without it, the first tasks would fail
            with self.part("dag-processor"):
                yield

    @contextmanager
    def part(self, name: str, *arguments: str, **more: str) -> Iterator[None]:
        """One of its parts runs, with its output in a file named after it, and more variables."""
        with (self.folder / f"{name}.log").open("ab") as log:
            part = subprocess.Popen(
                [str(self._bin / "airflow"), name, *arguments],
                cwd=self.folder,
                env={**self.variables, **more},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._parts.append(part)
        try:
            yield
        finally:
            self._parts.remove(part)
            part.terminate()
            try:
                part.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(part.pid, signal.SIGKILL)
                part.wait()

    def _answers(self) -> bool:
        with socket.socket() as knocking:
            return knocking.connect_ex(("127.0.0.1", int(self._port))) == 0

    def query(self, statement: str, *arguments: Any) -> list[tuple[Any, ...]]:
        """Ask its database, without holding it up."""
        file = self.folder / "airflow.db"
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=30)) as database:
            return database.execute(statement, arguments).fetchall()

    def until(self, what: str, condition: Callable[[], Any], seconds: float = SECONDS) -> Any:
        """Wait until a condition gives something true, and return that."""
        deadline = time.monotonic() + seconds
        while not (found := condition()):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{what} did not come about in {seconds:.0f} s; see the logs in {self.folder}")
            time.sleep(0.5)
        return found

    def until_parsed(self, *dag_ids: str) -> None:
        """Wait until the DAG processor has stored these DAGs."""
        self.until(
            "parsing", lambda: set(dag_ids) <= {row[0] for row in self.query("SELECT dag_id FROM serialized_dag")}
        )

    def until_ended(self, dag_id: str, runs: int) -> list[str]:
        """Wait until so many runs of a DAG have ended; their states, in the order in which they began."""
        ended = "SELECT state FROM dag_run WHERE dag_id = ? AND state IN ('success', 'failed') ORDER BY start_date"
        found = self.until(f"{runs} runs of {dag_id}", lambda: len(rows := self.query(ended, dag_id)) >= runs and rows)
        return [state for (state,) in found]


def events(spool: Path) -> list[dict[str, Any]]:
    """What is in a spool, in order."""
    return [json.loads(line) for file in sorted(spool.glob("*.ndjson")) for line in file.read_text().splitlines()]


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])
