"""Forgeries of archives: taken apart, changed, and put together again so that every hash in the manifest is right.

The forger is the worst there can be: whoever runs the log, with its key.
"""

import json
import zipfile
from base64 import b64decode, b64encode
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

from whence.audit.archive import manifest_text
from whence.eventlog.leaf import commitment, committed_leaf
from whence.transparency.note import Signer, sign_note


class Parts:
    """The files of an archive, and the entries in it."""

    def __init__(self, archive: Path) -> None:
        with zipfile.ZipFile(archive) as opened:
            self.files = {name: opened.read(name) for name in opened.namelist()}
        self.entries = [json.loads(line) for line in self.files["entries.ndjson"].splitlines()]
        self.manifest = json.loads(self.files["manifest.json"])

    def events(self) -> list[dict[str, Any]]:
        """The entries that are events, with their content."""
        return [entry for entry in self.entries if b'"k":"event"' in self.leaf(entry) and "payload" in entry]

    @staticmethod
    def leaf(entry: dict[str, Any]) -> bytes:
        """The leaf of an entry."""
        return b64decode(entry["leaf"])

    def payload(self, line: int) -> bytes:
        """The payload of the entry in a line."""
        return b64decode(self.entries[line]["payload"])

    def meta(self, line: int) -> bytes:
        """The meta of the entry in a line."""
        return b64decode(self.entries[line]["meta"])

    def write(self, path: Path, signer: Signer) -> Path:
        """Put it together again: hashes, sizes and the manifest's signature are right."""
        self.files["entries.ndjson"] = b"".join(json.dumps(entry).encode() + b"\n" for entry in self.entries)
        for listed in self.manifest["files"]:
            content = self.files[listed["name"]]
            listed.update(size=len(content), sha256=sha256(content).hexdigest())
        self.files["manifest.json"] = json.dumps(self.manifest).encode()
        text = manifest_text(self.files["manifest.json"])
        self.files["manifest.note"] = sign_note(text, [signer])
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in self.files.items():
                archive.writestr(name, content)
        return path


def change(entry: dict[str, Any], member: str, old: bytes, new: bytes) -> None:
    """Change some bytes of an entry's payload, meta or leaf."""
    before = b64decode(entry[member])
    assert old in before
    entry[member] = b64encode(before.replace(old, new, 1)).decode()


def changed_payload(parts: Parts) -> None:
    change(parts.events()[1], "payload", b"eventTime", b"eventtime")


def changed_receipt_time(parts: Parts) -> None:
    change(parts.events()[1], "meta", b'"received":"20', b'"received":"19')


def changed_leaf(parts: Parts) -> None:
    """The payload and the leaf that commits to it, so that these two fit."""
    entry = parts.events()[1]
    change(entry, "payload", b"eventTime", b"eventtime")
    salt, meta, payload = (b64decode(entry[member]) for member in ("salt", "meta", "payload"))
    entry["leaf"] = b64encode(committed_leaf("event", commitment(salt, meta, payload))).decode()


def swapped_order(parts: Parts) -> None:
    """Two entries change places, and their lines stay in order."""
    one, other = parts.events()[1:3]
    one["index"], other["index"] = other["index"], one["index"]
    parts.entries.sort(key=lambda entry: entry["index"])


def swapped_lines(parts: Parts) -> None:
    parts.entries[1:3] = reversed(parts.entries[1:3])


def removed_last_event(parts: Parts) -> None:
    parts.entries.remove(parts.events()[-1])


def removed_seal(parts: Parts) -> None:
    del parts.entries[-1]
    parts.manifest["seal"] = parts.entries[-1]["index"]


def erased_without_a_tombstone(parts: Parts) -> None:
    entry = parts.events()[1]
    for member in ("salt", "meta", "payload"):
        del entry[member]


def changed_scope(parts: Parts) -> None:
    parts.manifest["scope"]["receivedSince"] = "2020-01-01T00:00:00.000000Z"


def changed_signature(parts: Parts) -> None:
    text, _, signature = parts.files["checkpoint"].decode().rpartition(" ")
    raw = bytearray(b64decode(signature))
    raw[-1] ^= 1
    parts.files["checkpoint"] = f"{text} {b64encode(raw).decode()}\n".encode()


def changed_checkpoint(parts: Parts) -> None:
    """A log that is one entry longer than the one that was signed."""
    lines = parts.files["checkpoint"].split(b"\n")
    lines[1] = b"%d" % (int(lines[1]) + 1)
    parts.files["checkpoint"] = b"\n".join(lines)


FORGERIES: dict[str, tuple[Callable[[Parts], None], str]] = {
    "changed payload": (changed_payload, "entries"),
    "changed receipt time": (changed_receipt_time, "entries"),
    "changed leaf": (changed_leaf, "entries"),
    "swapped order": (swapped_order, "entries"),
    "swapped lines": (swapped_lines, "entries"),
    "removed last event": (removed_last_event, "seal"),
    "removed seal": (removed_seal, "seal"),
    "erased without a tombstone": (erased_without_a_tombstone, "seal"),
    "changed scope": (changed_scope, "seal"),
    "forged signature": (changed_signature, "checkpoint"),
    "changed checkpoint": (changed_checkpoint, "checkpoint"),
}
"""Forgeries, and the check that must refuse each, whatever others do."""
