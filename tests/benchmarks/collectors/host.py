"""What the benchmark asks of an orchestrator, and what it gives."""

import resource
import subprocess
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from shutil import copy
from typing import NamedTuple, Protocol

PIPELINES = Path(__file__).with_name("pipelines")
NAMESPACE = "bench"
JOB = "many.one"
"""In all pipelines, the job whose runs are counted."""


class Place(NamedTuple):
    """Where a pipeline runs.

    Attributes:
        folder: for all that it writes.
        recorded: environment variables for a pipeline that is recorded.
    """

    folder: Path
    recorded: dict[str, str]


@dataclass
class Ran:
    """A run of a pipeline.

    Attributes:
        ms: milliseconds that a task took.
        code: exit code.
        log: all that the orchestrator said.
        cpu: milliseconds of the processor for a task, with all that starts and ends with the run.
    """

    ms: float
    code: int
    log: str
    cpu: float = 0


class Host(Protocol):
    """An orchestrator, or none, with its collector.

    Attributes:
        name: of what is measured.
        tasks: how many tasks a run has.
    """

    name: str
    tasks: int

    def running(self, place: Place) -> AbstractContextManager[None]:
        """What runs beside the pipeline runs there."""
        ...

    def run(self, recorded: bool, progress: Path | None = None) -> Ran:
        """Run the pipeline to its end; its tasks note in a file that they ran."""
        ...

    def finished(self) -> int:
        """How many tasks of recorded runs ended well, as far as the orchestrator itself knows."""
        ...

    def drain(self) -> None:
        """Have what was not seen yet put into the spool, where the collector is a process beside the orchestrator."""
        ...


def timed(
    command: list[str], variables: dict[str, str], folder: Path
) -> tuple["subprocess.CompletedProcess[str]", float]:
    """Run a command to its end; also the seconds of the processor that it took."""
    before = cpu()
    done = subprocess.run(command, env=variables, cwd=folder, capture_output=True, text=True, check=False)
    return done, cpu() - before


def cpu() -> float:
    """Seconds of the processor that processes have used which this one started and waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def checkout(folder: Path, pipeline: str) -> Path:
    """A Git repository with a pipeline in it, as code is that runs in earnest; the pipeline's file."""
    folder.mkdir()
    for name in (pipeline, "progress.py"):
        copy(PIPELINES / name, folder)
    (folder / ".gitignore").write_text("__pycache__\n")
    who = ("-c", "user.name=Bench", "-c", "user.email=bench@example.com", "-c", "commit.gpgsign=false")
    for command in (("init", "--quiet"), ("add", "."), (*who, "commit", "--quiet", "--message", "Tasks")):
        subprocess.run(["git", *command], cwd=folder, check=True)
    return folder / pipeline


def clean(variables: dict[str, str]) -> dict[str, str]:
    """Variables without those of a collector."""
    return {key: value for key, value in variables.items() if not key.startswith(("WHENCE_", "OPENLINEAGE"))}


def noting(progress: Path | None) -> dict[str, str]:
    """Variables that have tasks note that they ran."""
    return {"PROGRESS": str(progress)} if progress else {}


def until(condition, seconds: float = 120, what: str = "it") -> None:
    """Wait until something holds."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"{what} did not come about in {seconds:.0f} s")
        time.sleep(0.05)
