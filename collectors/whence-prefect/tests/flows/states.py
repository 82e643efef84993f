"""Flows whose tasks end in every way there is."""

import asyncio
import contextlib
import time

from prefect import flow, task
from prefect.states import Cancelled, Completed
from prefect.transactions import transaction


@task
def fails():
    raise ValueError("no")


@task
def after(value):
    return value


@task
def skipped():
    return Completed(name="Skipped")


@task
def cancelled():
    return Cancelled()


@task(timeout_seconds=0.3)
def slow():
    time.sleep(3)


@task(task_run_name="written at {hour}")
def written(hour):
    return hour


@written.on_rollback
def undo(_):
    pass


@task
def crashes():
    raise SystemExit(3)


@task
async def greet(name):
    return f"hello {name}"


@task(retries=1)
async def hesitates():
    from prefect.runtime import task_run

    if task_run.run_count == 1:
        raise ConnectionError("not yet")


@flow
def ends():
    after.submit(fails.submit()).wait()
    skipped(return_state=True)
    cancelled(return_state=True)
    slow(return_state=True)
    with contextlib.suppress(RuntimeError), transaction():
        written(9)
        raise RuntimeError("take it back")
    return Completed()


@flow
def crashing():
    crashes()


@flow
async def waits():
    await hesitates()
    await asyncio.gather(*(greet(name) for name in ("a", "b")))


if __name__ == "__main__":
    ends()
    asyncio.run(waits())
    with contextlib.suppress(SystemExit):
        crashing()
