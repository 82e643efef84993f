"""The file of the log's secret keys, and how one key vouches for the next.

The file holds a key a line, as ``golang.org/x/mod/sumdb/note`` writes them: the key that signs, and while keys are
changed the next one too. Which of them signs is told by the log: the last that a record of kind ``key`` vouches for.
"""

import os
import secrets
from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import NamedTemporaryFile

from whence.transparency.note import Signer, Verifier, open_note, sign_note
from whence_schemas.errors import ConfigurationError, VerificationFailed

_HEADER = "whence log key v1"


def new_origin() -> str:
    """A name for a new log, which no other has."""
    return f"whence/{secrets.token_hex(8)}"


class KeyFile:
    """The file of secret keys at `path`; 0600. Without a path there is no file, as for a log in memory."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._held: list[Signer] = []

    def read(self) -> list[Signer]:
        """The keys in the file; none where there is no file.

        Raises:
            ConfigurationError: it holds something else, or cannot be read.
        """
        if self.path is None:
            return self._held
        try:
            return [Signer.parse(line) for line in self.path.read_text().splitlines()]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise ConfigurationError(f"the log's key {self.path} cannot be read: {error.strerror}") from None
        except ValueError:
            raise ConfigurationError(
                f"{self.path} holds no key that can sign for the log: restore it from a backup, or set WHENCE_LOG_KEY "
                "to the right file"
            ) from None

    def write(self, signers: Iterable[Signer]) -> None:
        """Replace the file in one step, durably.

        Raises:
            ConfigurationError: it cannot be written.
        """
        if self.path is None:
            self._held = list(signers)
            return
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with NamedTemporaryFile("w", dir=self.path.parent, prefix=f"{self.path.name}.", delete=False) as file:
                file.writelines(f"{signer.secret}\n" for signer in signers)  # the file's mode is 0600
                file.flush()
                os.fsync(file.fileno())
            Path(file.name).replace(self.path)
            folder = os.open(self.path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            raise ConfigurationError(f"the log's key {self.path} cannot be written: {error.strerror}") from None


def vouch(old: Signer, new: Signer) -> bytes:
    """A note by which the old key says that the new one signs for the log from now on: the payload of a record."""
    return sign_note(f"{_HEADER}\n{old.verifier_key}\n{new.verifier_key}\n", [old])


def key_chain(notes: Sequence[bytes]) -> list[str]:
    """The verifier keys that a log has had, by the notes with which each vouches for the next; none without a note.

    Raises:
        VerificationFailed: a note is none, or is not by the key that the one before vouches for.
    """
    keys: list[str] = []
    for note in notes:
        header, old, new = _lines(note)
        if header != _HEADER or (keys and keys[-1] != old):
            raise VerificationFailed("a record of kind key does not say by which key the one before is followed")
        open_note(note, [Verifier.parse(old)])
        keys += [new] if keys else [old, new]
    return keys


def _lines(note: bytes) -> list[str]:
    lines = note.decode(errors="replace").partition("\n\n")[0].split("\n")
    return lines if len(lines) == 3 else ["", "", ""]
