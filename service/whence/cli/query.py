"""`whence query`: the ready-made GraphQL queries, and one's own."""

import asyncio
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any

import typer

from whence.cli.client import Client, connect
from whence.cli.console import note, out, print_json
from whence.cli.naming import KindOption, NamespaceOption, naming_one
from whence.cli.options import Choice, with_flags
from whence.cli.resolve import NamedKind, resolve
from whence.cli.tables import table
from whence.cli.variables import Variables
from whence_schemas.errors import ConfigurationError


@with_flags("log", "graph", "url", "key")
def query(
    choice: Choice,
    name: Annotated[
        str, typer.Argument(metavar="NAME|FILE", help="A ready-made query, or a file; without it, they are listed.")
    ] = "",
    of: Annotated[
        str,
        typer.Option(
            metavar="NAME", help="What it is about, by name or part of it, or a run by its id.", show_default=False
        ),
    ] = "",
    var: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="A variable of the query; JSON, or else text.")
    ] = None,
    namespace: NamespaceOption = "",
    kind: KindOption = None,
) -> None:
    """Run a GraphQL query and print the answer as JSON.

    `--of` finds a dataset, job or run as other commands do, and sets the variables namespace and name, or run.
    """
    if not name:
        _list()
        return
    text = _read(name)
    variables = Variables(text)
    variables.set_all(var or [])
    with naming_one():
        print_json(asyncio.run(_ask(choice, text, variables, of, namespace, kind)))


async def _ask(
    choice: Choice, text: str, variables: Variables, of: str, namespace: str, kind: NamedKind | None
) -> dict[str, Any]:
    async with connect(choice) as client:
        if of:
            await _name(client, variables, of, namespace, kind)
        variables.check()
        return await client.ask(text, variables.values)


async def _name(client: Client, variables: Variables, of: str, namespace: str, kind: NamedKind | None) -> None:
    """Set the variables that name what a query is about."""
    about = kind or variables.kind
    found = await resolve(client, of, namespace, NamedKind(about) if about else None)
    if found.kind == NamedKind.RUN:
        variables.set("run", found.run)
    else:
        variables.set("namespace", found.namespace)
        variables.set("name", found.name)


def _list() -> None:
    """List the ready-made queries, with what the comment at the head of each says."""
    from whence_graphql.ready import head_of, ready_made

    rows = [(name, head_of(text).what, Variables(text).told) for name, text in ready_made().items()]
    out().print(table(["query", "what it answers", "variables"], rows))
    note("Those in brackets may be left out. Give them as --var NAME=VALUE; namespace and name, or run, by --of NAME.")


def _read(name: str) -> str:
    from whence_graphql.ready import ready_made

    known = ready_made()
    if name in known:
        return known[name]
    try:
        return Path(name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        close = get_close_matches(name, known, 3, 0.5) or [other for other in known if name.casefold() in other]
        meant = f"did you mean {' or '.join(close)}?" if close else "`whence query` lists these."
        raise ConfigurationError(f"{name}: neither a file of GraphQL nor a ready-made query; {meant}") from None
