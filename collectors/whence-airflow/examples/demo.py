"""The trading pipeline in a real Airflow with its collector, and what Whence then knows of it.

Makes an environment for Airflow (kept for the next time), starts a Whence of its own and an Airflow (scheduler, API
server, DAG processor), waits until two days of trades and the model that they trigger have run, and asks. Run it by
``make demo-airflow``.
"""

import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[3]
DAGS = Path(__file__).parent / "trading/dags"
WHENCE = Path(sys.executable).with_name("whence")

sys.path.insert(0, str(ROOT))

from tests.orchestrators.airflow_instance import LATEST, Airflow, airflow_environment  # noqa: E402


def main() -> None:
    """Run the demo."""
    _say(f"Setting up {LATEST[0]} with the collector (a few minutes the first time) ...")
    bin = airflow_environment(*LATEST)
    with TemporaryDirectory(prefix="whence-demo-") as name:
        folder = Path(name)
        with _server(folder) as url:
            _run_pipeline(bin, folder, url)
            time.sleep(2)  # until the projector has it
            _show(url)


@contextmanager
def _server(folder: Path) -> Iterator[str]:
    """A Whence on a free port, its stores in the folder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WHENCE_")}
    command = [str(WHENCE), "serve", "--port", "0"]
    with subprocess.Popen(command, cwd=folder, env=kept, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        try:
            assert process.stdout
            yield process.stdout.readline().rpartition(" ")[2].strip()
        finally:
            process.terminate()


def _run_pipeline(bin: Path, folder: Path, url: str) -> None:
    """Two days of trades, and the model. Of the variables only WHENCE_URL is the collector's."""
    dags = folder / "dags"
    shutil.copytree(DAGS, dags, ignore=shutil.ignore_patterns("__pycache__"))
    airflow = Airflow(
        folder / "airflow",
        bin,
        dags,
        TRADING_HOME=str(folder / "data"),
        OPENLINEAGE_NAMESPACE="trading",
        XDG_STATE_HOME=str(folder / "state"),
        WHENCE_URL=url,
    )
    _say("\nScheduler, API server and DAG processor start; then two days of trades run, 50 feeds on one of them:")
    with airflow.running():
        for dag, runs in (("trading", 2), ("train", 1)):
            _say(f"  {dag}: {', '.join(airflow.until_ended(dag, runs))}")
        time.sleep(5)  # until the scheduler has reported it
    _say("(trading failed, as its limit_report always does.) What still waits in the spool is sent.")
    ship = [str(bin / "whence-ship"), "--once"]
    subprocess.run(ship, env=airflow.variables, check=True)  # noqa: S603


def _show(url: str) -> None:
    """What one wants to know of a pipeline."""
    questions = (
        ("Where does the model come from?", "lineage", "limit-breach", "--up"),
        ("What breaks if the metrics change, and who is to be told?", "impact", "daily_metrics"),
        ("What is known of the processed trades?", "show", "processed_trades"),
    )
    for title, *command in questions:
        _say(f"\n{title}\n$ whence {shlex.join(command)}\n")
        subprocess.run([WHENCE, *command, "--url", url], check=True)  # noqa: S603


def _say(sentence: str) -> None:
    print(sentence, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
