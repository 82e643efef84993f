"""The command `whence drift`."""

import asyncio
from typing import Annotated, Any

import typer

from whence.cli.analyses.drift.question import DRIFT
from whence.cli.client import Client, connect
from whence.cli.connections import has_more, nodes_of
from whence.cli.console import note, out, print_json
from whence.cli.naming import naming_one
from whence.cli.options import Choice, with_flags
from whence.cli.reach import FOUND, AsOfOption, WindowOption, behind
from whence.cli.resolve import NamedKind, resolve

_BROKEN = ["NOT_OBSERVED", "NOT_DECLARED", "TYPE"]
_NAMED = 3


@with_flags("log", "graph", "url", "key")
def drift(
    choice: Choice,
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="A job by name, part of it or namespace/name; without it, all jobs.")
    ] = "",
    namespace: Annotated[
        str, typer.Option(metavar="NS", help="Only jobs in this namespace; or that of NAME.", show_default=False)
    ] = "",
    all_kinds: Annotated[
        bool, typer.Option("--all", help="List also jobs that declare nothing, and what no run could confirm yet.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many jobs to show, by name.")] = 50,
    as_of: AsOfOption = "",
    window: WindowOption = 10,
    check: Annotated[bool, typer.Option("--check", help=f"Exit with {FOUND} if they differ.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON, for programs.")] = False,
) -> None:
    """Show where declarations (JobEvents, DatasetEvents) and runs differ, and what rests on that.

    `not seen`: declared, and none of the job's last runs showed it. `not declared`: runs showed it, and the job's
    declaration does not name it. `type`: a column is declared with another type than runs tell.
    """
    how = {
        "kinds": [] if all_kinds else _BROKEN,
        "asOf": as_of or None,
        "window": window,
        "first": limit,
        "named": _NAMED,
    }
    with naming_one():
        answer = asyncio.run(_ask(choice, name, namespace, how))
    if as_json:
        print_json(answer)
    else:
        _print(answer["drift"], limit)
    if check and _broken(answer["drift"]):
        raise typer.Exit(FOUND)


async def _ask(choice: Choice, name: str, namespace: str, how: dict[str, Any]) -> dict[str, Any]:
    async with connect(choice) as client:
        if not name:
            return await _pages(client, {"job": None, "namespace": namespace or None, **how})
        found = await resolve(client, name, namespace, NamedKind.JOB)
        job = {"namespace": found.namespace, "name": found.name}
        return await client.ask(DRIFT, {"job": job, "namespace": None, "after": None, **how})


async def _pages(client: Client, how: dict[str, Any]) -> dict[str, Any]:
    """Jobs until there are enough of them: of many jobs, one request may find few that differ before its time is up."""
    answer = await client.ask(DRIFT, {"after": None, **how})
    drift = answer["drift"]
    jobs = drift["jobs"]
    while jobs["pageInfo"]["hasNextPage"] and len(jobs["edges"]) < how["first"]:
        wanted = how["first"] - len(jobs["edges"])
        more = (await client.ask(DRIFT, {**how, "after": jobs["pageInfo"]["endCursor"], "first": wanted}))["drift"]
        jobs["edges"] += more["jobs"]["edges"]
        jobs["pageInfo"] = more["jobs"]["pageInfo"]
        drift["examined"] += more["examined"]
        drift["notes"] = list(dict.fromkeys([*drift["notes"], *more["notes"]]))
        drift["truncated"], drift["truncatedBy"] = more["truncated"], more["truncatedBy"]
    return answer


def _broken(drift: dict[str, Any]) -> bool:
    return any(finding["kind"] in _BROKEN for job in nodes_of(drift["jobs"]) for finding in nodes_of(job["findings"]))


def _print(drift: dict[str, Any], limit: int) -> None:
    from whence.cli.analyses.drift.page import drift_page

    out().print(drift_page(drift))
    for sentence in drift["notes"]:
        note(sentence)
    if drift["jobs"]["pageInfo"]["hasNextPage"]:
        note(f"There are more jobs than the {limit} shown: raise --limit, or ask for all with GraphQL.")
    if any(has_more(job, ["findings"]) for job in nodes_of(drift["jobs"])):
        note("Of a job at most 500 differences are shown: ask for all with GraphQL.")
    behind(drift)
