"""What collectors cost pipelines of trivial tasks, and what they lose, with the service up, down, hanging, at fault.

Each pipeline is run without and with its collector, in turns. Then the service comes back at its address, what the
collector started goes on by itself, and the runs in the graph are counted. At last the process that runs the tasks is
killed in the middle of a run, and the shipper with it.

ORCHESTRATOR=prefect measures that alone (plain, prefect, dagster, airflow), MODE=up that service alone. TASKS= and
ROUNDS= change the size; Airflow needs a second for a task. VERBOSE=1 prints the lines that logs have more.
"""

import os
from collections.abc import Callable

from tests.benchmarks.collectors.airflow import AirflowHost, ProviderHost
from tests.benchmarks.collectors.dagster import DagsterHost
from tests.benchmarks.collectors.host import Host
from tests.benchmarks.collectors.measuring import KILLED, Row, measure
from tests.benchmarks.collectors.plain import Plain
from tests.benchmarks.collectors.prefect import PrefectHost
from tests.benchmarks.collectors.services import SERVICES

HOSTS: dict[str, tuple[Callable[[int], Host], int]] = {
    "plain": (Plain, 1000),
    "prefect": (PrefectHost, 1000),
    "dagster": (DagsterHost, 1000),
    "airflow": (AirflowHost, 100),
    "provider": (ProviderHost, 100),
}
"""By orchestrator, how many tasks a run has by default."""

ROUNDS = int(os.environ.get("ROUNDS", "3"))


HEADS = """
ms/task     of the tasks alone: without the collector, with it, the difference, the ratio where a task takes any time
cpu         milliseconds of the processor that it adds to a task, with all that starts and ends with the run
runs, lost  of tasks, complete in the graph; ended well and not there
lines       kinds of lines that the log has only with the collector

pipeline      mode      tasks  without      with     added  ratio      cpu   runs  lost dropped lines load"""


def main() -> None:
    """Measure, and print a table."""
    print(f"{ROUNDS} runs without and with the collector in turns; medians", HEADS)
    for name in chosen("ORCHESTRATOR", [*HOSTS]):
        make, tasks = HOSTS[name]
        host = make(int(os.environ.get("TASKS", tasks)))
        for mode in chosen("MODE", ["up"] if name == "provider" else [*SERVICES, KILLED]):
            report(host, measure(host, mode, ROUNDS))


def chosen(variable: str, there: list[str]) -> list[str]:
    """What an environment variable names of what is there, or all.

    Raises:
        SystemExit: it names something else.
    """
    wanted = os.environ.get(variable, "").split(",") if os.environ.get(variable) else there
    if unknown := set(wanted) - {*there}:
        raise SystemExit(f"{variable} is one of {', '.join(there)}, not {', '.join(unknown)}")
    return wanted


def report(host: Host, row: Row) -> None:
    """Print a line of the table."""
    (without, with_it), (cpu_without, cpu_with) = row.median("ms"), row.median("cpu")
    ratio = f"{with_it / without:6.3f}" if without > 0.1 else " " * 6
    lost, lines = max(0, row.finished - row.arrived), row.added_lines()
    print(
        f"{host.name:13} {row.mode:8} {host.tasks:6,} {without:8.3f} {with_it:9.3f} {with_it - without:9.3f} {ratio}"
        f" {cpu_with - cpu_without:8.3f} {row.arrived:6,} {lost:5,} {row.dropped:7,} {len(lines):5,}"
        f" {os.getloadavg()[0]:4.1f}",
        flush=True,
    )
    if os.environ.get("VERBOSE"):
        print(*sorted(f"  + {line}" for line in lines), sep="\n")
    if [ran.code for ran in row.alone] != [ran.code for ran in row.recorded]:
        print(f"  exit codes differ: {[ran.code for ran in row.alone]}, {[ran.code for ran in row.recorded]}")


if __name__ == "__main__":
    main()
