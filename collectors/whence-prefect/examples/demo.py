"""Whence with a real Prefect, in a few minutes: `make demo-prefect`.

Sets up Prefect in an environment of its own, starts a Prefect server, Whence, the sidecar and a shipper, runs the
trading pipeline for three days with the plugin, one of which fails, and asks Whence what it knows. All of it lies in a
temporary folder and listens on loopback only.
"""

import os
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[3]
sys.path.insert(0, str(ROOT))

from rich.console import Console  # noqa: E402
from rich.text import Text  # noqa: E402

from tests.orchestrators.prefect_server import NEWEST, Prefect, prefect_environment  # noqa: E402
from tests.running import RunningServer, running  # noqa: E402

PIPELINE = Path(__file__).parent / "trading/pipeline.py"
DAYS = ("2026-11-02", "2026-11-03", "2026-11-07")
WHENCE = Path(sys.executable).with_name("whence")
SECONDS = 60

console = Console(highlight=False)


def main() -> None:
    """Run the demo."""
    say("Setting up Prefect in an environment of its own; the first time that takes a minute or two ...")
    environment = prefect_environment(*NEWEST)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="whence-demo-")))
        whence = stack.enter_context(running(folder))
        say(f"Whence runs at {whence.url}. Starting a Prefect server ...")
        prefect = stack.enter_context(Prefect(environment, folder / "prefect"))
        collecting = {"WHENCE_URL": whence.url, "WHENCE_SPOOL": str(folder / "spool")}
        stack.enter_context(prefect.running("whence-ship", log="shipper.log", **collecting))
        stack.enter_context(collector(prefect, folder, collecting))
        run_pipeline(prefect, collecting)
        wait(whence)
        show(whence.url)


@contextmanager
def collector(prefect: Prefect, folder: Path, variables: dict[str, str]) -> Iterator[None]:
    """The sidecar, when it listens."""
    title("The sidecar needs no change to any flow", "whence-prefect")
    state = folder / "prefect.json"
    with prefect.running("whence-prefect", "--state", state, log="sidecar.log", **variables):
        deadline = time.monotonic() + SECONDS
        while "connected" not in (folder / "prefect/sidecar.log").read_text():
            if time.monotonic() > deadline:
                sys.exit((folder / "prefect/sidecar.log").read_text())
            time.sleep(0.2)
        say("It listens to Prefect's event stream.")
        yield


def run_pipeline(prefect: Prefect, variables: dict[str, str]) -> None:
    """Run it for real, with the plugin."""
    title(
        "The pipeline, for three days, with the plugin: a retry and fifty mapped tasks a day, one failing day",
        f"PREFECT_PLUGINS_ENABLED=true python {os.path.relpath(PIPELINE)} {' '.join(DAYS)}",
    )
    done = prefect.run("python", PIPELINE, *DAYS, PREFECT_PLUGINS_ENABLED="true", COLUMNS="200", **variables)
    for line in (done.stdout + done.stderr).splitlines():
        if "Finished in" in line and "price-" not in line:
            say(line.partition("| ")[2])


def wait(whence: RunningServer) -> None:
    """Until all three days are in the graph."""
    question = '{ job(namespace: "prefect", name: "trading") { runs { edges { node { state } } } } }'
    deadline = time.monotonic() + SECONDS
    while True:
        job = whence.graphql(question)["job"]
        ended = [run for run in (job or {"runs": {"edges": []}})["runs"]["edges"] if run["node"]["state"] != "RUNNING"]
        if len(ended) == len(DAYS):
            break
        if time.monotonic() > deadline:
            sys.exit(f"the runs are not in Whence after {SECONDS} s")
        time.sleep(0.5)
    time.sleep(2)  # what follows the end, such as assets
    whence.settle()


def show(url: str) -> None:
    """What Whence knows now."""
    ask("Where does the model come from?", url, "lineage", "limit-breach", "--up")
    ask("Where does a column come from?", url, "lineage", "daily_metrics", "--column", "total", "--up")
    ask("What does a change of raw_trades touch?", url, "impact", "raw_trades")
    ask("A task with a retry each day, and the code that ran", url, "show", "trading.extract")
    ask("The task that failed", url, "show", "trading.check")


def ask(what: str, url: str, *command: str) -> None:
    """Run a command of `whence` against the server, and show it."""
    command = (*command, "--url", url)
    title(what, shlex.join([os.path.relpath(WHENCE), *command]))
    subprocess.run([WHENCE, *command], check=True)  # noqa: S603


def title(what: str, command: str) -> None:
    """A headline, and the command that answers."""
    console.print(Text.assemble("\n", (what, "bold green"), ("\n$ ", "dim"), (command, "cyan"), "\n"), soft_wrap=True)
    sys.stdout.flush()  # before the command prints


def say(sentence: str) -> None:
    """A sentence."""
    console.print(Text(sentence), soft_wrap=True)
    sys.stdout.flush()


if __name__ == "__main__":
    main()
