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
    cut: Sequence[Any] | None = None,
) -> Connection[_Node]:
    """The page of rows that were read with a limit of `first` + 1; `cut`: the place where reading ended before that,
    and where the next page goes on."""
    edges = [Edge(cursor=cursor_of(place(row)), node=node(row)) for row in rows[:first]]
    info.context.budget.spend(len(edges))
    page_info = PageInfo(
        has_next_page=len(rows) > first or cut is not None,
        has_previous_page=after is not None,
        start_cursor=edges[0].cursor if edges else None,
        end_cursor=edges[-1].cursor if edges else after,
    )
    if cut is not None and len(rows) <= first:
        page_info.end_cursor = cursor_of(cut)
    return Connection(edges=edges, page_info=page_info)


class Near(Protocol):
    """A row of a list that is ordered by (distance, key)."""

    @property
    def key(self) -> str:
        """Tells it from the others."""

    @property
    def distance(self) -> int:
        """How far it is."""


class Nearest(NamedTuple):
    """The place of a row among those that are ordered by (distance, key)."""

    distance: int
    key: str


_Item = TypeVar("_Item", bound=Near)


def page_of(
    info: Info, rows: Sequence[_Item], first: int, after: str | None, node: Callable[[_Item], _Node]
) -> Connection[_Node]:
    """A page of rows that are ordered by (distance, key)."""
    return ordered(info, rows, first, after, Nearest, _nearest, node)


def rows_of(rows: Sequence[_Item], first: int, after: str | None) -> Sequence[_Item]:
    """The rows of such a page, and the one that follows."""
    return _rows_after(rows, first, after, Nearest, _nearest)


def _nearest(row: Near) -> Nearest:
    return Nearest(row.distance, row.key)


def ordered(
    info: Info,
    rows: Sequence[_Row],
    first: int,
    after: str | None,
    places: type[_Place],
    place: Callable[[_Row], _Place],
    node: Callable[[_Row], _Node],
) -> Connection[_Node]:
    """A page of rows that are in the order of their places, which are of one type."""
    return connect(info, _rows_after(rows, first, after, places, place), first, after, place, node)


def _rows_after(
    rows: Sequence[_Row], first: int, after: str | None, places: type[_Place], place: Callable[[_Row], _Place]
) -> Sequence[_Row]:
    """The rows of a page, and the one that follows."""
    limit = check_first(first) + 1
    begin = place_of(after, places)
    if begin is not None:
        rows = [row for row in rows if place(row) > begin]
    return rows[:limit]


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


class _Number(NamedTuple):
    number: int


def numbered(
    info: Info, rows: Sequence[_Row], first: int, after: str | None, node: Callable[[_Row], _Node]
) -> Connection[_Node]:
    """A page of rows by their number in the list, which is the same for the same question."""
    place = place_of(after, _Number)
    begin = place.number + 1 if place else 0
    shown = list(enumerate(rows))[max(begin, 0) :][: check_first(first) + 1]
    return connect(info, shown, first, after, lambda row: _Number(row[0]), lambda row: node(row[1]))


def cursor_of(place: Sequence[Any]) -> str:
    """The cursor that names a place."""
    return urlsafe_b64encode(to_json(list(place))).decode()


def _fits(value: Any) -> bool:
    return not isinstance(value, int) or -(2**63) <= value < 2**63
