"""What the verification of an archive is given, and what it says."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from cryptography.x509 import Certificate

from whence.transparency.checkpoint import Checkpoint
from whence_schemas.errors import VerificationFailed

_MOST_FAILURES = 1_000


class Trusted(NamedTuple):
    """What the caller brings: the log's verifier key, a checkpoint (signed note) that was kept, and certificates of
    time-stamp authorities. All may be empty."""

    key: str = ""
    kept: bytes = b""
    authorities: Sequence[Certificate] = ()


class Statement(NamedTuple):
    """What was proved, was not, or failed: the name of the check, for programs, and a sentence."""

    check: str
    text: str


@dataclass
class Verdict:
    """What the verification of an archive found. It is accepted if nothing failed.

    counts: entries `total` in the log, `opened` here (of these `events`, `erased`, `tombstones`, other `records`) and
    `withheld`. more: how many failures were left out for being too many.
    """

    proved: list[Statement] = field(default_factory=list)
    not_proved: list[Statement] = field(default_factory=list)
    failures: list[Statement] = field(default_factory=list)
    more: int = 0
    checkpoint: Checkpoint | None = None
    key: str = ""
    counts: dict[str, int] = field(default_factory=dict)
    manifest: dict[str, Any] = field(default_factory=dict)

    @property
    def accepted(self) -> bool:
        """Whether the archive is what it says."""
        return not self.failures

    def prove(self, check: str, text: str) -> None:
        """Note what was proved."""
        self.proved.append(Statement(check, text))

    def leave(self, check: str, text: str) -> None:
        """Note what was not proved."""
        self.not_proved.append(Statement(check, text))

    def fail(self, check: str, text: str) -> None:
        """Note what failed."""
        if len(self.failures) < _MOST_FAILURES:
            self.failures.append(Statement(check, text))
        else:
            self.more += 1

    @contextmanager
    def checking(self, check: str) -> Iterator[None]:
        """Note a `VerificationFailed`, and go on."""
        try:
            yield
        except VerificationFailed as error:
            self.fail(check, str(error))
