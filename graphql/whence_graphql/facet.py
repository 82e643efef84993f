"""Facets, as they were sent."""

from collections.abc import Sequence
from typing import TypeVar

import strawberry
from pydantic_core import from_json
from strawberry.scalars import JSON

from whence_graphql.context import Info
from whence_graphql.describe import object_type, resolved
from whence_graphql.scalars import DateTime
from whence_schemas.facets import BaseFacet, read_facet
from whence_schemas.read import FacetRow

_Model = TypeVar("_Model", bound=BaseFacet)


@object_type
class Facet:
    """A facet: a part of what producers say of a job, run or dataset."""

    name: str
    at: DateTime = strawberry.field(description="When this value was last said.")
    body: strawberry.Private[bytes]

    @resolved
    def value(self) -> JSON:
        """The value as it was sent. Integers may be of any size: read them with a parser that keeps them."""
        return JSON(from_json(self.body))


async def load_facets(
    info: Info, entity: str, names: Sequence[str] | None, as_of: int, unit: str | None = None
) -> list[Facet]:
    """Facets of an entity at a time: those last said by anything, or by one run."""
    wanted = None if names is None else tuple(dict.fromkeys(names))
    rows = await info.context.loaders.facets.load(entity, wanted, as_of, unit)
    return [Facet(name=row.name, at=DateTime(row.at), body=row.body) for row in rows]


async def load_model(
    info: Info, entity: str, model: type[_Model], name: str, as_of: int, unit: str | None = None
) -> _Model | None:
    """A standard facet of an entity; None where it has none, or one that does not fit."""
    rows: Sequence[FacetRow] = await info.context.loaders.facets.load(entity, (name,), as_of, unit)
    return read_facet(model, from_json(rows[0].body)) if rows else None
