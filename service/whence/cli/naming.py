"""How commands take a NAME, and what they say where it means several things."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from whence.cli.console import complain, err
from whence.cli.resolve import Ambiguous, NamedKind
from whence.cli.tables import table

NameArgument = Annotated[
    str,
    typer.Argument(
        metavar="NAME",
        help="A dataset or job by name, part of it or namespace/name; or a run by its id.",
        show_default=False,
    ),
]
NamespaceOption = Annotated[str, typer.Option(metavar="NS", help="The namespace of NAME.", show_default=False)]
KindOption = Annotated[NamedKind | None, typer.Option(help="What NAME is of.", show_default=False)]


@contextmanager
def naming_one() -> Iterator[None]:
    """List the candidates where a name is ambiguous, and exit with 1."""
    try:
        yield
    except Ambiguous as error:
        complain(str(error))
        rows = [(found.kind.value, found.namespace, found.name) for found in error.candidates]
        err().print(table(["kind", "namespace", "name"], rows))
        if error.more:
            err().print("... and more", style="dim")
        raise typer.Exit(1) from None
