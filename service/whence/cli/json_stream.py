"""Cuts a stream of JSON into its values, byte for byte, in memory bounded by the longest of them.

What is no JSON is not judged here: it comes as a value of its own, for a parser to refuse.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

_MARK = re.compile(rb'"(?:[^"\\]++|\\.)*+"|[\[\]{},"]', re.DOTALL)
"""What structure depends on. A quotation mark alone begins a string that goes on in the next chunk."""

_WHITE_SPACE = b" \t\r\n"


class Value(NamedTuple):
    """A value's bytes, and how many lines of the stream lie before it."""

    line: int
    payload: bytes


class Broken(Exception):
    """The stream cannot be cut any further; `line` is how many lines lie before that."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line


def values(chunks: Iterable[bytes], max_bytes: int) -> Iterator[Value]:
    """The elements of an array, or the objects that stand one after the other.

    Raises:
        Broken: a value is longer than `max_bytes`, or the array has no end. The values before have come.
    """
    structure = _Structure()
    buffer = b""  # from the beginning of the value that is being read
    known = 0  # how much of the buffer the structure has seen
    line = 0
    for chunk in chunks:
        buffer += chunk
        begin = 0
        while (mark := _MARK.search(buffer, known)) and mark[0] != b'"':
            known = mark.end()
            end = structure.end(mark)
            if end is not None:
                yield from _value(buffer[begin:end], line)
                line += buffer.count(b"\n", begin, known)
                begin = known
        buffer = buffer[begin:]
        known -= begin
        if len(buffer) > max_bytes:
            raise Broken(line + _blank_lines(buffer), f"from here on no value ends within {max_bytes >> 20} MiB")
    yield from _value(buffer, line)
    if structure.in_array:
        raise Broken(line + buffer.count(b"\n"), "the array has no end: the file seems to be cut off")


def _value(text: bytes, line: int) -> Iterator[Value]:
    payload = text.strip(_WHITE_SPACE)
    if payload:
        yield Value(line + _blank_lines(text), payload)


def _blank_lines(text: bytes) -> int:
    """How many lines end before the first one with something in it."""
    return text[: len(text) - len(text.lstrip(_WHITE_SPACE))].count(b"\n")


class _Structure:
    """Follows brackets and commas."""

    def __init__(self) -> None:
        self.in_array = False
        self._depth = 0

    def end(self, mark: re.Match[bytes]) -> int | None:
        """Where a value ends if the mark is the end of one; what comes up to the mark's own end belongs to none."""
        sign = mark[0]
        if not self._depth and (sign in b",]" if self.in_array else sign == b"["):
            self.in_array = sign != b"]"
            return mark.start()
        self._depth += (sign in b"[{") - (sign in b"]}")
        if self._depth > 0 or sign not in b"]}":
            return None
        self._depth = 0
        return None if self.in_array else mark.end()
