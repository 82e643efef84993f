"""Verification of an archive, offline: what it proves, and what it cannot.

Nothing is believed but the archive's bytes, and what the caller brings: a key, a checkpoint that was kept, certificates
of time-stamp authorities. Every check runs, so that all that is wrong is named.
"""

from pathlib import Path
from typing import Any

from whence.audit.archive import (
    CHECKPOINT,
    ENTRIES,
    FORMAT,
    KEYS,
    MANIFEST,
    MANIFEST_NOTE,
    ArchiveReader,
    Member,
    OpenedEntry,
    manifest_text,
)
from whence.audit.opened import OpenedEntries, Seal
from whence.audit.past import Past
from whence.audit.verdict import Trusted, Verdict
from whence.notary.keys import key_chain
from whence.transparency.checkpoint import Checkpoint
from whence.transparency.note import Verifier, open_note
from whence_schemas.errors import VerificationFailed

_NOTHING = Trusted()


def verify(path: Path, trusted: Trusted = _NOTHING) -> Verdict:
    """Verify the archive at `path`.

    Raises:
        OSError: the file cannot be read.
    """
    verdict = Verdict()
    with verdict.checking("archive"), ArchiveReader(path) as archive:
        _Verification(archive, verdict, trusted).run()
    return verdict


class _Verification:
    """One verification, check by check."""

    def __init__(self, archive: ArchiveReader, verdict: Verdict, trusted: Trusted) -> None:
        self._archive = archive
        self._verdict = verdict
        self._trusted = trusted
        self._verifiers: list[Verifier] = []
        self._vouching: list[bytes] = []

    def run(self) -> None:
        """Run all checks."""
        self._read_manifest()
        with self._verdict.checking("keys"):
            self._check_keys()
        checkpoint = self._verdict.checkpoint = self._check_checkpoint()
        past = Past(self._archive, self._verdict, self._trusted, self._verifiers, checkpoint)
        kept = past.kept()
        opened = OpenedEntries(checkpoint, kept.size if kept else None)
        self._check_files(opened)
        self._check_seal(opened)
        self._check_vouching_is_logged(opened)
        past.check(kept, opened.root)
        self._count(checkpoint, opened)
        self._say_what_no_archive_proves()

    # The manifest

    def _read_manifest(self) -> None:
        """Read it, and stop at a format that is not known.

        Raises:
            VerificationFailed: the archive is of another format.
        """
        manifest = self._archive.json(MANIFEST)
        found = manifest.get("format") if isinstance(manifest, dict) else None
        if found != FORMAT:
            raise VerificationFailed(f"{MANIFEST} says {found!r}: this Whence knows {FORMAT}; try a newer one")
        self._verdict.manifest = manifest

    def _check_files(self, opened: OpenedEntries) -> None:
        """Check every file's bytes against the manifest, that none is missing or was added, and the entries."""
        listed = _listed(self._verdict.manifest)
        for name in sorted({*self._archive.names, *listed, MANIFEST_NOTE}):
            with self._verdict.checking("manifest"):
                if self._archive.names.count(name) != 1:
                    raise VerificationFailed(f"{name} is there {self._archive.names.count(name)} times, not once")
                if name in (MANIFEST, MANIFEST_NOTE):
                    continue
                with self._archive.open(name) as member:
                    self._read(name, member, opened)
                if listed.get(name) != (member.size, member.digest.hexdigest()):
                    raise VerificationFailed(f"{name} is not the file that the manifest lists")
        with self._verdict.checking("manifest"):
            self._check_manifest_note()
        if not any(failure.check == "manifest" for failure in self._verdict.failures):
            self._verdict.prove(
                "manifest",
                f"All {len(listed)} files are those that the key of the log signed for when this was exported.",
            )

    def _read(self, name: str, member: Member, opened: OpenedEntries) -> None:
        if name != ENTRIES:
            for _ in member.chunks():
                pass
            return
        for line in member.lines():
            with self._verdict.checking("entries"):
                opened.add(OpenedEntry.parse(line))

    def _check_manifest_note(self) -> None:
        text, _ = open_note(self._archive.read(MANIFEST_NOTE), self._verifiers[-1:])
        if text != manifest_text(self._archive.read(MANIFEST)):
            raise VerificationFailed(f"{MANIFEST} is not the one that {MANIFEST_NOTE} signs for")

    # Keys and signatures

    def _check_keys(self) -> None:
        """Take the log's keys from the archive, where each vouches for the next; and tell who vouches for the first."""
        document = self._archive.json(KEYS)
        try:
            keys, vouching = document["keys"], [note.encode() for note in document["vouching"]]
            self._verifiers = [Verifier.parse(key) for key in keys]
        except (TypeError, KeyError, AttributeError):
            raise VerificationFailed(f"{KEYS} is none of this format") from None
        if len(keys) != len(vouching) + 1:
            raise VerificationFailed(
                f"{KEYS} has {len(keys)} keys, and {len(vouching)} notes that vouch for a next one"
            )
        if (key_chain(vouching) or keys) != keys:
            raise VerificationFailed(f"{KEYS} names other keys than its notes vouch for")
        self._vouching = vouching
        self._verdict.key = keys[-1]
        if not self._trusted.key:
            self._verdict.leave(
                "key",
                f"Whose key it is: {keys[-1]} was taken from the archive itself. Get the log's key in another way, and "
                "give it with --key.",
            )
        elif self._trusted.key in keys:
            by = "is the key" if self._trusted.key == keys[-1] else "vouches, directly or by keys between, for the key"
            self._verdict.prove("key", f"The key you trust {by} that signed this archive.")
        else:
            self._verdict.fail(
                "key", f"the key you trust neither signed this archive nor vouches for {keys[-1]}, which did"
            )

    def _check_checkpoint(self) -> Checkpoint:
        """The archive's checkpoint; where its signature does not hold, what it says all the same, to check the rest.

        Raises:
            VerificationFailed: there is none.
        """
        note = self._archive.read(CHECKPOINT)
        checkpoint = Checkpoint.parse(note.decode(errors="replace").partition("\n\n")[0] + "\n")
        with self._verdict.checking("checkpoint"):
            open_note(note, self._verifiers[-1:])
            self._verdict.prove(
                "checkpoint",
                f"The log {checkpoint.origin} signed that it has {checkpoint.size:,} entries, with the root "
                f"{checkpoint.root.hex()}.",
            )
        return checkpoint

    def _check_vouching_is_logged(self, opened: OpenedEntries) -> None:
        if any(note not in opened.keys for note in self._vouching):
            self._verdict.fail("keys", "a note by which one key vouches for the next is not among the log's records")

    # Entries

    def _check_seal(self, opened: OpenedEntries) -> None:
        failed = {failure.check for failure in self._verdict.failures}
        with self._verdict.checking("seal"):
            seal = opened.finish()
            if seal.scope != self._verdict.manifest.get("scope") or seal.at != self._verdict.manifest.get("seal"):
                raise VerificationFailed("the manifest names another scope or seal than the log does")
            if "entries" not in failed:
                self._prove_entries(opened, seal)

    def _prove_entries(self, opened: OpenedEntries, seal: Seal) -> None:
        records = opened.count - opened.events - opened.erased - len(opened.tombstones)
        kinds = (
            (opened.events, "events with just the content and receipt time that were recorded"),
            (opened.erased, "erased"),
            (len(opened.tombstones), "records of erasures"),
            (records, "other records of the log itself"),
        )
        told = ", ".join(f"{count:,} {what}" for count, what in kinds if count) or "none"
        self._verdict.prove("entries", f"The entries opened here are in that log, each at its place: {told}.")
        if opened.erased:
            self._verdict.prove(
                "erased", "For every erased entry the log records why, and by which keys it was asked and approved."
            )
        who = f"the key {seal.sender}" if seal.sender else "someone with access to the log itself"
        self._verdict.prove(
            "seal",
            f"Nothing was taken out since, or put in: entry {seal.at:,} of the log, of {seal.received}, seals this "
            f"export, which {who} asked for.",
        )

    # The end

    def _count(self, checkpoint: Checkpoint, opened: OpenedEntries) -> None:
        shown = opened.count + 1
        self._verdict.counts = {
            "total": checkpoint.size,
            "opened": shown,
            "withheld": max(checkpoint.size - shown, 0),
            "events": opened.events,
            "erased": opened.erased,
            "tombstones": len(opened.tombstones),
        }

    def _say_what_no_archive_proves(self) -> None:
        withheld, total = self._verdict.counts["withheld"], self._verdict.counts["total"]
        if withheld:
            self._verdict.leave(
                "withheld",
                f"What the other {withheld:,} of {total:,} entries hold. They are outside the scope, as the log "
                "resolved it; an archive cannot show that nothing in scope was left out.",
            )
        self._verdict.leave(
            "derived",
            "That PROV, tables and report follow from the entries: that is signed for, and not worked out again here.",
        )
        self._verdict.leave(
            "truth", "That what events say is true: it is proved what was received, and not that it is so."
        )


def _listed(manifest: dict[str, Any]) -> dict[str, tuple[int, str]]:
    """Size and SHA-256 of each file that the manifest lists."""
    try:
        return {file["name"]: (file["size"], file["sha256"]) for file in manifest["files"]}
    except (TypeError, KeyError):
        raise VerificationFailed(f"{MANIFEST} is none of this format") from None
