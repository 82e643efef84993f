"""Trivial tasks in a flow of Prefect: `prefect_flow.py COUNT NAME`. Prints the seconds that the flow took."""

import sys
import time

from prefect import flow, task
from progress import progress


@task
def one(number: int) -> int:
    progress()
    return number + 1


@flow(name=sys.argv[2])
def many(count: int) -> None:
    for number in range(count):
        one(number)


begun = time.perf_counter()
many(int(sys.argv[1]))
print(time.perf_counter() - begun)
