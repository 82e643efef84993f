"""Attempts of runs."""

from collections.abc import Sequence

from whence.graph.answers import attempts_by_job, attempts_by_run
from whence.graph.facts import Attempt
from whence.graph.port import NEWEST, Page
from whence.graph.sqlite.statements import Connection, fetch, listed


def attempts(connection: Connection, runs: Sequence[str]) -> dict[str, list[Attempt]]:
    """Attempts of runs, by number."""
    return attempts_by_run(fetch(connection, "attempts_of_runs", runs=listed(runs)))


def runs_of_job(connection: Connection, job: str, as_of: int, after: Page | None, limit: int) -> list[Attempt]:
    """Attempts of a job, newest first."""
    page = (after or NEWEST)._asdict()
    return [Attempt(*row) for row in fetch(connection, "runs_of_job", job=job, as_of=as_of, limit=limit, **page)]


def runs_of_jobs(
    connection: Connection, jobs: Sequence[str], since: int, until: int, limit: int
) -> dict[str, list[Attempt]]:
    """Of each job the last attempts within a time."""
    rows = fetch(connection, "runs_of_jobs", jobs=listed(jobs), since=since, until=until, limit=limit)
    return attempts_by_job(rows)
