"""Airflow: scheduler with the LocalExecutor, one task at a time."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from statistics import median
from uuid import uuid4

from tests.benchmarks.collectors.host import NAMESPACE, Place, Ran, checkout, cpu, noting
from tests.orchestrators.airflow_instance import LATEST, Airflow, airflow_environment

_OFF = {"OPENLINEAGE_DISABLED": "true"}


class AirflowHost:
    """A DAG with a mapped task. The scheduler is started anew for each run, with the collector or without."""

    name = "Airflow"

    def __init__(self, tasks: int) -> None:
        self.tasks = tasks
        self._bin = airflow_environment(*LATEST)

    @contextmanager
    def running(self, place: Place) -> Iterator[None]:
        """API server and DAG processor."""
        self._recorded = self._variables(place)
        self._runs: list[str] = []
        dags = place.folder / "dags"
        checkout(dags, "airflow_dag.py")
        (dags / ".airflowignore").write_text(".git\n")
        given = {"COUNT": str(self.tasks), "AIRFLOW__CORE__PARALLELISM": "1", "OPENLINEAGE_NAMESPACE": NAMESPACE}
        self._airflow = Airflow(place.folder / "airflow", self._bin, dags, **given)
        with self._airflow.serving():
            self._airflow.until_parsed("many")
            yield

    def run(self, recorded: bool, progress: Path | None = None) -> Ran:
        """Trigger the DAG, and let a scheduler run it to its end."""
        airflow, run = self._airflow, str(uuid4())
        logs = (airflow.folder / "scheduler.log", airflow.folder / "logs" / "dag_id=many" / f"run_id={run}")
        logs[0].unlink(missing_ok=True)
        before = cpu()
        with airflow.part("scheduler", **(self._recorded if recorded else _OFF), **noting(progress)):
            airflow.call("dags", "trigger", "many", "--run-id", run)
            ended = "SELECT state FROM dag_run WHERE run_id = ? AND state IN ('success', 'failed')"
            [[state]] = airflow.until("the end of the DAG run", lambda: airflow.query(ended, run))
        used = cpu() - before
        self._runs += [run] if recorded else []
        said = logs[0].read_text()
        lines = [*_spoken(said), *(line for file in logs[1].rglob("*.log") for line in _written(file.read_text()))]
        return Ran(median(_spans(said)) * 1000, int(state != "success"), "\n".join(lines), used / self.tasks * 1000)

    def finished(self) -> int:
        """Tasks that are successes in Airflow's database."""
        asked = "SELECT count(*) FROM task_instance WHERE run_id = ? AND state = 'success'"
        return sum(self._airflow.query(asked, run)[0][0] for run in self._runs)

    def drain(self) -> None:
        """All is in the spool."""

    def _variables(self, place: Place) -> dict[str, str]:
        return place.recorded


class ProviderHost(AirflowHost):
    """Airflow with its own OpenLineage provider alone, which writes to a file."""

    name = "its provider"

    def finished(self) -> int:
        """None: its events are for nobody."""
        return 0

    def _variables(self, place: Place) -> dict[str, str]:
        file = {"type": "file", "log_file_path": str(place.folder / "events"), "append": True}
        return {"AIRFLOW__OPENLINEAGE__TRANSPORT": json.dumps(file)}


def _spans(log: str) -> Iterator[float]:
    """Seconds from when the supervisor begins with a task until the task's process has called all listeners.

    Not until the supervisor says that it has ended: it may notice that up to five seconds later.
    """
    begun = last = 0.0
    for time, line in re.findall(r"^(\d{4}-\d\d-\d\d[T ][\d:.]+)(.*)", log, re.MULTILINE):
        if "Secrets backends loaded for worker" in line:
            begun = datetime.fromisoformat(time).timestamp()
        elif "::endgroup::" in line:
            last = datetime.fromisoformat(time).timestamp()
        elif "Workload finished" in line and last > begun > 0:
            yield last - begun


def _spoken(log: str) -> Iterator[str]:
    """What a log on a terminal says, without the values that follow each message."""
    for line in log.splitlines():
        yield re.sub(r"(\[[a-z][\w.]+\]|\s{2,})\s*[a-z_]+=.*", r"\1", line)


def _written(log: str) -> Iterator[str]:
    """What the log of a task says, an object of JSON in a line."""
    for line in log.splitlines():
        said = json.loads(line)
        yield f"{said.get('level')} {said.get('event')} {said.get('logger')}"
