"""Facets: what was said of entities, and by whom."""

from collections.abc import Collection, Sequence
from itertools import product

from whence.graph.answers import Row, last_said
from whence.graph.neo4j.indexed_text import facet_name
from whence.graph.neo4j.statements import Transaction, collect, fetch, listed
from whence.graph.port import CurrentFacet, Said, SaidBy, Value


async def facets(
    tx: Transaction, entities: Sequence[str], names: Sequence[str] | None, as_of: int, unit: str | None
) -> list[CurrentFacet]:
    """For each entity and facet the value last said."""
    said = last_said(await _said(tx, entities, names, as_of, unit))
    bodies = await facet_bodies(tx, {value for _, _, _, value, _ in said})
    return [CurrentFacet(entity, facet, value, bodies[value], at, by) for entity, facet, at, value, by in said]


async def facets_until(
    tx: Transaction, entities: Sequence[str], names: Sequence[str], as_of: int
) -> tuple[list[CurrentFacet], set[str]]:
    """For each entity and facet the value last said; and the entities of which those facets say something later."""
    pairs = listed(product(entities, map(facet_name, names)))
    later = {entity for (entity,) in await collect(tx, "said_later", pairs=pairs, as_of=as_of)}
    return await facets(tx, entities, names, as_of, None), later


async def _said(
    tx: Transaction, entities: Sequence[str], names: Sequence[str] | None, as_of: int, unit: str | None
) -> Sequence[Row]:
    """What may be the value of the entities' facets: rows of (entity, facet, time, value, unit)."""
    indexed = None if names is None else [facet_name(name) for name in names]
    if unit is not None:
        return await collect(tx, "facets_of_unit", unit=unit, entities=list(entities), names=indexed, as_of=as_of)
    pairs = await _facets_of(tx, listed(entities)) if indexed is None else listed(product(entities, indexed))
    return await collect(tx, "facets", pairs=pairs, as_of=as_of)


async def _facets_of(tx: Transaction, entities: list[str]) -> list[Row]:
    """Each entity's facets, found by leaps through the index: a job may have a million claims of ten facets."""
    found: list[Row] = []
    places: list[Row] = [(entity, "") for entity in entities]
    while places:
        places = list(await collect(tx, "next_facets", places=places))
        found += places
    return found


async def first_said(tx: Transaction, values: Sequence[Value], after: int, until: int) -> dict[Value, SaidBy]:
    """Who said each of these values first in that time."""
    wanted = {(value.entity, facet_name(value.facet), value.value): value for value in values}
    rows = await fetch(tx, "first_said", values=list(wanted), after=after, until=until)
    return {wanted[entity, facet, value]: SaidBy(*said) for (entity, facet, value), said in rows if said}


async def said_by(tx: Transaction, units: Sequence[str], names: Sequence[str]) -> list[Said]:
    """All that these units ever said of these facets."""
    wanted = [facet_name(name) for name in names]
    rows = sorted(await collect(tx, "said_by", units=listed(units), names=wanted))
    bodies = await facet_bodies(tx, {row[-1] for row in rows})
    return [Said._make([*said, bodies[value]]) for *said, value in rows]


async def facet_bodies(tx: Transaction, values: Collection[str]) -> dict[str, bytes]:
    """Values as JSON, by address."""
    return dict(await fetch(tx, "facet_bodies", keys=list(values))) if values else {}
