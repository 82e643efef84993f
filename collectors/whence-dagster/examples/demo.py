"""The trading pipeline in a real Dagster, followed by `whence-dagster tail`, and what Whence then knows of it.

Makes an environment for Dagster (kept for the next time), starts a Whence of its own, runs two days of the pipeline
with the collector beside it, and asks. Run it by ``make demo-dagster``.
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
COLLECTORS = ROOT / "collectors"
WHENCE = Path(sys.executable).with_name("whence")
DAYS = ("2026-11-02", "2026-11-03")
DAGSTER = "dagster==1.13.28"
FILE = ("-f", "definitions.py")

sys.path.insert(0, str(ROOT))

from tests.orchestrators.environments import environment  # noqa: E402


def main() -> None:
    """Run the demo."""
    _say(f"Setting up {DAGSTER} with the collector (a few minutes the first time) ...")
    editable = (COLLECTORS / "whence-collector", COLLECTORS / "whence-dagster")
    bin = environment("demo-dagster", DAGSTER, editable=editable) / "bin"
    with TemporaryDirectory(prefix="whence-demo-") as name:
        folder = Path(name)
        with _server(folder) as url:
            variables = _settings(folder, url)
            _run_pipeline(bin, folder, variables)
            _say("\nEverything that waits in the spool is sent.")
            _call(bin / "whence-ship", "--once", variables=variables)
            time.sleep(2)  # until the projector has it
            _show(url, variables)


def _settings(folder: Path, url: str) -> dict[str, str]:
    """The environment of Dagster and the collector. Of these only WHENCE_URL is the collector's."""
    (folder / "dagster").mkdir()
    (folder / "dagster/dagster.yaml").write_text("telemetry: {enabled: false}\n")
    ours = {
        "DAGSTER_HOME": str(folder / "dagster"),
        "TRADING_HOME": str(folder / "data"),
        "OPENLINEAGE_NAMESPACE": "trading",
        "WHENCE_URL": url,
        "WHENCE_SPOOL": str(folder / "spool"),
        "XDG_STATE_HOME": str(folder / "state"),
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("WHENCE_", "DAGSTER_"))}
    return {**kept, **ours}


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


def _run_pipeline(bin: Path, folder: Path, variables: dict[str, str]) -> None:
    """Two days, then the model and a report that fails, while the tail follows."""
    code = folder / "trading"
    shutil.copytree(Path(__file__).parent / "trading", code, ignore=shutil.ignore_patterns("data", "__pycache__"))
    log = (folder / "log.txt").open("w")
    tail = [str(bin / "whence-dagster"), "tail"]
    _say(f"\nThe collector follows the instance:\n$ {shlex.join(['whence-dagster', 'tail'])}\n\nThe pipeline runs:")
    follower = subprocess.Popen(tail, cwd=code, env=variables, stdout=log, stderr=log)  # noqa: S603
    try:
        for day in DAYS:
            tags = f'{{"dagster/partition": "{day}"}}'
            _dagster(
                bin, code, variables, "job", "execute", "-f", "definitions.py", "-j", "daily_trades", "--tags", tags
            )
        _dagster(bin, code, variables, "asset", "materialize", "-f", "definitions.py", "--select", "model*")
        _dagster(bin, code, variables, "job", "execute", "-f", "definitions.py", "-j", "export")
        time.sleep(3)
    finally:
        follower.terminate()
        follower.wait()
    _call(bin / "whence-dagster", "tail", "--once", variables=variables, folder=code)


def _dagster(bin: Path, code: Path, variables: dict[str, str], *command: str) -> None:
    _say(f"$ dagster {shlex.join(command)}")
    done = subprocess.run(  # noqa: S603
        [str(bin / "dagster"), *command], cwd=code, env=variables, capture_output=True, check=False
    )
    if done.returncode:
        _say("  it failed, as limit_report always does")


def _call(program: Path, *arguments: str, variables: dict[str, str], folder: Path | None = None) -> None:
    command = [str(program), *arguments]
    subprocess.run(command, cwd=folder, env=variables, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603


def _show(url: str, variables: dict[str, str]) -> None:
    """What one wants to know of a pipeline."""
    questions = (
        ("Where does the model come from, and what rests on it?", "lineage", "model"),
        ("Where does a column come from?", "lineage", "main.daily_metrics", "--column", "total", "--up"),
        ("What breaks if the raw trades change, and who is to be told?", "impact", "raw_trades"),
        ("What is known of the processed trades?", "show", "main.processed_trades"),
    )
    for title, *command in questions:
        _say(f"\n{title}\n$ whence {shlex.join(command)}\n")
        subprocess.run([WHENCE, *command, "--url", url], env=variables, check=True)  # noqa: S603


def _say(sentence: str) -> None:
    print(sentence, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
