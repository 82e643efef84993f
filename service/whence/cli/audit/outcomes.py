"""What an erasure would take and what it took, shown; and the question whether it is meant."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from whence.cli.console import note, out
from whence.cli.tables import moment, table
from whence_schemas.errors import ConfigurationError

if TYPE_CHECKING:
    from whence.audit.requests import Outcome, Row

_SHOWN = 50

AskedByOption = Annotated[str, typer.Option(metavar="ID", help="The id of the key of who asked for it.")]
ApprovedByOption = Annotated[
    str, typer.Option(metavar="ID", help="The id of the key of who approved it. (with --url: the key that is sent)")
]
YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask, for programs.")]


def show(outcome: "Outcome", going: str) -> None:
    """Print what goes, under the title `going`, and what is kept."""
    if outcome.goes:
        _print(outcome.goes, going)
    else:
        note("Nothing goes.")
    if outcome.kept:
        _print(outcome.kept, "Kept")
    if outcome.more:
        note("There is more, which was not looked at: repeat the command when this is done.")


def _print(rows: "Sequence[Row]", title: str) -> None:
    columns = ["entry", "kind", "received", "job or dataset", "run", "bytes", "why"]
    width = len(columns) if any(row.why for row in rows) else len(columns) - 1
    shown = [
        (str(row.index), row.kind, moment(row.received), _name(row), row.run, f"{row.bytes:,}", row.why)[:width]
        for row in rows[:_SHOWN]
    ]
    out().print(table(columns[:width], shown, title=f"{title}: {len(rows):,}"))
    if len(rows) > _SHOWN:
        note(f"... and {len(rows) - _SHOWN:,} more; --json lists them all.")


def _name(row: "Row") -> str:
    return f"{row.namespace}/{row.name}" if row.name else ""


def confirm(count: int, yes: bool) -> None:
    """Ask whether so many entries are to be erased.

    Raises:
        ConfigurationError: there is nobody to ask.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise ConfigurationError("nobody is there to be asked: say --yes to erase, or --dry-run to see what would go")
    if not typer.confirm(
        f"Erase {count:,} {'entry' if count == 1 else 'entries'}? Nobody can bring them back", err=True
    ):
        raise typer.Exit(1)


def told(outcome: "Outcome") -> Text:
    """What was done, in a sentence."""
    text = Text(f"{len(outcome.goes):,} erased; entry {outcome.request:,} of the log says by whom and why.")
    if not outcome.clean:
        text.append(" The graph still holds them until it has caught up.", "yellow")
    return text
