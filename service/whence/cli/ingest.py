"""`whence ingest`: events from files or stdin."""

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from whence.cli.client import connect
from whence.cli.console import err, out, print_json
from whence.cli.options import Choice, with_flags
from whence.cli.projecting import show_projecting

if TYPE_CHECKING:
    from whence.cli.sending import Rejects, Tally

_SHOWN = 20


@with_flags("log", "graph", "url", "key", "redact")
def ingest(
    choice: Choice,
    paths: Annotated[
        list[str],
        typer.Argument(metavar="PATH...", help="Files, directories (searched to any depth), or - for stdin."),
    ],
    rejects: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Where to put what is no event. (default: whence-rejects-TIME.ndjson here)",
            show_default=False,
        ),
    ] = None,
    wait: Annotated[
        bool, typer.Option("--wait", help="Return when the events are in the server's graph (without --url: always).")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """Read OpenLineage events and put them into the log.

    Takes an event a line (.ndjson, .jsonl, .log), JSON files, arrays of events, each also compressed by gzip, and
    what OpenLineage's file transport writes. An event that is there already counts once, so that it is safe to
    repeat a command. What is no event is reported as file:line and kept in a file of its own.

    Exit code: 0 if all were accepted, 1 if any was rejected or could not be sent.
    """
    from whence.cli.sending import Rejects

    with Rejects(rejects or Path(f"whence-rejects-{time.strftime('%Y%m%d-%H%M%S')}.ndjson")) as kept:
        try:
            tally = asyncio.run(_ingest(choice, paths, kept, wait))
        finally:
            if not as_json:
                _print_rejects(kept)
    if as_json:
        print_json(tally.report(kept))
    else:
        out().print(tally.sentence(kept.count), soft_wrap=True)
    if kept.count:
        raise typer.Exit(1)


async def _ingest(choice: Choice, paths: list[str], rejects: "Rejects", wait: bool) -> "Tally":
    from whence.cli.sending import send_all
    from whence.cli.sources import find_sources

    sources = find_sources(paths)
    async with connect(choice, write=True) as client:
        tally = await send_all(client, sources, rejects)
        if wait or not choice.remote:
            await show_projecting(client.project(), "Into the graph")
    return tally


def _print_rejects(rejects: "Rejects") -> None:
    console = err()
    for place, reason in rejects.first(_SHOWN):
        console.print(Text.assemble((place, "bold"), f": {reason}"), soft_wrap=True)
    if rejects.count > _SHOWN:
        console.print(Text(f"... and {rejects.count - _SHOWN:,} more", "dim"))
    if rejects.kept:
        console.print(
            Text(f"What was rejected is in {rejects.path}: mend it and ingest that file.", "dim"), soft_wrap=True
        )
