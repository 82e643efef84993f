"""The bytes of each element of a JSON array, exactly as they were sent."""

import re

_STRING = rb'"(?:[^"\\]++|\\.)*+"'
_TO_COMMA_OR_BRACKET = re.compile(rb'(?:[^"\[\]{},]++|' + _STRING + rb")*+(.)", re.DOTALL)
_TO_BRACKET = re.compile(rb'(?:[^"\[\]{}]++|' + _STRING + rb")*+(.)", re.DOTALL)
_WHITE_SPACE = b" \t\n\r"


def elements(array: bytes) -> list[bytes]:
    """The elements of an array, without the white space around them.

    The text must be known to be a JSON array: no check is made here, so that it costs little more than to read
    the bytes (32 MiB take about 0.5 s).
    """
    found = []
    start = place = array.index(b"[") + 1
    depth = 1
    while depth:
        # Commas matter between the array's own elements only.
        match = (_TO_COMMA_OR_BRACKET if depth == 1 else _TO_BRACKET).match(array, place)
        assert match
        place = match.end()
        stop = match[1]
        if stop in b"[{":
            depth += 1
        elif stop in b"]}":
            depth -= 1
        if stop == b"," or not depth:
            found.append(array[start : place - 1].strip(_WHITE_SPACE))
            start = place
    return [] if found == [b""] else found
