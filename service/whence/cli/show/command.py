"""The command `whence show`."""

import asyncio
from typing import Annotated, Any

import typer

from whence.cli.client import connect
from whence.cli.console import out, print_json
from whence.cli.naming import KindOption, NameArgument, NamespaceOption, naming_one
from whence.cli.options import Choice, with_flags
from whence.cli.reach import AsOfOption, WindowOption, behind
from whence.cli.resolve import NamedKind, check_column, resolve
from whence.cli.show.question import COLUMN, DATASET, JOB, RUN
from whence_schemas.errors import NotFound


@with_flags("log", "graph", "url", "key")
def show(
    choice: Choice,
    name: NameArgument,
    column: Annotated[
        str, typer.Option(metavar="FIELD", help="Of this column of the dataset.", show_default=False)
    ] = "",
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many versions or runs to show, newest first.")] = 10,
    as_of: AsOfOption = "",
    window: WindowOption = 10,
    namespace: NamespaceOption = "",
    kind: KindOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON, for programs.")] = False,
) -> None:
    """Show what is known of a dataset, job, run or column: fields, versions or runs, owners, tags, facets."""
    with naming_one():
        what, answer = asyncio.run(_ask(choice, name, namespace, kind, column, limit, as_of, window))
    if as_json:
        print_json(answer)
        return
    from whence.cli.show.page import PAGES

    out().print(PAGES[what](answer))
    behind(answer["status"])


async def _ask(
    choice: Choice,
    name: str,
    namespace: str,
    kind: NamedKind | None,
    column: str,
    limit: int,
    as_of: str,
    window: int,
) -> tuple[str, dict[str, Any]]:
    """What is shown, and the answer about it."""
    async with connect(choice) as client:
        found = await resolve(client, name, namespace, NamedKind.DATASET if column else kind)
        place = {"namespace": found.namespace, "name": found.name, "asOf": as_of or None, "window": window}
        if column:
            await check_column(client, found, column)
            answer = await client.ask(COLUMN, {"of": found.start(column), **place})
            return "column", answer | {"column": {"namespace": found.namespace, "name": found.name, "field": column}}
        if found.kind == NamedKind.RUN:
            return "run", await client.ask(RUN, {"id": found.run})
        query = DATASET if found.kind == NamedKind.DATASET else JOB
        answer = await client.ask(query, {"first": limit, **place})
        if answer[found.kind.value] is None:
            raise NotFound(f"there was no {found.kind} {found.name} then")
        return found.kind.value, answer
