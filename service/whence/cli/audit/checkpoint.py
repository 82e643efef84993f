"""`whence audit checkpoint` and `whence audit rotate-key`: what is signed for the log, and with which key."""

import asyncio
from typing import Annotated

import typer

from whence.cli.client import check_there_is_a_log, connect
from whence.cli.console import note
from whence.cli.options import Choice, with_flags


@with_flags("log", "graph", "url", "key")
def checkpoint(
    choice: Choice,
    timestamp: Annotated[
        bool, typer.Option("--timestamp", help="Have it time-stamped too, by the authority of WHENCE_TIMESTAMP_URL.")
    ] = False,
) -> None:
    """Make a checkpoint and print it: keep it elsewhere, where nobody who runs Whence can change it.

    With it, `whence audit verify --checkpoint FILE` proves that history since then was only appended to.
    """
    typer.echo(asyncio.run(_checkpoint(choice, timestamp)), nl=False)


@with_flags("log", "graph", "url", "key")
def rotate_key(choice: Choice) -> None:
    """Let a new key sign for the log, and print its public part. The log records that the old key vouches for it."""
    key = asyncio.run(_rotate_key(choice))
    note("From now on checkpoints are signed by this key. Tell those who verify; who knows the old key can follow.")
    typer.echo(key)


async def _checkpoint(choice: Choice, timestamp: bool) -> bytes:
    check_there_is_a_log(choice)
    async with connect(choice, write=True) as client:
        return await client.checkpoint(timestamp)


async def _rotate_key(choice: Choice) -> str:
    check_there_is_a_log(choice)
    async with connect(choice, write=True) as client:
        return await client.rotate_key()
