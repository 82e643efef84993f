"""Live edges between jobs and datasets, and how well they are supported."""

from typing import Any, Generic, TypeVar

import strawberry

from whence_graphql.describe import object_type
from whence_graphql.scalars import DateTime
from whence_schemas import lineage

_Node = TypeVar("_Node")


@object_type
class Seen:
    """In how many of the job's last attempts an edge was seen."""

    attempts: int = strawberry.field(description="Attempts that showed it,")
    of: int = strawberry.field(description="of so many that count.")
    failed: int = strawberry.field(description="Attempts that showed it and failed or were aborted.")


@object_type
class Link(Generic[_Node]):
    """The other end of a live edge, with what the edge rests on."""

    node: _Node
    observed: bool = strawberry.field(description="Whether an attempt that counts showed it.")
    declared: bool = strawberry.field(description="Whether a declaration that holds names it.")
    seen: Seen
    first_seen: DateTime | None = strawberry.field(description="Seen or declared first, ever.")
    last_seen: DateTime | None = strawberry.field(description="Seen last, of the attempts that count, or declared.")


def evidence(seen: lineage.Seen) -> dict[str, Any]:
    """What an edge rests on, as fields."""
    return {
        "observed": seen.attempts > 0,
        "declared": seen.declared,
        "seen": seen,  # its attributes are the GraphQL type's
        "first_seen": DateTime(seen.first) if seen.first else None,
        "last_seen": DateTime(seen.last) if seen.last else None,
    }
