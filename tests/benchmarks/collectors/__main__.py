"""What a collector costs a pipeline of trivial tasks, and what it loses, with the service up, down, hanging, at fault.

Each pipeline is run without and with its collector, in turns. Then the service comes back at its address, the shipper
that the collector started goes on by itself, and what arrived is counted.
"""

import os
import resource
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.collectors.backend import backend
from tests.running import RunningServer
from whence_collector.state import State
from whence_collector.status import status

TASKS = int(os.environ.get("TASKS", "1000"))
ROUNDS = int(os.environ.get("ROUNDS", "3"))


class Pipeline(NamedTuple):
    """A pipeline of `TASKS` trivial tasks.

    Attributes:
        name: of its collector.
        plain: the command without the collector. It prints the seconds that its tasks took as its last line.
        recorded: the command with it.
        events: how many events it has to record.
    """

    name: str
    plain: list[str]
    recorded: list[str]
    events: int


def pipelines() -> list[Pipeline]:
    """All pipelines; each collector adds one."""
    plain = [sys.executable, str(Path(__file__).with_name("plain.py")), str(TASKS)]
    return [Pipeline("plain Python", plain, [*plain, "recorded"], 2 * TASKS)]


class Times(NamedTuple):
    """Seconds: of the tasks alone, of the whole process, and of the processor for that."""

    tasks: float
    process: float
    cpu: float


def run(command: list[str], place: dict[str, str]) -> Times:
    """Run a pipeline; it must end well and say nothing but its time."""
    begun, cpu = time.perf_counter(), children_cpu()
    done = subprocess.run(command, env=place, capture_output=True, text=True, check=True)
    process = time.perf_counter() - begun
    assert not done.stderr, done.stderr
    return Times(float(done.stdout.splitlines()[-1]), process, children_cpu() - cpu)


def children_cpu() -> float:
    """Seconds of the processor that processes have used which this one started and waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@contextmanager
def up(port: int, folder: Path) -> Iterator[None]:
    server = RunningServer(folder, WHENCE_PORT=str(port)).start()
    yield
    server.kill()


@contextmanager
def down(port: int, folder: Path) -> Iterator[None]:
    yield


@contextmanager
def hanging(port: int, folder: Path) -> Iterator[None]:
    """Connections are taken, and nothing is ever answered."""
    with socket.create_server(("127.0.0.1", port), backlog=100):
        yield


@contextmanager
def failing(port: int, folder: Path) -> Iterator[None]:
    with backend(port) as server:
        server.answer = (503, "application/json", b"{}")
        yield


SERVICES: dict[str, Callable[[int, Path], object]] = {"up": up, "down": down, "hanging": hanging, "503": failing}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def measure(pipeline: Pipeline, service: str) -> None:
    """Run a pipeline against a service, and print what it cost and what was lost."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        spool = Path(folder) / "spool"
        clean = {key: value for key, value in os.environ.items() if not key.startswith(("WHENCE_", "OPENLINEAGE_"))}
        place = {**clean, "WHENCE_URL": f"http://127.0.0.1:{port}", "WHENCE_SPOOL": str(spool)}
        plain, recorded = [], []
        with SERVICES[service](port, Path(folder)):  # type: ignore[attr-defined]
            for _ in range(ROUNDS):
                plain.append(run(pipeline.plain, place))
                recorded.append(run(pipeline.recorded, place))
        arrived = come_back(port, Path(folder), spool)
        dropped = sum(status(spool).dropped.values())
        os.kill(State.load(spool).pid, signal.SIGKILL)
    lost = ROUNDS * pipeline.events - arrived
    print(
        f"{pipeline.name:14} {service:8}"
        f" {per_task(plain, recorded, 'tasks'):7.3f} {per_task(plain, recorded, 'process'):7.3f}"
        f" {per_task(plain, recorded, 'cpu'):7.3f}"
        f" {ROUNDS * pipeline.events:9,} {arrived:9,} {lost:5,} {dropped:8,}",
        flush=True,
    )


def per_task(plain: list[Times], recorded: list[Times], what: str) -> float:
    """Milliseconds that the collector adds to a task, by the medians."""
    with_it, without = (statistics.median(getattr(one, what) for one in times) for times in (recorded, plain))
    return (with_it - without) / TASKS * 1000


def come_back(port: int, folder: Path, spool: Path) -> int:
    """Start the real service at the address, wait until nothing waits any more, and count what is in its log."""
    server = RunningServer(folder, WHENCE_PORT=str(port)).start()
    try:
        end = time.monotonic() + 120
        while status(spool).waiting and time.monotonic() < end:
            time.sleep(0.2)
        size = server.settle()["log"]["size"]
        assert isinstance(size, int)
        return size
    finally:
        server.stop()


def main() -> None:
    print(f"{TASKS:,} trivial tasks a run, {ROUNDS} runs with and without in turns; medians")
    print(
        "added to a task, in ms: by the tasks alone; by the whole process, with its imports; of the processor for that"
    )
    heads = f"{'tasks':>7} {'process':>7} {'cpu':>7} {'events':>9} {'arrived':>9} {'lost':>5} {'dropped':>8}"
    print(f"{'pipeline':14} {'service':8} {heads}")
    for pipeline in pipelines():
        for service in SERVICES:
            measure(pipeline, service)


if __name__ == "__main__":
    main()
