"""`whence audit export`: an archive of evidence."""

import asyncio
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Annotated, Any

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
from whence.cli.bar import bar
from whence.cli.client import connect
from whence.cli.console import note, out, print_json
from whence.cli.naming import naming_one
from whence.cli.options import Choice, with_flags
from whence.cli.projecting import show_projecting
from whence.cli.resolve import NamedKind
from whence_schemas.errors import ConfigurationError, VerificationFailed


@with_flags("log", "graph", "url", "key")
def export(
    choice: Choice,
    dataset: DatasetOption = None,
    job: JobOption = None,
    run: RunOption = None,
    upstream_of: UpstreamOption = None,
    since: SinceOption = "",
    until: UntilOption = "",
    from_checkpoint: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Prove that the log continues this checkpoint, which was kept."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="(default: whence-evidence-TIME.zip here)", show_default=False
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the manifest, for programs.")] = False,
) -> None:
    """Export evidence: one archive that proves itself, of all that is recorded or of a scope.

    The options that name something can be repeated; the archive then holds all of it. NAME is a dataset or job by name,
    part of it or namespace/name. TIME is as 2026-01-31 or 2026-01-31T09:30:00Z, and means when events were *received*,
    in UTC: so exports of one month after the other leave no gap, whatever times producers put on their events. Runs are
    exported whole, with all their events.

    The export is itself recorded in the log. Check the archive with `whence audit verify`.
    """
    path = output or Path(f"whence-evidence-{time.strftime('%Y%m%d-%H%M%S')}.zip")
    names = {
        NamedKind.DATASET: dataset or [],
        NamedKind.JOB: job or [],
        NamedKind.RUN: run or [],
    }
    with naming_one():
        manifest = asyncio.run(
            _export(
                choice,
                names,
                upstream_of or [],
                since,
                until,
                [_size(file) for file in from_checkpoint or []],
                path,
            )
        )
    if as_json:
        print_json(manifest)
    else:
        counts = manifest["counts"]
        told = f"{path}: {counts['entries']:,} of the log's {counts['log']:,} entries, {path.stat().st_size:,} bytes."
        out().print(Text(told), soft_wrap=True)
        note(f"The export is entry {manifest['seal']:,} of the log. To check it: whence audit verify {path}")


async def _export(
    choice: Choice,
    names: dict[NamedKind, list[str]],
    upstream_of: list[str],
    since: str,
    until: str,
    from_sizes: list[int],
    path: Path,
) -> dict[str, Any]:
    """Write the archive to `path`; its manifest."""
    from whence.cli.local import check_log_exists

    if not choice.remote:
        check_log_exists(choice.settings)
    async with connect(choice, write=True) as client:
        if not choice.remote:
            await show_projecting(client.project(), "Into the graph")
        scope = await scope_of(client, names, upstream_of, since, until)
        with _placed(path) as file:
            with bar("Exporting", of_bytes=choice.remote) as update:
                async for chunk in client.export(scope, from_sizes, update):
                    file.write(chunk)
            file.flush()
            return _manifest(Path(file.name))


@contextmanager
def _placed(path: Path) -> Iterator[IO[bytes]]:
    """A file beside `path`, which takes its place when all went well, and is removed when not.

    Raises:
        ConfigurationError: the path cannot be written, or something is there already.
    """
    if path.exists():
        raise ConfigurationError(f"{path} is there already: evidence is not written over; choose another name with -o")
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("xb") as file:
            yield file
            os.fsync(file.fileno())
        part.rename(path)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written: {error.strerror}") from None
    finally:
        with suppress(FileNotFoundError):
            part.unlink()


def _manifest(path: Path) -> dict[str, Any]:
    """The manifest of an archive that was just written, which shows that it is whole."""
    from whence.audit.archive import MANIFEST, ArchiveReader

    with ArchiveReader(path) as archive:
        manifest: dict[str, Any] = archive.json(MANIFEST)
        return manifest


def _size(path: Path) -> int:
    """Of how many entries the checkpoint in a file is."""
    from whence.transparency.checkpoint import Checkpoint

    try:
        return Checkpoint.parse(path.read_text().partition("\n\n")[0] + "\n").size
    except (OSError, UnicodeDecodeError, VerificationFailed) as error:
        raise ConfigurationError(f"--from-checkpoint {path}: {error}") from None
