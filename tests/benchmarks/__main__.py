"""``make bench``: what an event and a question cost, on SQLite and on Neo4j, in one run on one machine.

SIZES=1000,5000,100000 sets the numbers of jobs for lineage (default 1000,5000; 100,000 takes several minutes),
QUESTION_SIZES=10200,100000 those for questions with large answers (default 10200, the fewest that have such answers),
STORES=sqlite,neo4j the stores, JOBS=3000 the jobs of each measurement of ingestion.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlencode

from rich.console import Console
from rich.table import Table

from tests.benchmarks.log import measure_log
from tests.benchmarks.process import memory_mb
from tests.benchmarks.questions import measure_questions
from tests.benchmarks.serving import Server, load, serving
from tests.benchmarks.workload import COLUMNS, NAMESPACE, WIDTH, dataset_name, events

JOBS = int(os.environ.get("JOBS", "3000"))
SIZES = [int(size) for size in os.environ.get("SIZES", "1000,5000").split(",")]
QUESTION_SIZES = [int(size) for size in os.environ.get("QUESTION_SIZES", "10200").split(",")]
STORES = os.environ.get("STORES", "sqlite,neo4j").split(",")
WARM_UP = 1_000
WARM_UP_QUESTIONS = 30
DEPTHS = [5, 20, 50, 1_000_000]
REPEATS = 5

# The reference consumer on two cores: seconds by (jobs, depth), and CPU milliseconds an event.
REFERENCE_SECONDS = {(5_000, 20): 9.4, (5_000, 50): 93.0}
REFERENCE_CPU = 65.0

console = Console()


def measure_ingestion(store: str, table: Table) -> None:
    """Events per second and CPU an event, projection included: HTTP single, HTTP batch, `whence ingest`."""
    with tempfile.TemporaryDirectory() as name, serving(store, Path(name)) as server:
        load(server, "batch", 0, WARM_UP)
        server.settle()
        done = WARM_UP
        for mode in ("single", "batch"):
            cpu, wall = server.cpu(), time.perf_counter()
            load(server, mode, done, JOBS)
            server.settle()
            done += JOBS
            report(table, store, f"HTTP {mode}", server.cpu() - cpu, time.perf_counter() - wall, server)
        file = Path(name) / "events.ndjson"
        file.write_bytes(b"\n".join(events(JOBS, done)))
        if store == "neo4j":
            cpu, wall = server.cpu(), time.perf_counter()
            used = ingest(file, ["--url", f"http://127.0.0.1:{server.port}"], server.environment)
            server.settle()
            used += server.cpu() - cpu
        else:
            wall = time.perf_counter()
            local = {
                **server.environment,
                "WHENCE_LOG": f"sqlite:///{name}/2.db",
                "WHENCE_GRAPH": f"sqlite:///{name}/3.db",
            }
            used = ingest(file, [], local)
        report(table, store, "whence ingest", used, time.perf_counter() - wall, server)


def ingest(file: Path, options: list[str], environment: dict[str, str]) -> float:
    """Run `whence ingest`; the seconds of CPU that it used."""
    before = os.times()
    command = [sys.executable, "-m", "whence", "ingest", str(file), *options]
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def report(table: Table, store: str, what: str, cpu: float, wall: float, server: Server) -> None:
    """A row of the table of ingestion."""
    count = 2 * JOBS
    now, highest = memory_mb(server.pid)
    milliseconds = cpu / count * 1e3
    table.add_row(
        store,
        what,
        f"{count / wall:,.0f}",
        f"{milliseconds:.2f}",
        f"{REFERENCE_CPU / milliseconds:.0f}x",
        f"{now:.0f} / {highest:.0f}",
    )


def measure_lineage(store: str, table: Table) -> None:
    """Latency of whole answers by depth, from the middle layer, for each size; the log grows from size to size."""
    with tempfile.TemporaryDirectory() as name, serving(store, Path(name)) as server:
        done = 0
        for size in SIZES:
            load(server, "batch", done, size - done)
            server.settle()
            done = size
            middle = size // WIDTH // 2 * WIDTH + WIDTH // 2
            warm_up(server, middle)
            for depth in DEPTHS:
                ask(server, table, store, size, depth, {"name": dataset_name(middle)})
            ask(server, table, store, size, 20, {"name": dataset_name(middle), "field": COLUMNS[3], "kind": "column"})


def warm_up(server: Server, job: int) -> None:
    """Ask for lineage some times: Java compiles what it has run often."""
    path = f"/api/v1/lineage/graph?{urlencode({'namespace': NAMESPACE, 'name': dataset_name(job), 'depth': 20})}"
    for _ in range(WARM_UP_QUESTIONS):
        server.get(path)


def ask(server: Server, table: Table, store: str, size: int, depth: int, what: dict[str, str]) -> None:
    """A row of the table of lineage: the whole answer over HTTP, the median of some."""
    parameters = {"namespace": NAMESPACE, "depth": depth, "maxNodes": 1_000_000, **what}
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        body = server.get(f"/api/v1/lineage/graph?{urlencode(parameters)}")
        times.append(time.perf_counter() - start)
    answer = json.loads(body)
    seconds = statistics.median(times)
    column = "field" in what
    reference = None if column else REFERENCE_SECONDS.get((size, depth))
    table.add_row(
        store,
        f"{size:,}",
        ("column, " if column else "") + ("all" if depth == DEPTHS[-1] else str(depth)),
        f"{len(answer['nodes']):,}",
        f"{seconds * 1e3:,.1f}",
        f"{seconds / max(1, len(answer['nodes'])) * 1e6:,.0f}",
        f"{reference / seconds:,.0f}x" if reference else "",
        f"{memory_mb(server.pid)[0]:.0f}",
    )


def measure_evidence(table: Table) -> None:
    """An archive of everything: how long it takes to export it from a server, and to verify it."""
    with tempfile.TemporaryDirectory() as name, serving("sqlite", Path(name)) as server:
        load(server, "batch", 0, JOBS)
        server.settle()
        archive = Path(name) / "evidence.zip"
        seconds = []
        for command in (
            ["export", "--url", f"http://127.0.0.1:{server.port}", "-o", str(archive)],
            ["verify", str(archive)],
        ):
            start = time.perf_counter()
            subprocess.run([sys.executable, "-m", "whence", "audit", *command], check=True, capture_output=True)
            seconds.append(f"{time.perf_counter() - start:.1f}")
        table.add_row(
            f"{2 * JOBS:,}", *seconds, f"{archive.stat().st_size / 1e6:.1f}", f"{memory_mb(server.pid)[1]:.0f}"
        )


def calibration() -> float:
    """Seconds for ten million turns of an empty Python loop: how fast this machine is just now."""
    start = time.perf_counter()
    for _ in range(10_000_000):
        pass
    return time.perf_counter() - start


def main() -> None:
    """Measure and print."""
    console.print(f"10,000,000 turns of an empty loop: {calibration():.2f} s")
    ingestion = Table("store", "way", "events/s", "CPU ms/event", "reference", "MB now/most", title="Ingestion")
    lineage = Table("store", "jobs", "depth", "nodes", "ms", "µs/node", "reference", "MB", title="Lineage")
    for store in STORES:
        measure_ingestion(store, ingestion)
    console.print(ingestion)
    for store in STORES:
        measure_lineage(store, lineage)
    console.print(lineage)
    questions = Table("store", "jobs", "question", "nodes", "first ms", "ms", "Cypher ms", "ratio", title="Questions")
    for store in STORES:
        measure_questions(store, QUESTION_SIZES, questions)
    console.print(questions)
    log = Table("", "µs", "more", title="The log's Merkle tree")
    measure_log(log)
    console.print(log)
    evidence = Table("events", "export s", "verify s", "archive MB", "MB most", title="Evidence")
    measure_evidence(evidence)
    console.print(evidence)
    console.print(f"10,000,000 turns of an empty loop: {calibration():.2f} s")


if __name__ == "__main__":
    main()
