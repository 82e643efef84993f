"""The command `whence history`."""

import asyncio
from typing import Annotated, Any

import typer

from whence.cli.analyses.history.question import HISTORY
from whence.cli.client import connect
from whence.cli.connections import nodes_of
from whence.cli.console import note, out, print_json
from whence.cli.naming import KindOption, NameArgument, NamespaceOption, naming_one
from whence.cli.options import Choice, with_flags
from whence.cli.reach import FOUND, AsOfOption, behind
from whence.cli.resolve import resolve


@with_flags("log", "graph", "url", "key")
def history(
    choice: Choice,
    name: NameArgument,
    threshold: Annotated[
        float, typer.Option(min=0, help="The part of the usual value by which one must differ to count as changed.")
    ] = 0.3,
    previous: Annotated[
        int, typer.Option(min=1, max=100, help="The usual value is the median of so many successful runs before.")
    ] = 10,
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many entries to show, newest first.")] = 20,
    check: Annotated[
        bool,
        typer.Option(
            "--check", help=f"Exit with {FOUND} where a check fails, or the newest successful run changed a value."
        ),
    ] = False,
    as_of: AsOfOption = "",
    namespace: NamespaceOption = "",
    kind: KindOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON, for programs.")] = False,
) -> None:
    """Show row counts, sizes, quality metrics, assertions and durations over the runs of a dataset or job.

    A value counts as changed where it differs by more than the threshold from the median of what the same job's last
    successful runs gave. Failed runs are shown, and not compared.
    """
    how = {"threshold": threshold, "previous": previous, "first": limit, "asOf": as_of or None}
    with naming_one():
        answer = asyncio.run(_ask(choice, name, namespace, kind, how))
    if as_json:
        print_json(answer)
    else:
        _print(answer["history"], limit)
    if check and not _good(answer["history"]):
        raise typer.Exit(FOUND)


async def _ask(choice: Choice, name: str, namespace: str, kind: Any, how: dict[str, Any]) -> dict[str, Any]:
    async with connect(choice) as client:
        found = await resolve(client, name, namespace, kind)
        return await client.ask(HISTORY, {"of": found.start(), **how})


def _good(answer: dict[str, Any]) -> bool:
    entries = nodes_of(answer["entries"])
    newest = next((e for e in entries if e["attempt"]["state"] == "COMPLETE" and e["role"] != "CHECKED"), None)
    changed = bool(newest and newest["changed"]["edges"])
    return not (changed or answer["failing"]["edges"] or answer["truncated"])


def _print(answer: dict[str, Any], limit: int) -> None:
    from whence.cli.analyses.history.page import history_page

    out().print(history_page(answer))
    for sentence in answer["notes"]:
        note(sentence)
    if answer["truncated"]:
        note("Time was up before the page was full: ask for less with --limit, or page on with GraphQL.")
    elif answer["entries"]["pageInfo"]["hasNextPage"]:
        note(f"There are more than the {limit} shown: raise --limit, or ask for all with GraphQL.")
    behind(answer)
