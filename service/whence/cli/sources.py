"""Where `whence ingest` finds events: which files, and what each of them holds."""

import gzip
import re
import sys
import zlib
from collections.abc import Iterable, Iterator, Sequence
from io import BufferedReader
from itertools import chain, starmap
from pathlib import Path
from typing import IO, NamedTuple, cast

from whence.cli.json_stream import Broken, values
from whence_schemas.errors import ConfigurationError

MAX_EVENT_BYTES = 32 * 2**20
"""A longer event is none that a server takes; without a limit a damaged file could fill the memory."""

REJECTS = "whence-rejects-"
"""What the names of files of rejects begin with; in a directory they are passed over."""

STDIN = "-"
_EVENTS = re.compile(r"\.(ndjson|jsonl|json|log)(\.gz)?$", re.IGNORECASE)
_GZIP = b"\x1f\x8b"
_BOM = b"\xef\xbb\xbf"
_GOES_ON = (b"{", b"[", b",", b":")
"""A line with such an end is not a whole event: the file has JSON over several lines."""
_CHUNK = 2**18


class Event(NamedTuple):
    """What should be an event: its bytes, and where it is as file:line. `defect` says why it cannot be one."""

    place: str
    payload: bytes
    defect: str = ""


class Source:
    """One file of events, or stdin. `size` is its length in bytes, 0 where that is not known."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.size = 0 if name == STDIN else Path(name).stat().st_size
        self.position = 0

    def __iter__(self) -> Iterator[Event]:
        """The events, in bounded memory; `position` says meanwhile how many bytes of the file were read.

        A file that ends within its compressed data, or cannot be read on, ends with an event that has a defect.
        """
        line = 0
        try:
            with self._open() as raw, _decompressed(raw) as file:
                for line, payload, defect in _split(file):
                    self.position = raw.tell() if self.size else 0
                    if payload or defect:
                        yield Event(f"{self._name}:{line}", payload, defect)
        except (OSError, EOFError, zlib.error) as error:
            yield Event(f"{self._name}:{line + 1}", b"", f"the file cannot be read on: {error}")
        self.position = self.size

    def _open(self) -> BufferedReader:
        if self._name == STDIN:
            return open(sys.stdin.fileno(), "rb", closefd=False)  # it has no path
        return Path(self._name).open("rb")


def _decompressed(raw: BufferedReader) -> IO[bytes]:
    """The file, or what is compressed in it if it is gzip, whatever its name."""
    return cast(IO[bytes], gzip.open(raw)) if raw.peek(2)[:2] == _GZIP else raw


def find_sources(paths: Sequence[str]) -> list[Source]:
    """The files that paths name; a directory stands for the files of events in it, to any depth, in natural order.

    Raises:
        ConfigurationError: a path does not exist, or a directory holds no file of events.
    """
    return [Source(name) for path in paths for name in _names(path)]


def _names(path: str) -> Iterable[str]:
    if path == STDIN:
        return [STDIN]
    if not Path(path).exists():
        raise ConfigurationError(f"{path}: no such file or directory")
    if not Path(path).is_dir():
        return [path]
    found = sorted((file for file in Path(path).rglob("*") if _holds_events(file, Path(path))), key=_natural)
    if not found:
        raise ConfigurationError(f"{path}: there is no file of events in it (.ndjson, .jsonl, .json, .log, also .gz)")
    return map(str, found)


def _holds_events(file: Path, root: Path) -> bool:
    hidden = any(part.startswith(".") for part in file.relative_to(root).parts)
    return bool(_EVENTS.search(file.name)) and not hidden and not file.name.startswith(REJECTS) and file.is_file()


def _natural(path: Path) -> list[list[tuple[int, str]]]:
    """Sorts 2 before 10."""
    return [
        [(int(digits or 0), text.casefold()) for digits, text in re.findall(r"(\d*)(\D*)", part)] for part in path.parts
    ]


class _Piece(NamedTuple):
    """A part of a file: the line that it begins at, its bytes, and why it can be no event."""

    line: int
    payload: bytes
    defect: str = ""


def _split(file: IO[bytes]) -> Iterator[_Piece]:
    """What stands in a file: an array's elements, JSON over several lines, or else an event a line."""
    lines = enumerate(_lines(file), start=1)
    for number, line in lines:
        text = line.removeprefix(_BOM) if number == 1 else line
        if text.strip():
            break
    else:
        return
    if text.lstrip().startswith(b"[") or text.rstrip().endswith(_GOES_ON):
        yield from _stream(number, chain([text], iter(lambda: file.read(_CHUNK), b"")))
    else:
        yield _piece(number, text)
        yield from starmap(_piece, lines)


def _stream(first: int, chunks: Iterable[bytes]) -> Iterator[_Piece]:
    """The values in an array, or one after the other, each with its own bytes."""
    try:
        for value in values(chunks, MAX_EVENT_BYTES):
            yield _Piece(first + value.line, value.payload)
    except Broken as error:
        yield _Piece(first + error.line, b"", str(error))


def _piece(number: int, line: bytes) -> _Piece:
    if len(line) > MAX_EVENT_BYTES:
        return _Piece(number, b"", f"the line is longer than {MAX_EVENT_BYTES >> 20} MiB, which no event may be")
    return _Piece(number, line.strip())


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    """Lines; of one that is longer than an event may be, only the beginning."""
    while line := file.readline(MAX_EVENT_BYTES + 1):
        yield line
        while not line.endswith(b"\n") and (line := file.readline(_CHUNK)):
            pass
