"""`whence audit retention`: what a retention policy ends."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from whence.cli.audit.outcomes import ApprovedByOption, AskedByOption, YesOption, confirm, show, told
from whence.cli.client import check_there_is_a_log, connect
from whence.cli.console import note, out, print_json
from whence.cli.options import Choice, with_flags
from whence_schemas.errors import ConfigurationError

if TYPE_CHECKING:
    from whence.audit.requests import Outcome, RetentionRequest


@with_flags("log", "graph", "url", "key", "keys")
def retention(
    choice: Choice,
    policy: Annotated[Path, typer.Option(metavar="FILE", help="The policy (TOML).")],
    apply: Annotated[bool, typer.Option("--apply", help="Erase what goes, and put the policy in force.")] = False,
    asked_by: AskedByOption = "",
    approved_by: ApprovedByOption = "",
    yes: YesOption = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """List what goes by a retention policy and why, and what is kept all the same; erase it with --apply.

    A policy in force also keeps what it says to keep from `whence audit erase`.
    """
    from whence.audit.requests import RetentionRequest

    request = RetentionRequest(policy=_read(policy), asked_by=asked_by, approved_by=approved_by)
    outcome = asyncio.run(_retain(choice, request, apply, yes, as_json))
    if as_json:
        print_json(outcome.model_dump(mode="json", by_alias=True))
    elif outcome.request is not None:
        out().print(told(outcome), soft_wrap=True)
    elif apply:
        note("The policy is in force.")


async def _retain(choice: Choice, request: "RetentionRequest", apply: bool, yes: bool, quiet: bool) -> "Outcome":
    check_there_is_a_log(choice)
    async with connect(choice, write=apply) as client:
        plan = await client.retain(request)
        if not quiet:
            show(plan, "Goes" if apply else "Would go")
        if not apply:
            return plan
        if plan.goes:
            confirm(len(plan.goes), yes)
        return await client.retain(request.model_copy(update={"apply": True}))


def _read(path: Path) -> str:
    """The text of a policy, which can be used."""
    from whence.audit.retention import parse_policy

    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"--policy {path} cannot be read: {error}") from None
    parse_policy(text, str(path))
    return text
