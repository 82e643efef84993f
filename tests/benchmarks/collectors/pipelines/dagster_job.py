"""Trivial ops in a job of Dagster, all in one process; COUNT says how many."""

import os
from collections.abc import Iterator

import dagster as dg
from progress import progress


@dg.op(out=dg.DynamicOut())
def numbers() -> Iterator[dg.DynamicOutput[int]]:
    for number in range(int(os.environ["COUNT"])):
        yield dg.DynamicOutput(number, mapping_key=str(number))


@dg.op
def one(number: int) -> int:
    progress()
    return number + 1


@dg.job(executor_def=dg.in_process_executor, resource_defs={"io_manager": dg.mem_io_manager})
def many() -> None:
    numbers().map(one)
