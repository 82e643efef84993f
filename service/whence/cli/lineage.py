"""`whence lineage`: where something came from, and what comes from it."""

import asyncio
from typing import Annotated, Any

import typer

from whence.cli.client import connect
from whence.cli.console import note, out, print_json
from whence.cli.naming import KindOption, NameArgument, NamespaceOption, naming_one
from whence.cli.options import Choice, with_flags
from whence.cli.reach import AsOfOption, DepthOption, WindowOption, behind, cut
from whence.cli.resolve import Found, NamedKind, resolve_column

_QUESTION = """
query Lineage(
  $of: LineageStart!, $direction: Direction!, $depth: Int!, $granularity: Granularity!, $asOf: DateTime, $window: Int!
) {
  lineage(of: $of, direction: $direction, depth: $depth, granularity: $granularity, asOf: $asOf, window: $window) {
    asOf truncated truncatedBy notes logSize cursor
    start { id kind namespace name field }
    nodes {
      id kind namespace name field distance
      ... on Run { runId state startedAt }
      ... on DatasetVersion { label producedAt complete }
    }
    edges {
      source target kind by basis observed declared firstSeen lastSeen
      seen { attempts of failed }
      transformations { type subtype description masking }
    }
  }
}
"""


@with_flags("log", "graph", "url", "key")
def lineage(
    choice: Choice,
    name: NameArgument,
    up: Annotated[bool, typer.Option("--up", help="Only where it came from.")] = False,
    down: Annotated[bool, typer.Option("--down", help="Only what comes from it.")] = False,
    depth: DepthOption = 20,
    columns: Annotated[bool, typer.Option("--columns", help="Of all its columns.")] = False,
    column: Annotated[str, typer.Option(metavar="FIELD", help="Of this column.", show_default=False)] = "",
    runs: Annotated[bool, typer.Option("--runs", help="Exact runs and dataset versions.")] = False,
    as_of: AsOfOption = "",
    window: WindowOption = 10,
    namespace: NamespaceOption = "",
    kind: KindOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON, for programs.")] = False,
) -> None:
    """Show where a dataset, column, job or run came from, and what comes from it.

    In the trees, `orders ← load_orders` means that the job load_orders writes orders. Marks: `2 of 10 runs` where not
    all of a job's last runs that count did so, `failed` where those that did failed, `declared only` where no run
    showed it.
    """
    directions = [name for name, wanted in (("UPSTREAM", up or not down), ("DOWNSTREAM", down or not up)) if wanted]
    how = {
        "direction": directions[0] if len(directions) == 1 else "BOTH",
        "depth": depth,
        "asOf": as_of or None,
        "window": window,
    }
    with naming_one():
        answer = asyncio.run(_ask(choice, name, namespace, kind, column, columns, runs, how))
    if as_json:
        print_json(answer)
    else:
        _print(answer["lineage"], directions)


async def _ask(
    choice: Choice,
    name: str,
    namespace: str,
    kind: NamedKind | None,
    column: str,
    columns: bool,
    runs: bool,
    how: dict[str, Any],
) -> dict[str, Any]:
    async with connect(choice) as client:
        found = await resolve_column(client, name, namespace, kind, column, columns=columns)
        granularity = "COLUMN" if column or columns else _granularity(found, runs)
        return await client.ask(_QUESTION, {"of": found.start(column), "granularity": granularity, **how})


def _granularity(found: Found, runs: bool) -> str:
    return "RUN" if runs or found.kind == NamedKind.RUN else "DATASET"


def _print(answer: dict[str, Any], directions: list[str]) -> None:
    from whence.cli.tree import lineage_trees

    console = out()
    console.print(lineage_trees(answer, directions, console.width))
    for sentence in answer["notes"]:
        note(sentence)
    cut(answer, "ask for less with --depth")
    behind(answer)
