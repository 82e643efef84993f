"""What every answer tells beside what it is asked for: what cut it, what to know of it, and how fresh the graph is."""

from collections.abc import Sequence
from typing import Any, TypeVar, dataclass_transform

import strawberry
from strawberry.types import get_object_definition

from whence_graphql.describe import object_type
from whence_graphql.scalars import Long
from whence_schemas.lineage import Limit
from whence_schemas.read import Freshness

_Type = TypeVar("_Type", bound=type[Any])


@dataclass_transform(kw_only_default=True, field_specifiers=(strawberry.field,))
def answer_type(cls: _Type) -> _Type:
    """An object type that says what it is an answer to first, then what it inherits, then what can be asked of it."""
    made = object_type(cls)
    bases = [get_object_definition(base, strict=True) for base in cls.__bases__]
    inherited = {field.python_name for base in bases for field in base.fields}
    get_object_definition(made, strict=True).fields.sort(
        key=lambda field: 2 if field.base_resolver else int(field.python_name in inherited)
    )
    return made


@object_type
class Progress:
    """How far the graph is behind the log."""

    log_size: Long = strawberry.field(description="Events in the log.")
    cursor: Long = strawberry.field(description="Events of the log that are in the graph.")


@answer_type
class Answer(Progress):
    """An answer that a limit may have cut."""

    truncated: bool = strawberry.field(description="Whether a limit cut it: there is more beyond.")
    truncated_by: Limit | None
    notes: list[str] = strawberry.field(description="What the reader should know, in sentences.")


def progress(fresh: Freshness) -> dict[str, Any]:
    """The fields of `Progress`."""
    return {"log_size": Long(fresh.log_size), "cursor": Long(fresh.cursor)}


def told(truncated: Limit | None, notes: Sequence[str], fresh: Freshness) -> dict[str, Any]:
    """The fields of `Answer`."""
    return {"truncated": truncated is not None, "truncated_by": truncated, "notes": list(notes), **progress(fresh)}
