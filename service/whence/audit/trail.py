"""The trail of the trail: what is done to the log, its keys and its rules is itself recorded in the log.

A record commits to its payload as an event does, and its meta says when it was made and by which key (its id). Kinds:

- ``export``: evidence was exported (`whence.audit.export`).
- ``request``: an erasure was asked for and approved; the tombstones (``erasure``) of what it erased follow it.
- ``hold``: a legal hold was added or released (`whence.audit.holds`).
- ``policy``: a policy was used in place of another: ``{"name": "redaction" or "retention", "sha256", "text"}``.
- ``access``: an API key was made, changed or revoked: ``{"key": its id, "scopes": [...]}``, none once it is revoked.
- ``key``: one key of the log vouches for the next (`whence.notary`).
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
import rfc8785
from pydantic import BaseModel

from whence.access.keys import list_keys
from whence.eventlog.leaf import ERASURE
from whence.eventlog.port import Entry, EventLog
from whence_schemas.errors import WhenceError
from whence_schemas.times import format_time, now

log = logging.getLogger(__name__)

EXPORT, REQUEST, HOLD, POLICY, ACCESS = "export", "request", "hold", "policy", "access"
REDACTION, RETENTION = "redaction", "retention"
"""Names of policies."""

_PAGE = 500
_FOLLOW_SECONDS = 5.0


class Record(BaseModel):
    """A record, or a tombstone. received: when it was made; by: the id of the key that it was made with. content: what
    it says; None where that was erased. Both are unknown of a tombstone: the request before it tells them."""

    index: int
    kind: str
    received: str | None
    by: str
    content: dict[str, Any] | None


async def record(event_log: EventLog, kind: str, content: Mapping[str, Any], sender: str = "") -> int:
    """Record something, durably; the record's index.

    Raises:
        LogUnavailable: the log cannot be written now.
    """
    meta = {"received": format_time(now()), "redacted": [], "sender": sender}
    return await event_log.append_record(kind, rfc8785.dumps(dict(content)), rfc8785.dumps(meta))


async def records(event_log: EventLog, before: int, limit: int) -> list[Record]:
    """At most `limit` records and tombstones with an index below `before`, newest first."""
    return [_read(entry) for entry in await event_log.records(before, limit)]


async def of_kind(event_log: EventLog, kind: str) -> AsyncIterator[Record]:
    """All records of a kind, newest first."""
    before = await event_log.size()
    while page := await event_log.records(before, _PAGE):
        for entry in page:
            if entry.kind == kind:
                yield _read(entry)
        before = page[-1].index


def _read(entry: Entry) -> Record:
    if entry.kind == ERASURE:
        said = orjson.loads(entry.leaf)
        told = {"entry": said["i"], "reason": said["r"], "askedBy": said["b"], "approvedBy": said["a"]}
        return Record(index=entry.index, kind=entry.kind, received=None, by=said["a"], content=told)
    meta = orjson.loads(entry.meta) if entry.meta else {}
    content = None if entry.payload is None else _content(entry.payload)
    return Record(
        index=entry.index, kind=entry.kind, received=meta.get("received"), by=meta.get("sender", ""), content=content
    )


def _content(payload: bytes) -> dict[str, Any]:
    """What a record says: JSON, or the note of a key."""
    try:
        content: dict[str, Any] = orjson.loads(payload)
    except ValueError:
        return {"note": payload.decode(errors="replace")}
    return content


# Policies


async def record_policy(event_log: EventLog, name: str, text: str, sender: str = "") -> bool:
    """Record that a policy is used from now on, if it is another than the one before; whether it is. An empty text
    says that there is none.

    Raises:
        LogUnavailable: the log cannot be written now.
    """
    if text == await policy_in_force(event_log, name):
        return False
    content = {"name": name, "sha256": sha256(text.encode()).hexdigest(), "text": text}
    await record(event_log, POLICY, content, sender)
    return True


async def policy_in_force(event_log: EventLog, name: str) -> str:
    """The text of the policy of this name that was used last; empty if there is none."""
    found = (await policies_in_force(event_log)).get(name)
    return found.content["text"] if found and found.content else ""


async def policies_in_force(event_log: EventLog) -> dict[str, Record]:
    """By name, the record of the policy that was used last."""
    last: dict[str, Record] = {}
    async for found in of_kind(event_log, POLICY):
        if found.content:
            last.setdefault(found.content["name"], found)
    return last


# API keys


async def record_access(event_log: EventLog, keys: Path) -> int:
    """Record what has changed in the file of API keys since this was called last, by whatever way; how many keys.

    Raises:
        ConfigurationError: the file is none of keys.
        LogUnavailable: the log cannot be written now.
    """
    now_there = {key.id: sorted(key.scopes) for key in await asyncio.to_thread(list_keys, keys)}
    known: dict[str, list[str]] = {}
    async for found in of_kind(event_log, ACCESS):
        if found.content:
            known.setdefault(found.content["key"], found.content["scopes"])
    changed = {id_: scopes for id_, scopes in now_there.items() if known.get(id_) != scopes}
    changed |= {id_: [] for id_, scopes in known.items() if scopes and id_ not in now_there}
    for id_, scopes in changed.items():
        await record(event_log, ACCESS, {"key": id_, "scopes": scopes})
    return len(changed)


async def follow_access(event_log: EventLog, keys: Path) -> None:
    """Record for ever what changes in the file of API keys."""
    seen: object = ()
    while True:
        try:
            version = _version(keys)
            if version != seen:
                await record_access(event_log, keys)
                seen = version
        except WhenceError as error:
            log.warning("changes of %s are not recorded: %s", keys, error)
        await asyncio.sleep(_FOLLOW_SECONDS)


def _version(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino
