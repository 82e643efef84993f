"""The command `whence recover`."""

import asyncio
from typing import Annotated, Any

import typer

from whence.cli.analyses.recovery.question import RECOVERY, RECOVERY_STEPS
from whence.cli.client import Client, connect
from whence.cli.connections import has_more
from whence.cli.console import note, out, print_json
from whence.cli.naming import NamespaceOption, naming_one
from whence.cli.options import Choice, with_flags
from whence.cli.reach import AsOfOption, WindowOption, behind, cut
from whence.cli.resolve import Found, NamedKind, resolve
from whence_schemas.errors import InvalidQuestion

_PAGE = 100


@with_flags("log", "graph", "url", "key")
def recover(
    choice: Choice,
    name: Annotated[
        str,
        typer.Argument(
            metavar="[NAME]", help="The dataset (model, document) that is bad, by name.", show_default=False
        ),
    ] = "",
    run: Annotated[str, typer.Option(metavar="ID", help="The run that failed, or made what is bad.")] = "",
    job: Annotated[str, typer.Option(metavar="NAME", help="The job whose last run made what is bad.")] = "",
    version: Annotated[
        str, typer.Option(metavar="V", help="The dataset's bad version. (default: the current one)")
    ] = "",
    since: Annotated[str, typer.Option(metavar="TIME", help="All that was made since then is bad.")] = "",
    until: Annotated[
        str, typer.Option(metavar="TIME", help="What was made later is taken for a repair. (default: now)")
    ] = "",
    late: Annotated[bool, typer.Option("--late", help="The dataset should have had a new version at --since.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many of each list to show, nearest first.")] = 50,
    as_of: AsOfOption = "",
    window: WindowOption = 10,
    namespace: NamespaceOption = "",
    script: Annotated[bool, typer.Option("--script", help="Print the plan as a script for a POSIX shell.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON, for programs.")] = False,
) -> None:
    """Show what is stale after a run failed, or data was found bad, and what to run again, in which order.

    Give one of NAME, --run and --job. What is stale was built on it, by the versions that runs consumed. Ask again with
    the --until that is printed, to see how far the recovery is.
    """
    if (name != "") + (run != "") + (job != "") != 1:
        raise InvalidQuestion("give one of NAME, --run ID and --job NAME")
    if script and as_json:
        raise InvalidQuestion("give one of --script and --json")
    kind = NamedKind.RUN if run else NamedKind.JOB if job else NamedKind.DATASET
    how = {
        "version": version or None,
        "since": since or None,
        "until": until or None,
        "late": late,
        "asOf": as_of or None,
        "window": window,
        "first": limit,
    }
    with naming_one():
        found, answer = asyncio.run(_ask(choice, name or run or job, namespace, kind, how))
    if as_json:
        print_json(answer)
    elif script:
        _print_script(answer["recovery"], _again(found, version, answer["recovery"]))
    else:
        _print(answer["recovery"], limit, _again(found, version, answer["recovery"]))


async def _ask(
    choice: Choice, name: str, namespace: str, kind: NamedKind, how: dict[str, Any]
) -> tuple[Found, dict[str, Any]]:
    async with connect(choice) as client:
        found = await resolve(client, name, namespace, kind)
        variables = {"of": found.start(), **how}
        answer = await client.ask(RECOVERY, variables)
        variables |= {"asOf": answer["recovery"]["asOf"], "until": answer["recovery"]["until"]}
        await _page_on(client, answer["recovery"], variables)
        return found, answer


async def _page_on(client: Client, recovery: dict[str, Any], variables: dict[str, Any]) -> None:
    """Read the rest of the plan: half of it would be none."""
    del variables["first"]
    while recovery["steps"]["pageInfo"]["hasNextPage"]:
        after = recovery["steps"]["pageInfo"]["endCursor"]
        page = (await client.ask(RECOVERY_STEPS, {**variables, "after": after}))["recovery"]["steps"]
        recovery["steps"]["edges"] += page["edges"]
        recovery["steps"]["pageInfo"] = page["pageInfo"]


def _again(found: Found, version: str, recovery: dict[str, Any]) -> list[str]:
    """The command that asks again."""
    words = ["whence", "recover"]
    if found.kind == NamedKind.RUN:
        words += ["--run", found.run]
    else:
        words += [*(["--job"] if found.kind == NamedKind.JOB else []), found.name, "--namespace", found.namespace]
    words += ["--version", version] if version else []
    words += ["--since", recovery["since"]] if recovery["since"] else []
    return [*words, *(["--late"] if recovery["late"] else []), "--until", recovery["until"]]


def _print_script(recovery: dict[str, Any], again: list[str]) -> None:
    from whence.cli.analyses.recovery.script import script_of

    typer.echo(script_of(recovery, again), nl=False)
    _warn(recovery)


def _print(recovery: dict[str, Any], limit: int, again: list[str]) -> None:
    import shlex

    from whence.cli.analyses.recovery.page import recover_page

    out().print(recover_page(recovery))
    if has_more(recovery, ("stale", "done", "fallbacks", "good", "repairs")):
        note(f"There are more than the {limit} shown: raise --limit, or ask for all with GraphQL.")
    _warn(recovery)
    note(f"To see how far it is, ask again: {shlex.join(again)}")


def _warn(recovery: dict[str, Any]) -> None:
    for sentence in recovery["notes"]:
        note(sentence)
    cut(recovery, "the plan is not whole")
    behind(recovery)
