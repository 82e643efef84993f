"""The room that all kept answers of a store share."""

from collections import OrderedDict
from collections.abc import Iterable
from typing import Any, Generic, TypeVar

MOST_BYTES = 40_000_000
"""Enough for what is around the nodes of an answer of 10,000, and for its uses, its facets and its names."""

_Value = TypeVar("_Value")


class Room:
    """Where values of tables together would take too many bytes, the oldest go."""

    def __init__(self) -> None:
        self._sizes: OrderedDict[tuple[Table[Any], str], int] = OrderedDict()
        self._size = 0

    def take(self, table: "Table[Any]", key: str, size: int) -> None:
        """Note that a table has a value of about so many bytes, as the newest."""
        self._sizes[table, key] = size
        self._size += size
        while self._size > MOST_BYTES:
            oldest, name = next(iter(self._sizes))
            oldest.drop([name])

    def give(self, table: "Table[Any]", key: str) -> None:
        """Note that it has it no more."""
        self._size -= self._sizes.pop((table, key))


class Table(Generic[_Value]):
    """Values by key. `values` is to be read only."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self.values: dict[str, _Value] = {}

    def put(self, key: str, value: _Value, size: int) -> None:
        """Take a value of about so many bytes; one that is large is not kept."""
        self.drop([key])
        if size <= MOST_BYTES // 100:
            self.values[key] = value
            self._room.take(self, key, size)

    def drop(self, keys: Iterable[str]) -> None:
        """Let values go, if they are there."""
        for key in keys:
            if self.values.pop(key, None) is not None:
                self._room.give(self, key)

    def clear(self) -> None:
        """Let all go."""
        self.drop(list(self.values))
