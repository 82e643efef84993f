"""Prints what `environment` hands down: outside of flows, in a flow, and in a task of its subflow."""

import json

from prefect import flow, task

from whence_prefect import environment


@task
def inner() -> None:
    print(json.dumps(environment()), flush=True)


@flow
def middle() -> None:
    inner()


@flow
def outer() -> None:
    print(json.dumps(environment()), flush=True)
    middle()


if __name__ == "__main__":
    print(json.dumps(environment()), flush=True)
    outer()
