"""What an archive proves of the log's past: that it only grew since checkpoints that others saw, kept or stamped."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from whence.audit.archive import CONSISTENCY, TIMESTAMPS, ArchiveReader, decode
from whence.audit.stamps import is_by, stamped_at
from whence.audit.verdict import Trusted, Verdict
from whence.transparency.checkpoint import Checkpoint
from whence.transparency.merkle import verify_consistency
from whence.transparency.note import Verifier, open_note
from whence_schemas.errors import VerificationFailed


class Past:
    """The checks of an archive's earlier checkpoints against its own."""

    def __init__(
        self,
        archive: ArchiveReader,
        verdict: Verdict,
        trusted: Trusted,
        verifiers: Sequence[Verifier],
        checkpoint: Checkpoint,
    ) -> None:
        self._archive = archive
        self._verdict = verdict
        self._trusted = trusted
        self._verifiers = verifiers
        self._checkpoint = checkpoint
        self._proofs: dict[int, list[bytes]] = {}

    def kept(self) -> Checkpoint | None:
        """The checkpoint that was kept, if one was and its signature holds."""
        if self._trusted.kept:
            with self._verdict.checking("kept-checkpoint"):
                return self._open(self._trusted.kept)
        return None

    def check(self, kept: Checkpoint | None, root: bytes | None) -> None:
        """Run the checks; `root` is that of as many leaves as were kept, where all of them were opened."""
        with self._verdict.checking("history"):
            self._check_published()
        with self._verdict.checking("time-stamps"):
            self._check_stamps()
        if kept is not None:
            with self._verdict.checking("kept-checkpoint"):
                self._check_kept(kept, root)
        elif not self._trusted.kept:
            self._verdict.leave(
                "kept-checkpoint",
                "That history was not rewritten before this export: keep a checkpoint now and then "
                "(`whence audit checkpoint`), and give one with --checkpoint.",
            )

    def _open(self, note: bytes) -> Checkpoint:
        """The checkpoint in a note that one of the log's keys has signed."""
        return Checkpoint.parse(open_note(note, self._verifiers)[0])

    def _check_published(self) -> None:
        published = 0
        for size, proof, note in _consistency(self._archive.json(CONSISTENCY)):
            self._proofs[size] = proof
            if note:
                self._check_continues(self._open(note), proof)
                published += 1
        if published:
            before = "an earlier checkpoint" if published == 1 else f"{published:,} earlier checkpoints"
            self._verdict.prove("history", f"The log continues {before} that it published.")

    def _check_continues(self, earlier: Checkpoint, proof: Sequence[bytes]) -> None:
        """Check that the log continues this one, and is the same.

        Raises:
            VerificationFailed: it is not.
        """
        later = self._checkpoint
        if earlier.origin != later.origin:
            raise VerificationFailed(
                f"the checkpoint is of the log {earlier.origin}, and this archive of {later.origin}"
            )
        verify_consistency(earlier.size, earlier.root, later.size, later.root, proof)

    def _check_stamps(self) -> None:
        held: list[tuple[datetime, int]] = []
        others: list[tuple[datetime, int]] = []
        for name in self._archive.names:
            if name.startswith(TIMESTAMPS) and name.endswith(".tsr"):
                response = self._archive.read(name)
                note = self._archive.read(name.removesuffix(".tsr") + ".checkpoint")
                stamped = self._open(note)
                self._check_continues(stamped, self._proofs.get(stamped.size, []))
                found = held if is_by(self._trusted.authorities, response, note) else others
                found.append((stamped_at(response, note), stamped.size))
        if held:
            self._verdict.prove("time-stamps", f"{_stamps(held)} by the authorities you trust{_last(held)}.")
        elif self._trusted.authorities:
            raise VerificationFailed(
                f"there is no time stamp by the authorities you trust, and {_stamps(others)} by others"
            )
        if others:
            self._verdict.leave(
                "time-stamps",
                f"Who made {_stamps(others)} of this log's checkpoints{_last(others)}: give the certificate of the "
                "authority with --tsa-certificate.",
            )
        if not held:
            self._verdict.leave("time", "When entries came: receipt times are the log's own word.")

    def _check_kept(self, kept: Checkpoint, root: bytes | None) -> None:
        size = self._checkpoint.size
        if kept.size > size:
            raise VerificationFailed(
                f"the checkpoint you kept is of {kept.size:,} entries, and this archive of only {size:,}: ask for a "
                "newer archive, or give an older checkpoint"
            )
        if kept.size in (0, size) or kept.size in self._proofs:
            self._check_continues(kept, self._proofs.get(kept.size, []))
        elif root is None:
            raise VerificationFailed(
                f"the archive has no proof from the log of {kept.size:,} entries: ask for one that was made with "
                "--from-checkpoint"
            )
        elif root != kept.root or kept.origin != self._checkpoint.origin:
            raise VerificationFailed(f"the log's first {kept.size:,} entries are not those of the checkpoint you kept")
        self._verdict.prove(
            "kept-checkpoint",
            f"Since the checkpoint you kept, of {kept.size:,} entries, the log was only appended to; and the same key "
            "signed both, or one that it vouches for.",
        )


def _stamps(stamps: Sequence[tuple[datetime, int]]) -> str:
    return "1 time stamp" if len(stamps) == 1 else f"{len(stamps):,} time stamps"


def _last(stamps: Sequence[tuple[datetime, int]]) -> str:
    """What the last of them says."""
    at, size = max(stamps)
    return f", which say that the first {size:,} entries were there by {at:%Y-%m-%dT%H:%M:%SZ}"


def _consistency(document: Any) -> Iterator[tuple[int, list[bytes], bytes]]:
    """Size, proof and note of each consistency proof."""
    try:
        for item in document:
            yield item["size"], [decode(element) for element in item["proof"]], item.get("note", "").encode()
    except (TypeError, KeyError, ValueError, AttributeError):
        raise VerificationFailed(f"{CONSISTENCY} is none of this format") from None
