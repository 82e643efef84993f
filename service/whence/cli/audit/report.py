"""`whence audit report` and `whence audit frameworks`: what is recorded, for people."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from whence.cli.audit.scoping import (
    DatasetOption,
    JobOption,
    RunOption,
    SinceOption,
    UntilOption,
    UpstreamOption,
    scope_of,
)
from whence.cli.client import connect
from whence.cli.console import note, out, print_json
from whence.cli.naming import naming_one
from whence.cli.options import Choice, with_flags
from whence.cli.projecting import show_projecting
from whence.cli.resolve import NamedKind, resolve
from whence.cli.tables import table
from whence_schemas.errors import ConfigurationError

if TYPE_CHECKING:
    from whence.audit.frameworks import Framework

_Names = list[str] | None


@with_flags("log", "graph", "url", "key")
def report(
    choice: Choice,
    framework: Annotated[
        _Names,
        typer.Option(
            metavar="NAME",
            help="Requirements to report on: a framework of `whence audit frameworks`, or a .toml file of one's own.",
        ),
    ] = None,
    model: Annotated[
        _Names,
        typer.Option(metavar="NAME", help="A model that gets a page: its run, data, code, approval, and answers."),
    ] = None,
    dataset: DatasetOption = None,
    job: JobOption = None,
    run: RunOption = None,
    upstream_of: UpstreamOption = None,
    since: SinceOption = "",
    until: UntilOption = "",
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="As HTML, PDF or JSON, by the name's end.")
    ] = Path("report.html"),
) -> None:
    """Report what is recorded, and what is not, to the requirements of a framework and of models.

    Without --framework and --model, all frameworks that are shipped, and all models. With --model, the runs that used
    it or led to it, unless a scope says otherwise; scopes are as in `whence audit export`. A report judges nothing: it
    shows evidence, and what is missing.
    """
    names = {NamedKind.DATASET: dataset or [], NamedKind.JOB: job or [], NamedKind.RUN: run or []}
    form = _format(output)
    frameworks = _frameworks(framework, bool(model))
    with naming_one():
        document = asyncio.run(_ask(choice, names, upstream_of or [], since, until, frameworks, model or [], form))
    _write(output, document)
    out().print(Text(f"The report is in {output}: {len(document):,} bytes."), soft_wrap=True)


async def _ask(
    choice: Choice,
    names: dict[NamedKind, list[str]],
    upstream_of: list[str],
    since: str,
    until: str,
    frameworks: "list[Framework]",
    models: list[str],
    form: str,
) -> bytes:
    from whence.cli.local import check_log_exists

    if not choice.remote:
        check_log_exists(choice.settings)
    async with connect(choice, write=True) as client:  # the checkpoint in the report is a new one
        if not choice.remote:
            await show_projecting(client.project(), "Into the graph")
        scope = await scope_of(client, names, upstream_of, since, until)
        keys = [(await resolve(client, name, kind=NamedKind.DATASET)).key for name in models]
        if keys and not scope.names_nodes:
            scope = replace(scope, nodes=tuple(keys), upstream_of=tuple(keys))
        return await client.report(scope, frameworks, keys, form)


def _format(path: Path) -> str:
    from whence.audit.report.render import RENDERERS

    form = path.suffix.removeprefix(".").lower()
    if form not in RENDERERS:
        endings = ", ".join(f".{name}" for name in RENDERERS)
        raise ConfigurationError(f"-o {path}: the name of a report ends in one of {endings}")
    return form


def _frameworks(names: list[str] | None, has_models: bool) -> "list[Framework]":
    from whence.audit.frameworks import load_framework, shipped

    if names:
        return [load_framework(name) for name in names]
    return [] if has_models else shipped()


def _write(path: Path, document: bytes) -> None:
    try:
        path.write_bytes(document)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written: {error.strerror}") from None


def frameworks(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """List the frameworks of requirements that are shipped, with their sources and dates."""
    from whence.audit.frameworks import shipped

    found = shipped()
    if as_json:
        print_json([framework.model_dump(mode="json") for framework in found])
        return
    rows = [(f.id, f.title, f.source, str(len(f.requirement)), f.checked.isoformat()) for f in found]
    out().print(table(["name", "title", "source", "requirements", "checked"], rows))
    note("Report on one with `whence audit report --framework NAME`; a .toml file of your own works, too.")
