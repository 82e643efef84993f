"""Lists in GraphQL's answers."""

from collections.abc import Iterable
from typing import Any

_Json = dict[str, Any]


def nodes_of(connection: _Json) -> list[_Json]:
    """The nodes on a page."""
    return [edge["node"] for edge in connection["edges"]]


def has_more(answer: _Json, lists: Iterable[str]) -> bool:
    """Whether one of the lists goes on after its page."""
    return any(answer[name]["pageInfo"]["hasNextPage"] for name in lists)
