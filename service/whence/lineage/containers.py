"""Containers: DAGs, flows and applications that only hold other jobs. Lineage flows through what they hold."""

from whence.graph.facts import EdgeKind
from whence.graph.port import GraphStore
from whence_schemas.identity import Kind

_MAX_JOBS = _MAX_RUNS = 10_000


async def contained_pairs(store: GraphStore, jobs: list[str], as_of: int, window: int) -> list[tuple[str, str]]:
    """Jobs whose runs are contained in the jobs' runs, each with a job that contains it.

    What a run says of its parent's job is a hint; the parent's own events are authoritative: so children are found by
    that hint, and by the runs that the jobs had.
    """
    said = await store.since(await store.owners(jobs, [EdgeKind.PART_OF]))
    hints = sorted((edge.owner, edge.target) for edge, since in said.items() if since.by(as_of))
    runs = {attempt.run: job for job in jobs for attempt in await store.runs_of_job(job, as_of, None, window)}
    around = await store.since(await store.owners(sorted(runs), [EdgeKind.CHILD_OF]))
    inner = [(edge.owner, runs[edge.target]) for edge, since in around.items() if since.by(as_of)]
    attempts = await store.attempts(sorted({run for run, _ in inner}))
    seen = sorted((a.job, parent) for run, parent in inner for a in attempts.get(run, ()) if a.start <= as_of)
    return [(child, parent) for child, parent in dict.fromkeys([*hints, *seen]) if child != parent]


async def child_jobs(store: GraphStore, jobs: list[str], as_of: int, window: int) -> dict[str, str]:
    """Jobs contained in the jobs, each with one job that contains it: rather one by its runs than one by a hint."""
    return dict(sorted(dict(await contained_pairs(store, jobs, as_of, window)).items()))


async def contained_jobs(store: GraphStore, job: str, as_of: int, window: int) -> dict[str, str]:
    """The job (with an empty parent), and all jobs in it to any depth with the job that contains each."""
    assert job[0] == Kind.JOB
    found = {job: ""}
    frontier = [job]
    while frontier and len(found) < _MAX_JOBS:
        children = await child_jobs(store, frontier, as_of, window)
        new = {child: parent for child, parent in children.items() if child not in found}
        found.update(new)
        frontier = list(new)
    return found


async def contained_runs(store: GraphStore, runs: list[str], as_of: int) -> list[str]:
    """Runs with all runs that they contained by then, to any depth."""
    found = dict.fromkeys(runs)
    frontier = runs
    while frontier and len(found) < _MAX_RUNS:
        inner = await store.since(await store.owners(frontier, [EdgeKind.CHILD_OF]))
        started = sorted(edge.owner for edge, since in inner.items() if since.by(as_of))
        frontier = [run for run in dict.fromkeys(started) if run not in found]
        found.update(dict.fromkeys(frontier))
    return list(found)
