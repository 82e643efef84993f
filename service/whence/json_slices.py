"""The bytes of each element of a JSON array, exactly as they were sent."""

import json
import re

# Only where an element ends matters: numbers are left as text, whatever their size.
_DECODER = json.JSONDecoder(parse_int=str, parse_float=str)
_WHITE_SPACE = re.compile(r"[ \t\r\n]*")


def elements(array: bytes) -> list[bytes]:
    """The elements of an array, without the white space around them.

    The text must be known to be a JSON array in UTF-8: no check is made here. The standard library's scanner, written
    in C, finds the ends.
    """
    text = array.decode()
    place = _skip(text, text.index("[") + 1)
    found = []
    while text[place] != "]":
        end = _DECODER.raw_decode(text, place)[1]
        found.append(text[place:end].encode())
        place = _skip(text, end)
        if text[place] == ",":
            place = _skip(text, place + 1)
    return found


def _skip(text: str, place: int) -> int:
    match = _WHITE_SPACE.match(text, place)
    assert match
    return match.end()
