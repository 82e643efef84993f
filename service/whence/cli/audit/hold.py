"""`whence audit hold`: legal holds."""

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from whence.cli.client import Client, check_there_is_a_log, connect
from whence.cli.console import note, out, print_json
from whence.cli.naming import naming_one
from whence.cli.options import Choice, with_flags
from whence.cli.resolve import NamedKind, resolve
from whence.cli.tables import moment, table
from whence_schemas.errors import ConfigurationError

if TYPE_CHECKING:
    from whence.audit.holds import HoldScope

app = typer.Typer(name="hold", help="Keep events from being erased: legal holds.", no_args_is_help=True)

_ReasonOption = Annotated[str, typer.Option(metavar="TEXT", help="Why, such as the number of a case; it is recorded.")]
_ByOption = Annotated[str, typer.Option(metavar="ID", help="The id of your key. (with --url: of the key that is sent)")]


@app.command()
@with_flags("log", "graph", "url", "key")
def add(
    choice: Choice,
    reason: _ReasonOption,
    namespace: Annotated[
        str, typer.Option(metavar="PATTERN", help="All that has to do with namespaces that fit; * and ? are wild.")
    ] = "",
    dataset: Annotated[str, typer.Option(metavar="NAME", help="All that has to do with this dataset.")] = "",
    job: Annotated[str, typer.Option(metavar="NAME", help="All that has to do with this job.")] = "",
    run: Annotated[str, typer.Option(metavar="ID", help="This run, and the runs in it.")] = "",
    entry: Annotated[str, typer.Option(metavar="N-M", help="These entries of the log.")] = "",
    by: _ByOption = "",
) -> None:
    """Add a hold on just one of these: nothing that it covers can be erased until it is released."""
    wanted = {"namespace": namespace, "dataset": dataset, "job": job, "run": run, "entries": entry}
    with naming_one():
        index = asyncio.run(_add(choice, {name: value for name, value in wanted.items() if value}, reason, by))
    out().print(Text(f"Legal hold {index} is in force."), soft_wrap=True)


async def _add(choice: Choice, wanted: dict[str, str], reason: str, by: str) -> int:
    check_there_is_a_log(choice)
    async with connect(choice, write=True) as client:
        return await client.add_hold(await _scope(client, wanted), reason, by)


async def _scope(client: Client, wanted: dict[str, str]) -> "HoldScope":
    from pydantic import ValidationError

    from whence.audit.holds import HoldScope

    named: dict[str, Any] = dict(wanted)
    for kind in (NamedKind.DATASET, NamedKind.JOB):
        if kind.value in wanted:
            found = await resolve(client, wanted[kind.value], kind=kind)
            named[kind.value] = {"namespace": found.namespace, "name": found.name}
    if "entries" in wanted:
        first, _, last = wanted["entries"].partition("-")
        named["entries"] = (first, last or first)
    try:
        return HoldScope.model_validate(named)
    except ValidationError as error:
        first_error = error.errors(include_url=False, include_input=False)[0]
        raise ConfigurationError(f"{first_error['msg']}; entries are written as 10-20") from None


@app.command("list")
@with_flags("log", "graph", "url", "key")
def list_(
    choice: Choice, as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False
) -> None:
    """List the holds in force."""
    holds = asyncio.run(_list(choice))
    if as_json:
        print_json([hold.model_dump(mode="json", exclude_none=True) for hold in holds])
    elif holds:
        rows = [(str(hold.index), str(hold.scope), hold.reason, moment(hold.since), hold.by) for hold in holds]
        out().print(table(["hold", "on", "why", "since", "by"], rows))
    else:
        note("No legal hold is in force.")


async def _list(choice: Choice) -> list[Any]:
    async with connect(choice) as client:
        return await client.holds()


@app.command()
@with_flags("log", "graph", "url", "key")
def release(
    choice: Choice,
    hold: Annotated[int, typer.Argument(metavar="HOLD", help="As `hold list` shows it.", min=0)],
    reason: _ReasonOption,
    by: _ByOption = "",
) -> None:
    """Release a hold."""
    released = asyncio.run(_release(choice, hold, reason, by))
    out().print(Text(f"Released: {released}."), soft_wrap=True)


async def _release(choice: Choice, index: int, reason: str, by: str) -> Any:
    check_there_is_a_log(choice)
    async with connect(choice, write=True) as client:
        return await client.release_hold(index, reason, by)
