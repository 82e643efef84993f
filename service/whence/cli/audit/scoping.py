"""Options by which a command names a scope, and what they mean."""

from typing import TYPE_CHECKING, Annotated

import typer

from whence.cli.client import Client
from whence.cli.resolve import NamedKind, resolve
from whence_schemas.errors import InvalidQuestion
from whence_schemas.times import parse_time

if TYPE_CHECKING:
    from whence.audit.scope import Scope

_Names = list[str] | None
DatasetOption = Annotated[_Names, typer.Option(metavar="NAME", help="All runs that read or wrote this dataset.")]
JobOption = Annotated[_Names, typer.Option(metavar="NAME", help="All runs of this job, and of the jobs in it.")]
RunOption = Annotated[_Names, typer.Option(metavar="ID", help="This run, and the runs in it.")]
UpstreamOption = Annotated[
    _Names,
    typer.Option(
        metavar="NAME",
        help="Of a dataset (or model) or job, all runs of the jobs upstream; of a run, the runs that led to it.",
    ),
]
SinceOption = Annotated[
    str, typer.Option(metavar="TIME", help="Only runs of which something was received then or later.")
]
UntilOption = Annotated[str, typer.Option(metavar="TIME", help="Only runs of which something was received before.")]


async def scope_of(
    client: Client, names: dict[NamedKind, list[str]], upstream_of: list[str], since: str, until: str
) -> "Scope":
    """The scope that the options name.

    Raises:
        NotFound, Ambiguous: a name means nothing, or several things.
        InvalidQuestion: a time is none.
    """
    from whence.audit.scope import Scope

    nodes = [(await resolve(client, name, kind=kind)).key for kind, found in names.items() for name in found]
    starts = [(await resolve(client, name)).key for name in upstream_of]
    return Scope(tuple(nodes), tuple(starts), _time("--since", since), _time("--until", until))


def _time(option: str, text: str) -> int | None:
    if not text:
        return None
    try:
        return parse_time(f"{text}T00:00:00Z" if len(text) == len("2026-01-31") else text).micros
    except ValueError as error:
        raise InvalidQuestion(f"{option}: {error}") from None
