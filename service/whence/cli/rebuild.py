"""`whence rebuild`: the graph anew, from the log."""

import asyncio
from hashlib import sha256
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer
from rich.text import Text

from whence.cli.console import out
from whence.cli.options import Choice, with_flags
from whence.cli.projecting import show_projecting

if TYPE_CHECKING:
    from whence.graph.port import GraphStore


class _Print(NamedTuple):
    """A fingerprint of a whole graph: how many facts it holds, and the SHA-256 over them in order."""

    facts: int
    digest: str


@with_flags("log", "graph")
def rebuild(
    choice: Choice,
    check: Annotated[
        bool,
        typer.Option("--check", help="Compare the graph before and after, fact by fact; exit code 1 if they differ."),
    ] = False,
) -> None:
    """Clear the graph and build it again from the log. The server must be stopped meanwhile."""
    prints = asyncio.run(_rebuild(choice, check))
    if check:
        before, after = prints
        same = before == after
        out().print(
            Text("The graphs are identical." if same else "The graphs differ.", "green" if same else "bold red")
        )
        for name, graph in (("before", before), ("after", after)):
            out().print(f"{name:<7} {graph.facts:>12,} facts  SHA-256 {graph.digest}", soft_wrap=True)
        raise typer.Exit(0 if same else 1)


async def _rebuild(choice: Choice, check: bool) -> list[_Print]:
    """Rebuild, and give fingerprints of the graph before and after if they are to be compared."""
    from whence.cli.local import check_log_exists, open_stores

    check_log_exists(choice.settings)
    async with open_stores(choice.settings, write=True) as stores:
        prints = []
        if check:
            await show_projecting(stores.project(), "Up to date first")
            prints.append(await _print_of(stores.graph))
        await stores.graph.clear()
        size = await show_projecting(stores.project(), "Rebuilding")
        out().print(f"The graph is built from the log's {size:,} entries.")
        if check:
            prints.append(await _print_of(stores.graph))
        return prints


async def _print_of(graph: "GraphStore") -> _Print:
    facts, digest = 0, sha256()
    async for row in graph.dump():
        facts += 1
        digest.update(repr(tuple(row)).encode())
    return _Print(facts, digest.hexdigest())
