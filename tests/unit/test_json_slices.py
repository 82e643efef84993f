"""The elements of a JSON array, as bytes."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whence.json_slices import elements

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=30,
)
space = st.text(" \t\r\n", max_size=3).map(str.encode)


@given(st.lists(values, max_size=6), st.booleans(), st.sampled_from([None, 1]), st.data())
def test_the_slices_are_the_elements(array, escaped, indent, data):
    texts = [json.dumps(value, ensure_ascii=escaped, indent=indent).encode() for value in array]
    inside = b",".join(data.draw(space) + text + data.draw(space) for text in texts) or data.draw(space)
    body = data.draw(space) + b"[" + inside + b"]" + data.draw(space)
    assert elements(body) == texts
    assert json.loads(b"[" + b",".join(elements(body)) + b"]") == json.loads(body)


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b"[]", []),
        (b"\xef\xbb\xbf [ \n ] ", []),
        (b"[[]]", [b"[]"]),
        (rb'["]", "\"],[", "\\", ","]', [rb'"]"', rb'"\"],["', rb'"\\"', rb'","']),
        (rb'[{"a\\":"}"},{"[":[1,{"]":2}]}]', [rb'{"a\\":"}"}', rb'{"[":[1,{"]":2}]}']),
        ('[ 1.50e+3,\n"\u2028é"\t]'.encode(), [b"1.50e+3", '"\u2028é"'.encode()]),
    ],
)
def test_strings_and_nesting(body, found):
    assert elements(body) == found
