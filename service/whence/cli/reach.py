"""How far a question reaches: options that say so, and what is said where the answer falls short of it."""

from typing import Annotated, Any

import typer

from whence.cli.console import note

DepthOption = Annotated[int, typer.Option(min=0, help="Steps from dataset to dataset.")]
WindowOption = Annotated[int, typer.Option(min=1, max=1000, help="How many of a job's last runs count.")]
AsOfOption = Annotated[
    str,
    typer.Option(metavar="TIME", help="As it was then, as 2026-01-31T09:30:00Z. (default: now)", show_default=False),
]


def cut(answer: dict[str, Any], what_then: str) -> None:
    """Say so where a limit cut the answer, and what is to be done about it, or follows."""
    if answer["truncated"]:
        note(f"The answer is cut at the limit of {answer['truncatedBy'].lower()}: {what_then}.")


def behind(answer: dict[str, Any]) -> None:
    """Say so where the graph that answered does not have all of the log yet."""
    if answer["cursor"] < answer["logSize"]:
        note(f"The graph is {answer['logSize'] - answer['cursor']:,} events behind the log.")


FOUND = 3
"""The exit code of `--check` and its like where what they look for is there: 1 and 2 say that the command failed."""
