"""Runs a pipeline without and with its collector, in turns, and counts what came of it."""

import os
import re
import signal
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.collectors.host import JOB, NAMESPACE, Host, Place, Ran
from tests.benchmarks.collectors.services import SERVICES, free_port
from tests.running import RunningServer
from whence_collector.status import status

PATIENCE = 180.0
"""Seconds until all has to have arrived."""

RESTFUL, LITTLE = 3, 0.2
"""Seconds one after the other, in each of which the processors together work so many seconds at most."""

KILLED = "killed"


@dataclass
class Row:
    """What was measured of a pipeline in one mode.

    Attributes:
        mode: how the service was, or that worker and shipper were killed.
        alone: the runs without the collector.
        recorded: the runs with it.
        finished: tasks that ended well, as the orchestrator knows.
        arrived: runs of them that are complete in the graph.
        dropped: events that the spool says were dropped.
    """

    mode: str
    alone: list[Ran]
    recorded: list[Ran]
    finished: int
    arrived: int
    dropped: int

    def added_lines(self) -> set[str]:
        """What the orchestrator says with the collector and not without, but for times, ids and numbers."""
        return _lines(self.recorded) - _lines(self.alone)

    def median(self, what: str) -> tuple[float, float]:
        """Without and with the collector; of runs in the middle of which nothing was killed."""
        skip = int(self.mode == KILLED)
        runs = (self.alone[skip:], self.recorded[skip:])
        without, with_it = (statistics.median(getattr(one, what) for one in ran) for ran in runs)
        return without, with_it


def measure(host: Host, mode: str, rounds: int) -> Row:
    """Measure a pipeline against a service of a kind; then the real one comes back, and gets what waits."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="whence-bench-", ignore_cleanup_errors=True) as name:
        folder, spool = Path(name), Path(name) / "spool"
        stores = folder / "whence"
        stores.mkdir()
        ours = {
            "WHENCE_URL": f"http://127.0.0.1:{port}",
            "WHENCE_SPOOL": str(spool),
            "OPENLINEAGE_NAMESPACE": NAMESPACE,
        }
        with host.running(Place(folder, ours)):
            try:
                with SERVICES["up" if mode == KILLED else mode](port, stores):
                    alone, recorded = _killed(host, folder, spool) if mode == KILLED else _in_turns(host, rounds)
                finished, arrived = _count(host, port, stores, spool)
                return Row(mode, alone, recorded, finished, arrived, sum(status(spool).dropped.values()))
            finally:
                _kill_shipper(spool)


def _in_turns(host: Host, rounds: int) -> tuple[list[Ran], list[Ran]]:
    """Each round begins with the other one, and each run when what the one before left to do is done."""
    ran: dict[bool, list[Ran]] = {False: [], True: []}
    for number in range(rounds):
        for recorded in (False, True) if number % 2 == 0 else (True, False):
            _rest()
            ran[recorded].append(host.run(recorded=recorded))
    return ran[False], ran[True]


def _rest() -> None:
    """Wait until the processors do little for a while: an orchestrator's server goes on after a run, for long."""
    end, quiet = time.monotonic() + PATIENCE, 0
    while quiet < RESTFUL and time.monotonic() < end:
        before = _busy()
        time.sleep(1)
        quiet = quiet + 1 if _busy() - before < LITTLE else 0


def _busy() -> float:
    """Seconds that all processors together have worked (proc_stat(5))."""
    user, nice, system, *_ = map(int, Path("/proc/stat").read_text().split("\n")[0].split()[1:])
    return (user + nice + system) / os.sysconf("SC_CLK_TCK")


def _killed(host: Host, folder: Path, spool: Path) -> tuple[list[Ran], list[Ran]]:
    """Runs in the middle of which the process that runs the tasks is killed, and in those with a collector the shipper
    too; and one more, as there would be."""
    with _killing(folder / "alone.txt", host.tasks // 2, None) as progress:
        alone = [host.run(recorded=False, progress=progress)]
    with _killing(folder / "recorded.txt", host.tasks // 2, spool) as progress:
        recorded = [host.run(recorded=True, progress=progress)]
    return [*alone, host.run(recorded=False)], [*recorded, host.run(recorded=True)]


@contextmanager
def _killing(progress: Path, after: int, spool: Path | None) -> Iterator[Path]:
    """Kill a shipper, if there is one, and a worker, as soon as so many tasks have run."""

    def kill() -> None:
        while not over.wait(0.005):
            if progress.exists() and len(pids := progress.read_text().split()) > after:
                if spool:
                    _kill_shipper(spool)
                os.kill(int(pids[-1]), signal.SIGKILL)
                return

    over = threading.Event()
    thread = threading.Thread(target=kill)
    thread.start()
    try:
        yield progress
    finally:
        over.set()
        thread.join()


def _kill_shipper(spool: Path) -> None:
    if (there := status(spool)).running:
        os.kill(there.shipper.pid, signal.SIGKILL)


def _count(host: Host, port: int, stores: Path, spool: Path) -> tuple[int, int]:
    """Start the real service at the address and wait until all is in its graph; how many tasks ended well, and how many
    of their runs are there."""
    server = RunningServer(stores, WHENCE_PORT=str(port)).start()
    try:
        end = time.monotonic() + PATIENCE
        while True:
            host.drain()
            while status(spool).waiting and time.monotonic() < end:
                time.sleep(0.2)
            server.settle()
            finished, arrived = host.finished(), _complete(server)
            if arrived >= finished or time.monotonic() > end:
                return finished, arrived
    finally:
        server.stop()


def _complete(server: RunningServer) -> int:
    """How many runs of the tasks' job are complete in the graph."""
    count, after = 0, None
    while True:
        job = server.graphql(_RUNS, namespace=NAMESPACE, name=JOB, after=after)["job"]
        if job is None:
            return 0
        count += len(job["runs"]["edges"])
        if not job["runs"]["pageInfo"]["hasNextPage"]:
            return count
        after = job["runs"]["pageInfo"]["endCursor"]


_RUNS = """
query ($namespace: String!, $name: String!, $after: String) {
  job(namespace: $namespace, name: $name) {
    runs(first: 500, after: $after, states: [COMPLETE]) { edges { cursor } pageInfo { hasNextPage endCursor } }
  }
}
"""


def _lines(runs: list[Ran]) -> set[str]:
    return {_VARYING.sub("#", line) for ran in runs for line in ran.log.splitlines()}


_VARYING = re.compile(
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|'[^']*'|[^\s=]*/tmp/\S*|(?<![a-z])[\d.,:-]*\d[\d.,:TZ+-]*"
)
"""Ids, names and other values in quotes, paths, numbers and times."""
