"""`whence doctor`: is the set-up in order, and if not, how to mend it."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from whence.cli.console import out, print_json
from whence.cli.options import Choice, with_flags

if TYPE_CHECKING:
    from whence.cli.checks import Finding

_STYLES = {"ok": "green", "warn": "yellow", "fail": "bold red"}


@with_flags("log", "graph", "url", "key", "host", "port", "keys", "redact")
def doctor(
    choice: Choice, as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False
) -> None:
    """Check the set-up, and say how to mend what is wrong. Exit code 1 if anything fails; nothing is changed."""
    findings = asyncio.run(_examine(choice))
    if as_json:
        print_json([finding._asdict() for finding in findings])
    else:
        for finding in findings:
            out().print(_line(finding), soft_wrap=True)
    raise typer.Exit(int(any(finding.state == "fail" for finding in findings)))


async def _examine(choice: Choice) -> "list[Finding]":
    from whence.cli.checks import examine

    return [finding async for finding in examine(choice)]


def _line(finding: "Finding") -> Text:
    text = Text.assemble(
        (f"{finding.state:<5}", _STYLES[finding.state]), (f"{finding.what:<13}", "bold"), finding.found
    )
    return text.append(f"\n{'':18}{finding.mend}", "dim") if finding.mend else text
