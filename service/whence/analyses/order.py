"""The order of what an analysis found."""

from collections.abc import Iterable
from operator import attrgetter
from typing import Protocol, TypeVar


class Found(Protocol):
    """Something with a key, found at a distance."""

    @property
    def key(self) -> str: ...
    @property
    def distance(self) -> int: ...


_Found = TypeVar("_Found", bound=Found)
_KEY, _DISTANCE = attrgetter("key"), attrgetter("distance")


def nearest_first(found: Iterable[_Found]) -> list[_Found]:
    """By (distance, key); to sort twice by one is faster than once by two."""
    return sorted(sorted(found, key=_KEY), key=_DISTANCE)
