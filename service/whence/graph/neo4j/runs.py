"""Attempts of runs."""

from collections.abc import Sequence

from whence.graph.answers import attempts_by_job, attempts_by_run
from whence.graph.facts import Attempt
from whence.graph.neo4j.statements import Transaction, before, collect, fetch, listed
from whence.graph.port import Page


async def attempts(tx: Transaction, runs: Sequence[str]) -> dict[str, list[Attempt]]:
    """Attempts of runs, by number."""
    return attempts_by_run(await collect(tx, "attempts_of_runs", keys=listed(runs)))


async def runs_of_job(tx: Transaction, job: str, as_of: int, after: Page | None, limit: int) -> list[Attempt]:
    """Attempts of a job, newest first."""
    rows = await fetch(tx, "runs_of_job", job=job, limit=limit, **before(after, as_of))
    return [Attempt(*row) for row in rows]


async def runs_of_jobs(
    tx: Transaction, jobs: Sequence[str], since: int, until: int, limit: int
) -> dict[str, list[Attempt]]:
    """Of each job the last attempts within a time."""
    rows = await collect(tx, "runs_of_jobs", jobs=listed(jobs), since=since, until=until, limit=limit)
    return attempts_by_job(rows)
