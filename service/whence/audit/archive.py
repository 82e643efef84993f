"""Archives of evidence: one ZIP that proves itself, written and read as a stream.

Format ``whence-archive/1``. All JSON is UTF-8, all bytes in it are standard Base64. Files in this order:

- ``README.txt``: what the archive is, and how to check it without Whence.
- ``checkpoint``: a C2SP signed note of a C2SP tlog-checkpoint: how long the log was, and the root of its tree.
- ``keys.json``: ``{"keys": [verifier key, ...], "vouching": [note, ...]}``; each key vouches for the next one by a note
  that it signed, and the last one has signed ``checkpoint``.
- ``consistency.json``: ``[{"size": n, "proof": [hash, ...], "note": note}, ...]``: proofs that the log of
  ``checkpoint`` continues the one of n entries. ``note`` is the checkpoint that was published then, where one was.
- ``timestamps/``: RFC 3161 tokens ``NAME.tsr`` over checkpoints ``NAME.checkpoint``.
- ``entries.ndjson``: an `OpenedEntry` a line, by ascending index. The last one is the *seal*: the record by which this
  export was written into the log, before the archive was.
- ``prov.json``, ``tables/*.csv``, ``report.html``, ``report.pdf``: derived from the entries, for programs and people.
- ``manifest.json``: ``{"format", "created", "tool", "scope", "seal", "counts", "files"}``; the last is
  ``[{"name", "size", "sha256"}, ...]``, with every file before it.
- ``manifest.note``: the SHA-256 of the manifest as a signed note of the key that signed ``checkpoint``.

The seal's payload is ``{"entries", "format", "indices", "scope", "size"}``: how many entries the archive opens beside
the seal, the SHA-256 over their indices (each in decimal with a newline), the scope, and the size of the log that it
was resolved in. So nothing can be taken out of an archive or put into it afterwards.
"""

import binascii
import json
import zipfile
import zlib
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from io import BufferedIOBase, BufferedReader, RawIOBase
from pathlib import Path
from types import TracebackType
from typing import IO, Any, NamedTuple, Self, cast

import orjson

from whence_schemas.errors import VerificationFailed

FORMAT = "whence-archive/1"

README = "README.txt"
CHECKPOINT = "checkpoint"
KEYS = "keys.json"
CONSISTENCY = "consistency.json"
TIMESTAMPS = "timestamps/"
ENTRIES = "entries.ndjson"
MANIFEST = "manifest.json"
MANIFEST_NOTE = "manifest.note"

MAX_DOCUMENT_BYTES = 64 * 2**20
"""No file that is read as a whole is longer."""
MAX_LINE_BYTES = 128 * 2**20
"""No line of ``entries.ndjson`` is longer: it holds an event of at most 32 MiB, in Base64."""

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a ZIP can hold: when it was made, the manifest says
_BUFFER = 2**18
"""Lines are found in so many bytes at once: without it, finding them costs more than decompressing them."""
_REGULAR_FILE = 0o100644 << 16
_MEMBERS = {"index", "leaf", "proof"}
_CONTENT = {"salt", "meta", "payload"}


class OpenedEntry(NamedTuple):
    """A log entry with the proof that the log holds it; salt, meta and payload are None where there is no content: it
    was erased, or is a tombstone."""

    index: int  # type: ignore[assignment]  # hides tuple.index, which nobody needs here
    leaf: bytes
    proof: Sequence[bytes]
    salt: bytes | None = None
    meta: bytes | None = None
    payload: bytes | None = None

    def line(self) -> bytes:
        """The entry as a line of ``entries.ndjson``."""
        proof = list(map(encode, self.proof))
        document: dict[str, Any] = {"index": self.index, "leaf": encode(self.leaf), "proof": proof}
        if self.salt is not None and self.meta is not None and self.payload is not None:
            document |= {"salt": encode(self.salt), "meta": encode(self.meta), "payload": encode(self.payload)}
        return orjson.dumps(document, option=orjson.OPT_APPEND_NEWLINE)

    @classmethod
    def parse(cls, line: bytes) -> Self:
        """The entry in a line.

        Raises:
            VerificationFailed: there is none in it.
        """
        try:
            document = orjson.loads(line)
            index, content = document.pop("index"), document.keys() & _CONTENT
            if type(index) is not int or index < 0 or document.keys() - content != _MEMBERS - {"index"}:
                raise ValueError
            if content not in (set(), _CONTENT):
                raise ValueError
            leaf, proof = decode(document.pop("leaf")), [decode(element) for element in document.pop("proof")]
            return cls(index, leaf, proof, **{name: decode(value) for name, value in document.items()})
        except (ValueError, TypeError, KeyError, AttributeError):
            raise VerificationFailed(f"no entry: {line[:80].decode(errors='replace')!r}") from None


def encode(data: bytes) -> str:
    """Bytes as they stand in JSON."""
    return b64encode(data).decode()


def decode(text: str) -> bytes:
    """Bytes from JSON.

    Raises:
        ValueError: it is no Base64.
    """
    try:
        return b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from None


