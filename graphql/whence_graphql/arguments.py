"""Arguments that many fields have."""

from collections.abc import Sequence
from typing import Annotated, Any

import strawberry

from whence_graphql.context import Info
from whence_graphql.limits import PAGE
from whence_graphql.scalars import DateTime
from whence_schemas.errors import InvalidQuestion

MAX_WINDOW = 1_000
_SHARE = 0.6
"""The part of the request's time that a traversal may take: it stops by itself, with what it found so far."""

AsOf = Annotated[
    DateTime | None,
    strawberry.argument(description="The time that is asked about. By default that of what it is asked of, or now."),
]
Window = Annotated[
    int, strawberry.argument(description="How many of a job's last attempts count; 1 for the latest only.")
]
First = Annotated[int, strawberry.argument(description=f"How many to give, at most {PAGE}.")]
After = Annotated[str | None, strawberry.argument(description="The `endCursor` of the page before.")]
MaxNodes = Annotated[int, strawberry.argument(description="Where to cut the answer, which then says so.")]
FacetNames = Annotated[list[str] | None, strawberry.argument(description="Only facets of these names.")]


def check_first(first: int) -> int:
    """`first` within its limit.

    Raises:
        InvalidQuestion: it is not.
    """
    if not 0 <= first <= PAGE:
        raise InvalidQuestion(f"first is {first}, but must lie between 0 and {PAGE}: page on with `after`")
    return first


def check_of(of: Sequence[Any]) -> None:
    """Hold `of` to its limit.

    Raises:
        InvalidQuestion: it names too many.
    """
    if len(of) > PAGE:
        raise InvalidQuestion(f"`of` names {len(of)}, but at most {PAGE} may be: send several requests")


def check_window(window: int) -> int:
    """`window` within its limits.

    Raises:
        InvalidQuestion: it is not.
    """
    if not 1 <= window <= MAX_WINDOW:
        raise InvalidQuestion(f"window is {window}, but must lie between 1 and {MAX_WINDOW}")
    return window


def moment_of(info: Info, at: DateTime | None) -> DateTime:
    """The time that is asked about; by default the request's "now"."""
    return DateTime(info.context.now) if at is None else at


def seconds_of(info: Info) -> float:
    """The most seconds that a traversal may take."""
    return info.context.budget.seconds() * _SHARE


def limits_of(info: Info, max_nodes: int) -> tuple[int, float]:
    """The most nodes and seconds that a traversal may take."""
    if max_nodes < 1:
        raise InvalidQuestion(f"maxNodes is {max_nodes}, but must be at least 1")
    return min(max_nodes, info.context.budget.rows), seconds_of(info)
