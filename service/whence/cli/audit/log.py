"""`whence audit log`: the trail of the trail."""

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

import typer

from whence.cli.client import connect
from whence.cli.console import note, out, print_json
from whence.cli.options import Choice, with_flags
from whence.cli.tables import moment, table

if TYPE_CHECKING:
    from whence.audit.trail import Record

_LATEST = 2**62


@with_flags("log", "graph", "url", "key")
def log(
    choice: Choice,
    limit: Annotated[int, typer.Option(min=1, max=1_000, help="How many to show.")] = 50,
    before: Annotated[int, typer.Option(metavar="N", min=0, help="Only those before this entry.")] = _LATEST,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """List what was done to the log itself, newest first: exports, erasures, holds, changes of keys and policies."""
    found = asyncio.run(_records(choice, before, limit))
    if as_json:
        print_json([record.model_dump(mode="json") for record in found])
        return
    if not found:
        note("Nothing is recorded.")
        return
    rows = [(str(record.index), moment(record.received), record.kind, record.by, _told(record)) for record in found]
    out().print(table(["entry", "when", "what", "by", ""], rows))
    if len(found) == limit:
        note(f"For what came before: --before {found[-1].index}")


async def _records(choice: Choice, before: int, limit: int) -> "list[Record]":
    async with connect(choice) as client:
        return await client.records(before, limit)


def _told(record: "Record") -> str:
    """What a record says, in a line."""
    said = record.content
    if said is None:
        return "(erased)"
    match record.kind:
        case "erasure":
            return f"entry {said['entry']}: {said['reason']}, asked by {said['askedBy'] or '-'}"
        case "request":
            return _request(said)
        case "export":
            return f"{said['entries']:,} entries{_scope(said['scope'])}"
        case "hold" if said["action"] == "add":
            return f"added on {_hold_scope(said['scope'])}: {said['reason']}"
        case "hold":
            return f"released hold {said['hold']}: {said['reason']}"
        case "policy":
            return f"{said['name']}: {'SHA-256 ' + said['sha256'] if said['text'] else 'none from now on'}"
        case "access":
            return f"key {said['key']}: {', '.join(said['scopes']) or 'revoked'}"
        case "key":
            return "a new key signs for the log"
        case _:
            return ""


def _request(said: dict[str, Any]) -> str:
    count = sum(last - first + 1 for first, last in said["entries"])
    copies = ", redacted copies stay" if said.get("copies") else ""
    override = f", although a policy keeps it: {said['override']}" if said.get("override") else ""
    return f"erase {count:,} entries: {said['reason']}, asked by {said['askedBy'] or '-'}{copies}{override}"


def _scope(scope: dict[str, Any]) -> str:
    nodes = (*scope["nodes"], *scope["upstreamOf"])
    names = ["/".join(filter(None, (node["namespace"], node["name"]))) or node["id"] for node in nodes]
    return f" of {', '.join(names)}" if names else ""


def _hold_scope(scope: dict[str, Any]) -> str:
    from whence.audit.holds import HoldScope

    return str(HoldScope.model_validate(scope))
