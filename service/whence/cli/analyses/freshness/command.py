"""The command `whence freshness`."""

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer

from whence.cli.analyses.freshness.question import FRESHNESS
from whence.cli.client import connect
from whence.cli.connections import nodes_of
from whence.cli.console import note, out, print_json
from whence.cli.naming import naming_one
from whence.cli.options import Choice, with_flags
from whence.cli.reach import FOUND, AsOfOption, behind
from whence.cli.resolve import NamedKind, resolve
from whence_schemas.errors import ConfigurationError

_BEHIND = ["LATE", "NEVER"]


@with_flags("log", "graph", "url", "key")
def freshness(
    choice: Choice,
    name: Annotated[
        str,
        typer.Argument(metavar="[NAME]", help="A dataset by name, part of it or namespace/name.", show_default=False),
    ] = "",
    namespace: Annotated[
        str, typer.Option(metavar="NS", help="Only datasets in this namespace; or that of NAME.", show_default=False)
    ] = "",
    policy: Annotated[
        Path | None, typer.Option(metavar="FILE", help="When datasets are to be produced (TOML).", show_default=False)
    ] = None,
    late: Annotated[bool, typer.Option("--late", help="Only those that are late, or never came.")] = False,
    every: Annotated[bool, typer.Option("--all", help="Also those without a known rhythm, and dropped ones.")] = False,
    check: Annotated[
        bool,
        typer.Option("--check", help=f"Exit with {FOUND} where one is late or never came, or not all was seen."),
    ] = False,
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many to show, by name.")] = 50,
    as_of: AsOfOption = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON, for programs.")] = False,
) -> None:
    """Show when datasets were produced last, which are late, and what these hold up downstream.

    When a dataset is expected is told by the policy, else by a tag `freshness` (such as PT24H), else by the schedule of
    the run that produced it; else it is inferred from its last productions, and marked so.
    """
    how = {
        "rules": _rules(policy),
        "states": _BEHIND if late or (check and not name) else [] if every or name else [*_BEHIND, "FRESH"],
        "asOf": as_of or None,
        "first": limit,
        "after": None,
        "holds": True,
        "counts": not name and not late and not check,
    }
    with naming_one():
        answer = asyncio.run(_ask(choice, name, namespace, how))
    if as_json:
        print_json(answer)
    else:
        _print(answer["freshness"], limit)
    if check and not _good(answer["freshness"]):
        raise typer.Exit(FOUND)


async def _ask(choice: Choice, name: str, namespace: str, how: dict[str, Any]) -> dict[str, Any]:
    async with connect(choice) as client:
        of = []
        if name:
            found = await resolve(client, name, namespace, NamedKind.DATASET)
            of = [{"namespace": found.namespace, "name": found.name}]
        return await client.ask(FRESHNESS, {"of": of, "namespace": None if name else namespace or None, **how})


def _rules(policy: Path | None) -> list[dict[str, Any]]:
    """The rules of a policy, checked, so that errors name the file."""
    if policy is None:
        return []
    from whence.analyses.freshness.policy import parse_policy

    try:
        text = policy.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{policy} cannot be read: {error}") from None
    rules = parse_policy(text, str(policy)).rule
    return [rule.model_dump(mode="json", exclude_unset=True) for rule in rules]


def _good(answer: dict[str, Any]) -> bool:
    states = {node["state"] for node in nodes_of(answer["datasets"])}
    return states.isdisjoint(_BEHIND) and not answer["truncated"]


def _print(answer: dict[str, Any], limit: int) -> None:
    from whence.cli.analyses.freshness.page import freshness_page

    out().print(freshness_page(answer))
    for sentence in answer["notes"]:
        note(sentence)
    if answer["truncated"]:
        note("Time was up before all datasets were seen: ask for a namespace, or page on with GraphQL.")
    elif answer["datasets"]["pageInfo"]["hasNextPage"]:
        note(f"There are more than the first {limit} by name: raise --limit, ask for --late, or for all with GraphQL.")
    behind(answer)
