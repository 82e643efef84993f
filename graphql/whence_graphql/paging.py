"""Relay connections with opaque cursors."""

from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from pydantic_core import from_json, to_json

from whence_graphql.arguments import check_first
from whence_graphql.context import Info
from whence_graphql.describe import object_type
from whence_schemas.errors import InvalidQuestion

_Node = TypeVar("_Node")
_Row = TypeVar("_Row")
_Place = TypeVar("_Place", bound=NamedTuple)


@object_type
class PageInfo:
    """Where a page lies."""

    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@object_type
class Edge(Generic[_Node]):
    """A node on a page."""

    cursor: str
    node: _Node


@object_type
class Connection(Generic[_Node]):
    """A page of nodes."""

    edges: list[Edge[_Node]]
    page_info: PageInfo


def connect(
    info: Info,
    rows: Sequence[_Row],
    first: int,
    after: str | None,
    place: Callable[[_Row], Sequence[Any]],
    node: Callable[[_Row], _Node],
) -> Connection[_Node]:
    """The page of rows that were read with a limit of `first` + 1."""
    edges = [Edge(cursor=_encode(place(row)), node=node(row)) for row in rows[:first]]
    info.context.budget.spend(len(edges))
    page_info = PageInfo(
        has_next_page=len(rows) > first,
        has_previous_page=after is not None,
        start_cursor=edges[0].cursor if edges else None,
        end_cursor=edges[-1].cursor if edges else after,
    )
    return Connection(edges=edges, page_info=page_info)


class Near(Protocol):
    """A row of a list that is ordered by (distance, key)."""

    @property
    def key(self) -> str:
        """Tells rows of one distance apart."""

    @property
    def distance(self) -> int:
        """Steps from the start."""


_Near = TypeVar("_Near", bound=Near)


class _Position(NamedTuple):
    distance: int
    key: str


def page_nearest(
    info: Info, rows: Sequence[_Near], first: int, after: str | None, node: Callable[[_Near], _Node]
) -> Connection[_Node]:
    """A page of all rows, which are ordered by (distance, key).

    Raises:
        InvalidQuestion: `first` is out of range, or `after` is no cursor of such a list.
    """
    limit = check_first(first) + 1
    place = place_of(after, _Position)
    if place is not None:
        rows = [row for row in rows if (row.distance, row.key) > place]
    return connect(info, rows[:limit], first, after, lambda row: _Position(row.distance, row.key), node)


def place_of(after: str | None, place: type[_Place]) -> _Place | None:
    """The place that a cursor names.

    Raises:
        InvalidQuestion: it is no cursor of such a list.
    """
    if after is None:
        return None
    try:
        values = from_json(b64decode(after, b"-_", validate=True))
        types = list(place.__annotations__.values())
        if [type(value) for value in values] == types and all(_fits(value) for value in values):
            return place(*values)
    except (ValueError, TypeError):
        pass
    raise InvalidQuestion("`after` is no cursor of this list: give a page's `endCursor` as it was received")


def _encode(place: Sequence[Any]) -> str:
    return urlsafe_b64encode(to_json(list(place))).decode()


def _fits(value: Any) -> bool:
    return not isinstance(value, int) or -(2**63) <= value < 2**63
