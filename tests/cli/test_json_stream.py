"""Cutting a stream of JSON into values."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whence.cli.json_stream import Broken, values

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
OBJECTS = st.lists(st.dictionaries(st.text(), ANYTHING, max_size=3), max_size=5)


def chunks(text, size):
    data = text.encode()
    return [data[place : place + size] for place in range(0, len(data), size)]


@given(st.lists(ANYTHING, max_size=5), st.integers(1, 50), st.sampled_from([None, 2]))
def test_elements_of_an_array_come_as_they_are(documents, size, indent):
    found = list(values(chunks(json.dumps(documents, indent=indent), size), 10**6))
    assert [json.loads(value.payload) for value in found] == documents


@given(OBJECTS, st.integers(1, 50))
def test_objects_one_after_the_other(documents, size):
    found = list(values(chunks("\n".join(json.dumps(one, indent=1) for one in documents), size), 10**6))
    assert [json.loads(value.payload) for value in found] == documents


@given(st.binary(), st.integers(1, 9))
def test_no_bytes_break_it(data, size):
    pieces = [data[place : place + size] for place in range(0, len(data), size)]
    try:
        found = [value.payload for value in values(pieces, 10**6)]
    except Broken:
        return
    assert all(payload in data for payload in found)


def test_bytes_and_lines():
    text = b'\n[ {"a" : "\\"]}," },\n\n  7\n, [1,\n2] ]'
    assert [tuple(value) for value in values([text], 100)] == [(1, b'{"a" : "\\"]}," }'), (3, b"7"), (4, b"[1,\n2]")]


@pytest.mark.parametrize(
    ("text", "line", "payloads"),
    [(b"[1,\n2,", 1, [b"1", b"2"]), (b"[1,\n2", 1, [b"1", b"2"]), (b'[1,\n"' + b"x" * 200, 1, [b"1"])],
)
def test_what_has_no_end_is_told_with_its_line(text, line, payloads):
    found = []
    with pytest.raises(Broken) as raised:
        for value in values([text], 100):
            found.append(value.payload)
    assert found == payloads
    assert raised.value.line == line
