"""The command `whence impact`."""

import asyncio
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Any

import typer

from whence.cli.analyses.impact.question import IMPACT
from whence.cli.client import connect
from whence.cli.connections import has_more
from whence.cli.console import note, out, print_json
from whence.cli.naming import KindOption, NamespaceOption, naming_one
from whence.cli.options import Choice, with_flags
from whence.cli.reach import AsOfOption, DepthOption, WindowOption, behind, cut
from whence.cli.resolve import NamedKind, check_column, resolve
from whence_schemas.errors import InvalidQuestion, NotFound


class ChangeKind(StrEnum):
    """What happens to what is named."""

    DROP = "drop"
    RENAME = "rename"
    RETYPE = "retype"
    VALUES = "values"


@with_flags("log", "graph", "url", "key")
def impact(
    choice: Choice,
    names: Annotated[
        list[str],
        typer.Argument(metavar="NAME...", help="Datasets or jobs by name, part of it or namespace/name."),
    ],
    column: Annotated[
        list[str] | None,
        typer.Option(metavar="FIELD", help="This column of the dataset; may be repeated.", show_default=False),
    ] = None,
    columns: Annotated[bool, typer.Option("--columns", help="Follow columns, not whole datasets.")] = False,
    change: Annotated[ChangeKind, typer.Option(help="What happens to it; see above.")] = ChangeKind.DROP,
    depth: DepthOption = 20,
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many of each list to show, nearest first.")] = 50,
    as_of: AsOfOption = "",
    window: WindowOption = 10,
    namespace: NamespaceOption = "",
    kind: KindOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON, for programs.")] = False,
) -> None:
    """Show what a change to datasets, columns or jobs touches downstream, with proofs, and who is to be told.

    Changes: `drop`: it goes away, or a job stops. `rename`: only who reads it by its name. `retype`: on to where its
    values flow. `values`: its values or meaning change, or a job's code. `inferred` marks what rests on a job that did
    not tell which columns it uses.
    """
    how = {
        "change": change.name,
        "granularity": "COLUMN" if columns or column else None,
        "depth": depth,
        "asOf": as_of or None,
        "window": window,
        "first": limit,
    }
    with naming_one():
        answer = asyncio.run(_ask(choice, names, column or [], namespace, NamedKind.DATASET if column else kind, how))
    if as_json:
        print_json(answer)
    else:
        _print(answer["impact"], limit)


async def _ask(
    choice: Choice,
    names: Sequence[str],
    columns: Sequence[str],
    namespace: str,
    kind: NamedKind | None,
    how: dict[str, Any],
) -> dict[str, Any]:
    if columns and len(names) > 1:
        raise InvalidQuestion("--column goes with one NAME")
    async with connect(choice) as client:
        found = [await resolve(client, name, namespace, kind) for name in names]
        try:
            of = [one.start(column) for one in found for column in columns or [""]]
            return await client.ask(IMPACT, {"of": of, **how})
        except NotFound:
            for column in columns:
                await check_column(client, found[0], column)
            raise


def _print(answer: dict[str, Any], limit: int) -> None:
    from whence.cli.analyses.impact.page import impact_page

    out().print(impact_page(answer))
    for sentence in answer["notes"]:
        note(sentence)
    if has_more(answer, ("touched", "owners", "tags", "ends")):
        note(f"There are more than the {limit} shown: raise --limit, or ask for all with GraphQL.")
    cut(answer, "ask for less with --depth")
    behind(answer)
