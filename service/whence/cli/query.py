"""`whence query`: the ready-made GraphQL queries, and one's own."""

import asyncio
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from whence.cli.client import connect
from whence.cli.console import out, print_json
from whence.cli.options import Choice, with_flags
from whence.cli.tables import table
from whence_schemas.errors import ConfigurationError


@with_flags("log", "graph", "url", "key")
def query(
    choice: Choice,
    name: Annotated[
        str, typer.Argument(metavar="NAME|FILE", help="A ready-made query, or a file; without it, they are listed.")
    ] = "",
    var: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="A variable of the query; JSON, or else text.")
    ] = None,
) -> None:
    """Run a GraphQL query and print the answer as JSON."""
    if name:
        print_json(asyncio.run(_ask(choice, _read(name), _variables(var or []))))
    else:
        _list()


async def _ask(choice: Choice, text: str, variables: dict[str, Any]) -> dict[str, Any]:
    async with connect(choice) as client:
        return await client.ask(text, variables)


def _list() -> None:
    """List the ready-made queries: at the head of each stand a comment on it, and example variables."""
    from whence_graphql.ready import ready_made

    rows = []
    for name, text in ready_made().items():
        what, example = (line.removeprefix("# ") for line in text.splitlines()[:2])
        rows.append((name, what, "\n".join(json.loads(example.removeprefix("Variables: ")))))
    out().print(table(["query", "what it answers", "variables"], rows))


def _read(name: str) -> str:
    from whence_graphql.ready import ready_made

    known = ready_made()
    if name in known:
        return known[name]
    try:
        return Path(name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise ConfigurationError(
            f"{name}: neither a file of GraphQL nor a ready-made query; these are {', '.join(known)}"
        ) from None


def _variables(pairs: Iterable[str]) -> dict[str, Any]:
    variables = {}
    for pair in pairs:
        name, found, value = pair.partition("=")
        if not found:
            raise ConfigurationError(f"--var {pair}: write it as NAME=VALUE")
        try:
            variables[name] = json.loads(value)
        except ValueError:
            variables[name] = value
    return variables
