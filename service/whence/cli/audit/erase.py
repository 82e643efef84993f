"""`whence audit erase`: events out of the log, and all that the graph and the files of rejects hold of them."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from whence.cli.audit.outcomes import ApprovedByOption, AskedByOption, YesOption, confirm, show, told
from whence.cli.audit.rejects import lines_found, reject_files, remove_lines
from whence.cli.audit.scoping import (
    DatasetOption,
    JobOption,
    RunOption,
    SinceOption,
    UntilOption,
    UpstreamOption,
    scope_of,
)
from whence.cli.client import Client, check_there_is_a_log, connect
from whence.cli.console import note, out, print_json
from whence.cli.naming import naming_one
from whence.cli.options import Choice, with_flags
from whence.cli.projecting import show_projecting
from whence.cli.resolve import NamedKind, resolve
from whence_schemas.errors import ConfigurationError, NotFound
from whence_schemas.times import format_time

if TYPE_CHECKING:
    from whence.audit.requests import ErasureRequest, Outcome, Replace

_REASONS = "gdpr-17 (a person asked), contract, error (never to be sent), secret"


@with_flags("log", "graph", "url", "key", "keys")
def erase(
    choice: Choice,
    reason: Annotated[str, typer.Option(metavar="CODE", help=f"Why: {_REASONS}.")],
    entry: Annotated[
        list[str] | None, typer.Option(metavar="N", help="The entry of the log with this index; N-M for several.")
    ] = None,
    dataset: DatasetOption = None,
    job: JobOption = None,
    run: RunOption = None,
    upstream_of: UpstreamOption = None,
    since: SinceOption = "",
    until: UntilOption = "",
    declaration: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="What declares this dataset or job (no run of it).")
    ] = None,
    text: Annotated[
        str, typer.Option(metavar="TEXT", help="Of these (or of all) those that hold this text, in any case.")
    ] = "",
    pattern: Annotated[str, typer.Option(metavar="REGEX", help="The same, by a regular expression.")] = "",
    replace: Annotated[
        list[str] | None,
        typer.Option(
            metavar="REGEX=TEXT", help="Leave a copy in which what fits gives way to TEXT, so that lineage survives."
        ),
    ] = None,
    rules: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Leave a copy redacted by these rules (TOML).", show_default=False),
    ] = None,
    override: Annotated[
        str, typer.Option(metavar="WHY", help="Erase even what a retention policy keeps; the log records why.")
    ] = "",
    asked_by: AskedByOption = "",
    approved_by: ApprovedByOption = "",
    rejects: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE", help="Take what is found out of this file, too; of those of `whence ingest` here, always."
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only list what would go.")] = False,
    yes: YesOption = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """Erase events: payload, meta and salt, what the graph holds of them, and lines of reject files.

    Lists what would go, and asks. The options that name something can be repeated; all of it goes, but with --text or
    --pattern only what holds that. A legal hold wins over everything; what a retention policy keeps needs --override.

    What proves the log stays: leaves, and for each event a tombstone with the reason and the ids of the keys of who
    asked and who approved. What cannot be reached: exports that were handed out, backups, replicas, and the files of a
    Neo4j until it writes over them.
    """
    files = reject_files(rejects or [])
    names = {NamedKind.DATASET: dataset or [], NamedKind.JOB: job or [], NamedKind.RUN: run or []}
    request = _request(
        reason=reason,
        entries=[_range(text) for text in entry or []],
        text=text,
        pattern=pattern,
        replace=[_replacement(text) for text in replace or []],
        rules=_rules(rules),
        override=override,
        asked_by=asked_by,
        approved_by=approved_by,
        dry_run=True,
    )
    with naming_one():
        outcome = asyncio.run(
            _erase(choice, request, names, upstream_of or [], declaration or [], (since, until), dry_run, yes, as_json)
        )
    _clean_rejects(request, files, outcome.request is not None)
    if as_json:
        print_json(outcome.model_dump(mode="json", by_alias=True))
    elif outcome.request is not None:
        out().print(told(outcome), soft_wrap=True)


async def _erase(
    choice: Choice,
    request: "ErasureRequest",
    names: dict[NamedKind, list[str]],
    upstream_of: list[str],
    declarations: list[str],
    times: tuple[str, str],
    dry_run: bool,
    yes: bool,
    quiet: bool,
) -> "Outcome":
    """List what would go and, unless it is a dry run, ask and erase just that."""
    check_there_is_a_log(choice)
    async with connect(choice, write=not dry_run) as client:
        if not choice.remote and not dry_run:
            await show_projecting(client.project(), "Into the graph")
        scope = await scope_of(client, names, upstream_of, *times)
        named = {
            "of": list(scope.nodes),
            "upstream_of": list(scope.upstream_of),
            "since": "" if scope.since is None else format_time(scope.since),
            "until": "" if scope.until is None else format_time(scope.until),
            "declarations": [await _declared(client, name) for name in declarations],
        }
        wanted = request.model_copy(update=named)
        wanted.choice()  # which says at once what is wrong with it
        plan = await client.erase(wanted)
        if not quiet:
            show(plan, "Would go" if dry_run else "Goes")
        if dry_run:
            return plan
        if not plan.goes and not plan.kept:
            raise NotFound("nothing is chosen that can be erased: tombstones and what was erased before cannot")
        if not plan.kept:  # else it is refused, and the server says why
            confirm(len(plan.goes), yes)
        listed = [(row.index, row.index) for row in (*plan.goes, *plan.kept)]
        return await client.erase(request.model_copy(update={"entries": listed, "dry_run": False}))


async def _declared(client: Client, name: str) -> str:
    found = await resolve(client, name)
    if found.kind == NamedKind.RUN:
        raise ConfigurationError(f"--declaration {name} is a run: name it by --run")
    return found.key


def _clean_rejects(request: "ErasureRequest", files: list[Path], erased: bool) -> None:
    """Take what is sought out of the files of rejects, or say what is in them."""
    from whence.audit.redacting import Finder

    if not request.text and not request.pattern:
        if files:
            listed = ", ".join(map(str, files))
            note(f"Rejected events may hold the same. Only with --text or --pattern is it taken out of {listed}.")
        return
    finder = Finder(request.text, request.pattern)
    for path in files:
        count = lines_found(path, finder)
        if count and erased:
            remove_lines(path, finder)
        if count:
            lines = "1 line" if count == 1 else f"{count:,} lines"
            note(f"{path}: {lines} {'taken out' if erased else 'would be taken out'}.")


def _request(**values: object) -> "ErasureRequest":
    from pydantic import ValidationError

    from whence.audit.requests import ErasureRequest

    try:
        return ErasureRequest.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        option = str(first["loc"][0]).replace("_", "-")
        known = f"; a reason is one of {_REASONS}" if option == "reason" else ""
        raise ConfigurationError(f"--{option}: {first['msg']}{known}") from None


def _range(text: str) -> tuple[int, int]:
    first, _, last = text.partition("-")
    try:
        return int(first), int(last or first)
    except ValueError:
        raise ConfigurationError(f"--entry {text}: write the index of an entry, or a range as 10-20") from None


def _replacement(text: str) -> "Replace":
    from whence.audit.requests import Replace

    pattern, sign, replacement = text.rpartition("=")
    if not sign or not pattern:
        raise ConfigurationError(f"--replace {text}: write REGEX=TEXT; what stands behind the last = takes its place")
    return Replace(pattern=pattern, text=replacement)


def _rules(path: Path | None) -> str:
    """The text of a file of redaction rules, which can be used."""
    if path is None:
        return ""
    from whence.redaction import Redaction, read_rules

    Redaction.load(path)
    return read_rules(path)
