"""The command `whence provenance`."""

import asyncio
from typing import Annotated, Any

import typer

from whence.cli.analyses.provenance.question import PROVENANCE
from whence.cli.client import connect
from whence.cli.connections import has_more
from whence.cli.console import note, out, print_json
from whence.cli.naming import KindOption, NameArgument, NamespaceOption, naming_one
from whence.cli.options import Choice, with_flags
from whence.cli.reach import AsOfOption, behind
from whence.cli.resolve import Found, NamedKind, resolve
from whence_schemas.errors import InvalidQuestion

_LISTS = ("attempts", "versions", "used", "generated", "decisions", "models", "gaps")


@with_flags("log", "graph", "url", "key")
def provenance(
    choice: Choice,
    name: NameArgument,
    version: Annotated[
        str,
        typer.Option(metavar="V", help="This version of the dataset. (default: the current one)", show_default=False),
    ] = "",
    run: Annotated[
        str, typer.Option(metavar="ID", help="The version of the dataset that this run produced.", show_default=False)
    ] = "",
    up: Annotated[bool, typer.Option("--up", help="Only what it rests on.")] = False,
    down: Annotated[bool, typer.Option("--down", help="Only what rests on it.")] = False,
    depth: Annotated[int, typer.Option(min=0, help="Steps from run to run.")] = 20,
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many of each list to show, nearest first.")] = 200,
    as_of: AsOfOption = "",
    namespace: NamespaceOption = "",
    kind: KindOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON, for programs.")] = False,
) -> None:
    """Show which exact runs, code and data one version of a dataset rests on, and what rests on it.

    NAME is a dataset (a table, model, document, answer), a run, or a job, of which the newest run is meant.
    """
    how = {
        "up": up or not down,
        "down": down or not up,
        "depth": depth,
        "asOf": as_of or None,
        "first": limit,
    }
    with naming_one():
        found, answer = asyncio.run(_ask(choice, name, namespace, kind, version, run, how))
    if as_json:
        print_json(answer)
    else:
        _print(answer, found, limit)


async def _ask(
    choice: Choice, name: str, namespace: str, kind: NamedKind | None, version: str, run: str, how: dict[str, Any]
) -> tuple[Found, dict[str, Any]]:
    if version and run:
        raise InvalidQuestion("give --version or --run, not both: each says which version of the dataset is meant")
    async with connect(choice) as client:
        found = await resolve(client, name, namespace, NamedKind.DATASET if version or run else kind)
        return found, await client.ask(PROVENANCE, {"of": _start(found, version, run), **how})


def _start(found: Found, version: str, run: str) -> dict[str, Any]:
    """What is named as GraphQL's ProvenanceStart."""
    start = found.start()
    if found.kind == NamedKind.DATASET:
        start["dataset"] |= {"version": version or None, "run": run or None}
    return start


def _print(answer: dict[str, Any], found: Found, limit: int) -> None:
    from whence.cli.analyses.provenance.page import provenance_page

    console = out()
    console.print(provenance_page(answer, found.name, found.kind != NamedKind.DATASET, console.width))
    parts = list(answer.values())
    for sentence in dict.fromkeys(sentence for part in parts for sentence in part["notes"]):
        note(sentence)
    if any(has_more(part, _LISTS) for part in parts):
        note(f"There is more than the {limit} of each list that are shown: raise --limit, or ask with GraphQL.")
    for limited in dict.fromkeys(part["truncatedBy"] for part in parts if part["truncated"]):
        note(f"The answer is cut at the limit of {limited.lower()}: ask for less with --depth.")
    behind(parts[0])
