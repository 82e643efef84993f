"""Recovery on the real thing: a pipeline breaks in a real Dagster, the plan's commands run, and all is good again."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.orchestrators.environments import environment

ROOT = Path(__file__).parents[2]
COLLECTORS = [ROOT / "collectors" / name for name in ("whence-collector", "whence-dagster")]
SECONDS = 240
DEFINITIONS = """
import csv
import json
from pathlib import Path

import dagster as dg

HERE = Path(__file__).parent


@dg.asset
def prices() -> None:
    rows = list(csv.DictReader((HERE / "prices.csv").open()))
    (HERE / "prices.json").write_text(json.dumps([float(row["price"]) for row in rows]))


@dg.asset(deps=[prices])
def total() -> None:
    (HERE / "total.json").write_text(str(sum(json.loads((HERE / "prices.json").read_text()))))


@dg.asset(deps=[total])
def report() -> None:
    (HERE / "report.txt").write_text("total: " + (HERE / "total.json").read_text())


@dg.asset
def calendar() -> None:
    (HERE / "calendar.txt").write_text("2026")


defs = dg.Definitions(assets=[prices, total, report, calendar])
"""


class Pipeline:
    """A Dagster instance, its collector and Whence's stores, all in one folder."""

    def __init__(self, folder: Path, executables: Path) -> None:
        self.folder = folder
        self._executables = executables
        (folder / "home").mkdir()
        (folder / "home/dagster.yaml").write_text("telemetry: {enabled: false}\n")
        (folder / "definitions.py").write_text(DEFINITIONS)
        self.prices("1.5", "2")

    def prices(self, *prices: str) -> None:
        """Write the input file."""
        (self.folder / "prices.csv").write_text("\n".join(["price", *prices]))

    def run(self, *command: str, check: bool = True) -> str:
        """Run a program with the environment of Dagster and its collector; its output."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("WHENCE_", "OPENLINEAGE", "DAGSTER_"))}
        ours = {
            "DAGSTER_HOME": str(self.folder / "home"),
            "WHENCE_SPOOL": str(self.folder / "spool"),
            "WHENCE_SHIPPER": "false",
            "OPENLINEAGE_NAMESPACE": "prices",
            "PATH": f"{self._executables}{os.pathsep}{os.environ['PATH']}",
        }
        done = subprocess.run(
            command, cwd=self.folder, env=kept | ours, capture_output=True, text=True, timeout=SECONDS, check=False
        )
        assert not check or done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return done.stdout

    def materialize(self, check: bool = True) -> None:
        """Run the whole pipeline, as its schedule does."""
        self.run("dagster", "asset", "materialize", "-f", "definitions.py", "--select", "*", check=check)

    def whence(self, *command: str) -> str:
        """Bring what Dagster did into the graph, and run a command on that."""
        self.run("whence-dagster", "tail", "--once", "--state", str(self.folder / "state.json"))
        spool = sorted(str(file) for file in (self.folder / "spool").glob("*.ndjson"))
        self.run(sys.executable, "-m", "whence", "ingest", *spool)
        return self.run(sys.executable, "-m", "whence", *command)

    def recover(self, *arguments: str) -> dict:
        """The answer of `whence recover`."""
        return json.loads(self.whence("recover", *arguments, "--json"))["recovery"]

    def play(self, *arguments: str) -> None:
        """Run the script of the plan."""
        (self.folder / "recover.sh").write_text(self.whence("recover", *arguments, "--script"))
        self.run("sh", "recover.sh")


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory):
    executables = environment("dagster-1.13.28", "dagster==1.13.28", editable=tuple(COLLECTORS)) / "bin"
    return Pipeline(tmp_path_factory.mktemp("prices"), executables)


def jobs(answer: dict, part: str) -> dict[str, str]:
    """Statuses of work by the asset's step."""
    if part == "done":
        found = [edge["node"] for edge in answer["done"]["edges"]]
    else:
        found = [work["node"] for step in answer["steps"]["edges"] for work in step["node"]["work"]["edges"]]
    return {work["job"]["name"].rpartition(".")[2]: work["status"] for work in found}


def test_a_pipeline_that_broke_is_good_again_after_the_plan(pipeline):
    pipeline.materialize()
    pipeline.prices("1.5", "two")
    pipeline.materialize(check=False)
    last = "import dagster; print(dagster.DagsterInstance.get().get_runs(limit=1)[0].run_id)"
    failed = pipeline.run("python", "-c", last).strip()

    asked = pipeline.recover("--run", failed)
    assert jobs(asked, "open") == dict.fromkeys(["prices", "total", "report"], "OPEN")
    [step] = [edge["node"] for edge in asked["steps"]["edges"]]
    assert step["command"][:5] == ["dagster", "asset", "materialize", "--select", "prices,report,total"]

    pipeline.prices("1.5", "2.5")
    pipeline.play("--run", failed)
    assert (pipeline.folder / "report.txt").read_text() == "total: 4.0"
    after = pipeline.recover("--run", failed, "--until", asked["until"])
    assert after["counts"]["open"] == after["counts"]["running"] == after["counts"]["current"] == 0
    assert jobs(after, "done") == dict.fromkeys(["prices", "total", "report"], "DONE")
    assert all(edge["node"]["goodNow"] for edge in after["fallbacks"]["edges"])


def test_data_that_was_found_bad_is_good_again_after_the_plan(pipeline):
    pipeline.prices("1.5", "-99")
    pipeline.materialize()
    assert (pipeline.folder / "report.txt").read_text() == "total: -97.5"

    asked = pipeline.recover("prices")
    assert jobs(asked, "open") == dict.fromkeys(["prices", "total", "report"], "OPEN")
    pipeline.prices("1.5", "99")
    pipeline.play("prices")
    assert (pipeline.folder / "report.txt").read_text() == "total: 100.5"
    after = pipeline.recover("prices", "--until", asked["until"])
    assert (after["counts"]["open"], after["counts"]["done"], after["counts"]["current"]) == (0, 3, 0)
