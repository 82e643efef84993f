"""The command `whence partitions`."""

import asyncio
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Any

import typer

from whence.cli.analyses.partitions.question import PARTITIONS
from whence.cli.client import Client, connect
from whence.cli.console import note, out, print_json
from whence.cli.naming import KindOption, NameArgument, NamespaceOption, naming_one
from whence.cli.options import Choice, with_flags
from whence.cli.reach import FOUND, AsOfOption, behind
from whence.cli.resolve import resolve

_PAGE = 500
_GAPS = ["PARTIAL", "FAILED", "MISSING"]


class Step(StrEnum):
    """How far it is from one partition to the next."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@with_flags("log", "graph", "url", "key")
def partitions(
    choice: Choice,
    name: NameArgument,
    from_: Annotated[str, typer.Option("--from", metavar="TIME", help="Partitions that begin then or later.")],
    to: Annotated[
        str, typer.Option(metavar="TIME", help="And before that. (default: the time asked about)", show_default=False)
    ] = "",
    step: Annotated[
        Step | None, typer.Option(help="From one partition to the next. (default: found out)", show_default=False)
    ] = None,
    zone: Annotated[
        str,
        typer.Option(
            help="The time zone of their clocks. (default: that of the schedule, else UTC)", show_default=False
        ),
    ] = "",
    window: Annotated[
        int, typer.Option(min=1, max=1000, help="Keys beside the time that the last so many had are expected.")
    ] = 10,
    gaps: Annotated[
        bool, typer.Option("--gaps", help="Only those that are missing, failed, or there in part.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, help="How many partitions to show at most.")] = 5_000,
    check: Annotated[bool, typer.Option("--check", help=f"Exit with {FOUND} where there are gaps.")] = False,
    as_of: AsOfOption = "",
    namespace: NamespaceOption = "",
    kind: KindOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON, for programs.")] = False,
) -> None:
    """Show which partitions of a dataset or job there are between two times, and which are missing.

    Runs say what they are for by their nominal time, the partitions that they wrote, or their orchestrator's partition.
    A TIME is a date, or as 2026-01-31T09:30:00Z.
    """
    how = {
        "from": _time(from_),
        "to": _time(to) or None,
        "step": step.name if step else None,
        "zone": zone or None,
        "window": window,
        "states": _GAPS if gaps and as_json else [],
        "asOf": as_of or None,
    }
    with naming_one():
        answer = asyncio.run(_ask(choice, name, namespace, kind, how, limit))
    if as_json:
        print_json(answer)
    else:
        _print(answer["partitions"], _GAPS if gaps else [], limit)
    if check and not _good(answer["partitions"]):
        raise typer.Exit(FOUND)


def _time(text: str) -> str:
    """A date is its first moment in UTC."""
    return f"{text}T00:00:00Z" if len(text) == len("2026-01-31") else text


async def _ask(choice: Choice, name: str, namespace: str, kind: Any, how: dict[str, Any], limit: int) -> dict[str, Any]:
    async with connect(choice) as client:
        found = await resolve(client, name, namespace, kind)
        return await _pages(client, {"of": found.start(), **how}, limit)


async def _pages(client: Client, variables: dict[str, Any], limit: int) -> dict[str, Any]:
    """All pages as one."""
    whole = await client.ask(PARTITIONS, {**variables, "first": min(_PAGE, limit), "after": None})
    pages = whole["partitions"]["partitions"]
    while pages["pageInfo"]["hasNextPage"] and (left := limit - len(pages["edges"])) > 0:
        after = pages["pageInfo"]["endCursor"]
        page = await client.ask(PARTITIONS, {**variables, "first": min(_PAGE, left), "after": after})
        pages["edges"] += page["partitions"]["partitions"]["edges"]
        pages["pageInfo"] = page["partitions"]["partitions"]["pageInfo"]
    return whole


def _good(answer: dict[str, Any]) -> bool:
    counts = answer["counts"]
    known = answer["basis"] is not None and not answer["truncated"]
    return known and not any(counts[state.lower()] for state in _GAPS)


def _print(answer: dict[str, Any], states: Sequence[str], limit: int) -> None:
    from whence.cli.analyses.partitions.page import partitions_page

    out().print(partitions_page(answer, states))
    for sentence in answer["notes"]:
        note(f"{sentence}.")
    if answer["truncated"]:
        note("Time was up before all runs in the range were read: ask for a shorter one.")
    if answer["partitions"]["pageInfo"]["hasNextPage"]:
        note(f"There are more than the {limit} shown: raise --limit.")
    behind(answer)
