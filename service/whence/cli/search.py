"""`whence search`: which datasets and jobs there are."""

import asyncio
from enum import StrEnum
from typing import Annotated, Any

import typer

from whence.cli.client import connect
from whence.cli.connections import nodes_of
from whence.cli.console import note, out, print_json
from whence.cli.options import Choice, with_flags
from whence.cli.resolve import SEARCH
from whence.cli.tables import table


class SearchKind(StrEnum):
    """Kinds of what can be searched for."""

    DATASET = "dataset"
    JOB = "job"
    RUN = "run"
    COLUMN = "column"
    OWNER = "owner"
    TAG = "tag"


@with_flags("log", "graph", "url", "key")
def search(
    choice: Choice,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="Part of a name or namespace, in any case.")] = "",
    kind: Annotated[list[SearchKind] | None, typer.Option(help="Only of this kind. (default: dataset, job)")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many to show.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON, for programs.")] = False,
) -> None:
    """Find datasets and jobs by a part of their name; without TEXT, list them."""
    kinds = [one.name for one in kind or (SearchKind.DATASET, SearchKind.JOB)]
    answer = asyncio.run(_ask(choice, {"text": text, "kinds": kinds, "first": limit, "after": None}))
    if as_json:
        print_json(answer)
        return
    nodes = nodes_of(answer["search"])
    if nodes:
        out().print(table(["kind", "namespace", "name"], [_row(node) for node in nodes]))
    else:
        note("Nothing is found.")
    if answer["search"]["pageInfo"]["hasNextPage"]:
        note(f"There are more than {limit}: say more of the name, or raise --limit.")


async def _ask(choice: Choice, variables: dict[str, Any]) -> dict[str, Any]:
    async with connect(choice) as client:
        return await client.ask(SEARCH, variables)


def _row(node: dict[str, Any]) -> tuple[str, str, str]:
    field = f".{node['field']}" if node.get("field") else ""
    return node["kind"].lower(), node["namespace"] or "", (node["name"] or "") + field
