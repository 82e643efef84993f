"""`whence audit verify`: what an archive of evidence proves, and what it does not."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from whence.cli.console import out, print_json
from whence_schemas.errors import ConfigurationError, VerificationFailed

if TYPE_CHECKING:
    from whence.audit.verdict import Statement, Trusted, Verdict

_SHOWN = 20


def verify(
    archive: Annotated[Path, typer.Argument(metavar="ARCHIVE", help="An archive that `whence audit export` made.")],
    key: Annotated[
        str,
        typer.Option(
            metavar="VKEY", help="The log's key (name+hash+base64), which you got elsewhere.", show_default=False
        ),
    ] = "",
    checkpoint: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="A checkpoint of the log that you kept: prove that history since then was only appended to.",
            show_default=False,
        ),
    ] = None,
    tsa_certificate: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="The certificate (PEM) of the authority whose time stamps you trust; several may be in the file.",
            show_default=False,
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """Verify an archive of evidence, offline, and say exactly what was proved and what not.

    Asks no server and opens no store. Exit code: 0 if the archive is accepted, 1 if it is refused.
    """
    from whence.audit.verify import verify as verify_archive

    trusted = _trusted(key, checkpoint, tsa_certificate)
    try:
        verdict = verify_archive(archive, trusted)
    except OSError as error:
        raise ConfigurationError(f"{archive} cannot be read: {error.strerror}") from None
    if as_json:
        print_json(_document(archive, verdict))
    else:
        _print(archive, verdict)
    raise typer.Exit(0 if verdict.accepted else 1)


def _print(archive: Path, verdict: "Verdict") -> None:
    console = out()
    word = Text("accepted", "bold green") if verdict.accepted else Text("refused", "bold red")
    console.print(Text.assemble(f"{archive}: ", word, _counts(verdict)), soft_wrap=True)
    _list("What is wrong", "✗", "red", verdict.failures[:_SHOWN])
    if len(verdict.failures) + verdict.more > _SHOWN:
        console.print(f"  ... and {len(verdict.failures) + verdict.more - _SHOWN:,} more; --json lists them")
    _list("Proved" if verdict.accepted else "Proved all the same", "✓", "green", verdict.proved)
    _list("Not proved", "–", "yellow", verdict.not_proved)


def _counts(verdict: "Verdict") -> str:
    if not verdict.counts:
        return ""
    return ", {opened:,} of the log's {total:,} entries opened, {withheld:,} withheld".format(**verdict.counts)


def _list(title: str, sign: str, style: str, statements: "list[Statement]") -> None:
    if statements:
        listed = Table.grid(padding=(0, 1))
        listed.add_column(style=style, no_wrap=True)
        listed.add_column(overflow="fold")
        for statement in statements:
            listed.add_row(f"  {sign}", Text(_printable(statement.text)))
        out().print(Text(f"\n{title}", "bold"))
        out().print(listed)


def _printable(text: str) -> str:
    """The text without what would steer a terminal: names in an archive are somebody else's, who might want to fool its
    reader."""
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)


def _document(archive: Path, verdict: "Verdict") -> dict[str, Any]:
    checkpoint = verdict.checkpoint
    return {
        "archive": str(archive),
        "accepted": verdict.accepted,
        "log": checkpoint.origin if checkpoint else None,
        "root": checkpoint.root.hex() if checkpoint else None,
        "key": verdict.key or None,
        "entries": verdict.counts or None,
        "scope": verdict.manifest.get("scope"),
        "failures": [statement._asdict() for statement in verdict.failures],
        "failuresLeftOut": verdict.more,
        "proved": [statement._asdict() for statement in verdict.proved],
        "notProved": [statement._asdict() for statement in verdict.not_proved],
    }


def _trusted(key: str, checkpoint: Path | None, tsa_certificate: Path | None) -> "Trusted":
    from whence.audit.stamps import read_certificates
    from whence.audit.verdict import Trusted
    from whence.transparency.note import Verifier

    kept = _read("--checkpoint", checkpoint) if checkpoint else b""
    pem = _read("--tsa-certificate", tsa_certificate) if tsa_certificate else b""
    try:
        vkey = Verifier.parse(key).verifier_key if key else ""
        return Trusted(vkey, kept, read_certificates(pem) if tsa_certificate else ())
    except VerificationFailed as error:
        raise ConfigurationError(str(error)) from None


def _read(option: str, path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{option} {path} cannot be read: {error.strerror}") from None
