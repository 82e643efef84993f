"""Paths of tiles, and bundles."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whence.transparency.tiles import Tile, bundle, tile_path


@pytest.mark.parametrize(
    ("number", "path"), [(0, "000"), (7, "007"), (999, "999"), (1_000, "x001/000"), (1_234_067, "x001/x234/067")]
)
def test_paths_of_the_specification(number, path):
    assert tile_path(number) == path
    assert Tile.parse(path) == Tile(number, 256)


@given(st.integers(0, 2**63), st.integers(1, 255))
def test_a_path_is_read_as_it_was_written(number, width):
    assert Tile.parse(tile_path(number)) == Tile(number, 256)
    assert Tile.parse(f"{tile_path(number)}.p/{width}") == Tile(number, width)


@pytest.mark.parametrize(
    "path",
    ["", "0", "00", "0000", "x000/001", "x01/000", "1/000", "001/000", "x001", "x001/", "/001", "-01", "000.p",
     "000.p/", "000.p/0", "000.p/256", "000.p/01", "000.p/999", "000.p/1/", "٠٠٠", "x999/" * 20 + "000", "000\n"],
)  # fmt: skip
def test_what_is_no_path_is_refused(path):
    with pytest.raises(ValueError, match="no tile"):
        Tile.parse(path)


def test_a_bundle_tells_the_length_of_each_entry():
    assert bundle([b"a", b"", b"b" * 300]) == b"\0\1a\0\0\1\x2c" + b"b" * 300
    with pytest.raises(OverflowError):
        bundle([bytes(65_536)])
