"""A flow that runs until somebody ends it from outside, or opens its gate; as a deployment for a worker.

python outside.py           deploy it
"""

import time
from pathlib import Path

from prefect import flow, task

from whence_prefect import writes

POOL = "processes"


@task
def opens(desk: str):
    return desk


@task
def waits(gate: str):
    while not Path(gate).exists():
        time.sleep(0.1)


@flow
def inner(gate: str):
    waits(gate)


@flow
def watch(gate: str, desk: str):
    opens(desk)
    writes("s3://desk/limits")
    aside = waits.submit(gate)
    inner(gate)
    aside.result()


if __name__ == "__main__":
    here = Path(__file__)
    remote = flow.from_source(source=str(here.parent), entrypoint=f"{here.name}:watch")
    remote.deploy(name="watched", work_pool_name=POOL, version="2026.11", print_next_steps=False)
