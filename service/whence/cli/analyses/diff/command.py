"""The command `whence diff`."""

import asyncio
from typing import Annotated, Any

import typer

from whence.cli.analyses.diff.question import DIFF, RUN_DIFF
from whence.cli.client import Client, connect
from whence.cli.connections import has_more
from whence.cli.console import note, out, print_json
from whence.cli.naming import KindOption, NamespaceOption, naming_one
from whence.cli.options import Choice, with_flags
from whence.cli.reach import FOUND, DepthOption, WindowOption, behind
from whence.cli.resolve import NamedKind, resolve, resolve_column
from whence_schemas.errors import InvalidQuestion

_LISTS = {
    "diff": ("nodes", "edges", "columns", "code", "facets"),
    "runDiff": ("datasets", "lineage", "columns", "parameters", "facets", "parts"),
}


@with_flags("log", "graph", "url", "key")
def diff(
    choice: Choice,
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="A dataset or job by name, part of it or namespace/name.")
    ] = "",
    from_: Annotated[
        str,
        typer.Option("--from", metavar="TIME", help="The earlier time, as 2026-01-31T09:30:00Z.", show_default=False),
    ] = "",
    to: Annotated[str, typer.Option(metavar="TIME", help="The later time. (default: now)", show_default=False)] = "",
    run: Annotated[
        list[str] | None,
        typer.Option(metavar="RUN_ID", help="Compare this run with another: give it twice.", show_default=False),
    ] = None,
    code: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COMMIT",
            help="Compare the job's newest run of this commit with that of another: give it twice.",
            show_default=False,
        ),
    ] = None,
    up: Annotated[bool, typer.Option("--up", help="Only where it comes from.")] = False,
    down: Annotated[bool, typer.Option("--down", help="Only what comes from it.")] = False,
    depth: DepthOption = 20,
    columns: Annotated[bool, typer.Option("--columns", help="Compare the lineage of all its columns.")] = False,
    column: Annotated[str, typer.Option(metavar="FIELD", help="Of this column.", show_default=False)] = "",
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many of each list to show.")] = 100,
    window: WindowOption = 10,
    namespace: NamespaceOption = "",
    kind: KindOption = None,
    exit_code: Annotated[bool, typer.Option("--exit-code", help=f"Exit with {FOUND} if anything differs.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON, for programs.")] = False,
) -> None:
    """Show what changed: in the lineage of NAME --from one time --to another, or between two runs.

    Lines begin with `+` for what appeared, `-` for what vanished and `~` for what changed, and end with what showed it
    first, or last. `in reach` marks what was there before, or still is, but not on the way.
    """
    wanted = ["UPSTREAM"] if up and not down else ["DOWNSTREAM"] if down and not up else ["BOTH"]
    how = {"direction": wanted[0], "depth": depth, "window": window, "from": from_, "to": to or None, "first": limit}
    _check(name, from_, to, run or [], code or [])
    with naming_one():
        answer = asyncio.run(
            _times(choice, name, namespace, kind, column, columns, how)
            if from_
            else _runs(choice, name, namespace, run or [], code or [], limit)
        )
    [what] = answer
    if as_json:
        print_json(answer)
    else:
        _print(what, answer[what], limit)
    if exit_code and _differs(what, answer[what]):
        raise typer.Exit(FOUND)


def _check(name: str, from_: str, to: str, run: list[str], code: list[str]) -> None:
    if bool(from_) + bool(run) + bool(code) != 1 or (to and not from_):
        raise InvalidQuestion("say what to compare: NAME with --from (and --to), two --run, or NAME with two --code")
    if bool(name) == bool(run):
        raise InvalidQuestion("--run goes without NAME" if name else "give the NAME that is meant")
    if len(run or code) not in (0, 2):
        raise InvalidQuestion(f"{'--run' if run else '--code'} is to be given twice: the earlier one, then the later")


async def _times(
    choice: Choice,
    name: str,
    namespace: str,
    kind: NamedKind | None,
    column: str,
    columns: bool,
    how: dict[str, Any],
) -> dict[str, Any]:
    async with connect(choice) as client:
        found = await resolve_column(client, name, namespace, kind, column, columns=columns)
        granularity = "COLUMN" if column or columns else "DATASET"
        return await client.ask(DIFF, {"of": found.start(column), "granularity": granularity, **how})


async def _runs(
    choice: Choice, name: str, namespace: str, run: list[str], code: list[str], limit: int
) -> dict[str, Any]:
    async with connect(choice) as client:
        before, after = [{"run": one} for one in run] or await _codes(client, name, namespace, code)
        return await client.ask(RUN_DIFF, {"before": before, "after": after, "first": limit})


async def _codes(client: Client, name: str, namespace: str, code: list[str]) -> list[dict[str, Any]]:
    job = await resolve(client, name, namespace, NamedKind.JOB)
    return [{"code": {"namespace": job.namespace, "name": job.name, "commit": commit}} for commit in code]


def _differs(what: str, answer: dict[str, Any]) -> bool:
    return any(answer[part]["edges"] for part in _LISTS[what]) or bool(what == "runDiff" and answer["code"])


def _print(what: str, answer: dict[str, Any], limit: int) -> None:
    from whence.cli.analyses.diff.page import diff_page
    from whence.cli.analyses.diff.runs_page import run_diff_page

    out().print((diff_page if what == "diff" else run_diff_page)(answer))
    if not _differs(what, answer):
        note("Nothing differs.")
    for sentence in answer["notes"]:
        note(sentence)
    if has_more(answer, _LISTS[what]):
        note(f"There are more than the {limit} shown: raise --limit, or ask for all with GraphQL.")
    behind(answer)
