"""Facets: what was said of entities, and by whom."""

from collections.abc import Iterable, Sequence
from itertools import chain

from whence.graph.answers import last_said
from whence.graph.port import CurrentFacet, Said, SaidBy, Value
from whence.graph.sqlite.statements import Connection, fetch, listed


def facets(
    connection: Connection, entities: Sequence[str], names: Sequence[str] | None, as_of: int, unit: str | None
) -> list[CurrentFacet]:
    """For each entity and facet the value last said."""
    wanted = listed(entities)
    if names is None:
        names = [name for _, name in fetch(connection, "facet_names", entities=wanted)]
    rows = [
        row
        for name in dict.fromkeys(names)  # by one parameter each: in JSON, SQLite ends a name at a NUL
        for query in ("facets_before", "facets_across")  # as one statement it takes half as long again
        for row in fetch(connection, query, entities=wanted, facet=name, as_of=as_of, unit=unit)
    ]
    said = last_said(rows)
    bodies = facet_bodies(connection, {value for _, _, _, value, _ in said})
    return [CurrentFacet(entity, facet, value, bodies[value], at, by) for entity, facet, at, value, by in said]


def facets_until(
    connection: Connection, entities: Sequence[str], names: Sequence[str], as_of: int
) -> tuple[list[CurrentFacet], set[str]]:
    """For each entity and facet the value last said; and the entities of which those facets say something later."""
    wanted = listed(entities)
    rows = (fetch(connection, "said_later", entities=wanted, facet=name, as_of=as_of) for name in names)
    return facets(connection, entities, names, as_of, None), {entity for (entity,) in chain.from_iterable(rows)}


def first_said(connection: Connection, values: Sequence[Value], after: int, until: int) -> dict[Value, SaidBy]:
    """Who said each of these values first in that time."""
    return {
        value: SaidBy(*row)
        for value in dict.fromkeys(values)
        for row in fetch(connection, "first_said", **value._asdict(), after=after, until=until)
    }


def said_by(connection: Connection, units: Sequence[str], names: Sequence[str]) -> list[Said]:
    """All that these units ever said of these facets."""
    rows = sorted(fetch(connection, "said_by", units=listed(units), names=listed(names)))
    bodies = facet_bodies(connection, {row[-1] for row in rows})
    return [Said._make([*said, bodies[value]]) for *said, value in rows]


def facet_bodies(connection: Connection, values: Iterable[str]) -> dict[str, bytes]:
    """Values as JSON, by address."""
    return dict(fetch(connection, "facet_bodies", keys=listed(sorted(values))))