def index_line(index: int) -> bytes:
    """An index as the seal hashes it."""
    return b"%d\n" % index


def manifest_text(manifest: bytes) -> str:
    """The text of ``manifest.note``. No checkpoint can be mistaken for it: that has its size in the second line."""
    return f"{FORMAT}\nsha256 of manifest.json\n{sha256(manifest).hexdigest()}\n"


class ArchiveWriter:
    """Writes an archive to a sink that need not be seekable. It is whole only after `finish`."""

    def __init__(self, sink: IO[bytes]) -> None:
        self._zip = zipfile.ZipFile(_Unseekable(sink), "w", zipfile.ZIP_DEFLATED)
        self._files: list[dict[str, Any]] = []

    @contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        """A file of the archive, to be written from its beginning to its end."""
        info = zipfile.ZipInfo(name, _EPOCH)
        info.external_attr = _REGULAR_FILE
        info.compress_type = zipfile.ZIP_DEFLATED
        with self._zip.open(info, "w", force_zip64=True) as file:
            hashing = _Hashing(file)
            yield cast(IO[bytes], hashing)
        self._files.append({"name": name, "size": hashing.size, "sha256": hashing.digest.hexdigest()})

    def add(self, name: str, content: bytes) -> None:
        """Add a whole file."""
        with self.open(name) as file:
            file.write(content)

    def manifest(self, facts: Mapping[str, Any]) -> bytes:
        """Add the manifest of what was written so far, with these facts before the list of files; the manifest."""
        document = json.dumps({"format": FORMAT, **facts, "files": self._files}, indent=2, ensure_ascii=False) + "\n"
        self.add(MANIFEST, document.encode())
        return document.encode()

    def finish(self) -> None:
        """Write the ZIP's directory, without which it is none."""
        self._zip.close()

    def abandon(self) -> None:
        """Leave it as it is: no whole ZIP, unless it was finished."""
        self._zip.fp = None  # else its finalizer would write the directory


class _Unseekable(BufferedIOBase):
    """A sink as `zipfile` wants it: one that says that it cannot seek, and is not closed."""

    def __init__(self, sink: IO[bytes]) -> None:
        self._sink = sink

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        return self._sink.write(data)

    def flush(self) -> None:
        """Nothing: the sink's owner flushes it."""


class _Hashing(BufferedIOBase):
    """Counts and hashes what is written through it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.size = 0
        self.digest = sha256()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.size += len(data)
        self.digest.update(data)
        return self._file.write(data)


class ArchiveReader:
    """Reads an archive. A context; every method may raise `VerificationFailed`, as what was damaged is no archive."""

    def __init__(self, path: Path) -> None:
        """Open it.

        Raises:
            VerificationFailed: it is no whole ZIP.
            OSError: it cannot be read.
        """
        try:
            self._zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
            raise VerificationFailed(f"{path} is no archive, or was cut off: {error}") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._zip.close()

    @property
    def names(self) -> list[str]:
        """Names of all files, in order."""
        return self._zip.namelist()

    @contextmanager
    def open(self, name: str) -> Iterator["Member"]:
        """A file, to be read from its beginning to its end."""
        if name not in self._zip.NameToInfo:
            raise VerificationFailed(f"{name} is missing")
        try:
            with self._zip.open(name) as file:
                yield Member(name, BufferedReader(cast(RawIOBase, file), _BUFFER))  # it reads as a raw one does
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
            raise VerificationFailed(f"{name} is damaged: {error}") from None

    def read(self, name: str) -> bytes:
        """A whole file."""
        with self.open(name) as member:
            return member.read_all()

    def json(self, name: str) -> Any:
        """A whole file, which is JSON."""
        try:
            return orjson.loads(self.read(name))
        except ValueError as error:
            raise VerificationFailed(f"{name} is no JSON: {error}") from None


class Member:
    """A file of an archive, counted and hashed while it is read."""

    def __init__(self, name: str, file: IO[bytes]) -> None:
        self._name = name
        self._file = file
        self.size = 0
        self.digest = sha256()

    def chunks(self) -> Iterator[bytes]:
        """What is left, piece by piece."""
        while chunk := self._file.read(2**20):
            yield self._seen(chunk)

    def lines(self) -> Iterator[bytes]:
        """What is left, line by line."""
        while line := self._file.readline(MAX_LINE_BYTES):
            if not line.endswith(b"\n"):
                raise VerificationFailed(f"{self._name} was cut off, or has a line of over {MAX_LINE_BYTES >> 20} MiB")
            yield self._seen(line)

    def read_all(self) -> bytes:
        """What is left."""
        data = self._file.read(MAX_DOCUMENT_BYTES + 1)
        if len(data) > MAX_DOCUMENT_BYTES:
            raise VerificationFailed(f"{self._name} is longer than {MAX_DOCUMENT_BYTES >> 20} MiB, which none can be")
        return self._seen(data)

    def _seen(self, data: bytes) -> bytes:
        self.size += len(data)
        self.digest.update(data)
        return data
