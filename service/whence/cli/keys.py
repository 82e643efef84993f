"""`whence key`: the keys that a server asks for."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from whence.cli.console import note, out, print_json
from whence.cli.options import Choice, with_flags
from whence.cli.tables import table
from whence_schemas.errors import ConfigurationError, LogLocked, LogUnavailable

if TYPE_CHECKING:
    from whence.access.keys import Scope

app = typer.Typer(name="key", help="Make, list and revoke the keys that a server asks for.", no_args_is_help=True)


@app.command()
@with_flags("keys", "log")
def create(
    choice: Choice,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Whose key it is, such as `airflow-prod`.")],
    scope: Annotated[
        str, typer.Option(metavar="SCOPES", help="What it allows: ingest, read, audit, admin; by commas.")
    ] = "ingest,read",
) -> None:
    """Make a key and print it, this once. From the first key on a server refuses requests without one."""
    from whence.access.keys import create_key

    secret = create_key(choice.settings.keys, name, _scopes(scope))
    note(f"The key of {name}. Keep it now: only its hash is in {choice.settings.keys}.")
    typer.echo(secret)
    asyncio.run(_record(choice))


@app.command("list")
@with_flags("keys")
def list_(
    choice: Choice, as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False
) -> None:
    """List the keys."""
    from whence.access.keys import list_keys

    found = list_keys(choice.settings.keys)
    rows = [(key.id, key.name, ", ".join(sorted(key.scopes)), key.created) for key in found]
    if as_json:
        print_json([{"id": i, "name": n, "scopes": s.split(", "), "created": c} for i, n, s, c in rows])
    elif rows:
        out().print(table(["id", "name", "scopes", "created"], rows))
    else:
        note(f"There is no key in {choice.settings.keys}; `whence key create NAME` makes one.")


@app.command()
@with_flags("keys", "log")
def revoke(choice: Choice, id_: Annotated[str, typer.Argument(metavar="ID", help="As `key list` shows it.")]) -> None:
    """Revoke a key: the server refuses it from now on."""
    from whence.access.keys import revoke_key

    key = revoke_key(choice.settings.keys, id_)
    out().print(Text(f"The key {key.id} ({key.name}) is revoked."), soft_wrap=True)
    asyncio.run(_record(choice))


async def _record(choice: Choice) -> None:
    """Record in the log what has changed. Where a server has the log, or there is none yet, the server does that."""
    from whence.audit.trail import record_access
    from whence.cli.local import check_log_exists
    from whence.wiring import open_log

    try:
        check_log_exists(choice.settings)
        log = await open_log(choice.settings)
    except (ConfigurationError, LogLocked):
        return
    try:
        await record_access(log, choice.settings.keys)
    except LogUnavailable as error:
        note(f"That is not recorded in the log yet; the server does it when it starts. {error}")
    finally:
        await log.close()


def _scopes(text: str) -> list["Scope"]:
    from whence.access.keys import Scope

    try:
        return [Scope(name.strip()) for name in text.split(",")]
    except ValueError:
        raise ConfigurationError(
            f"--scope {text}: a scope is one of {', '.join(Scope)}; separate several by commas"
        ) from None
