"""What units' contributions were, from their rows."""

from collections.abc import Sequence

from whence.graph.answers import contributions_of, footprints_in, rows_by_unit, values_in
from whence.graph.facts import Contribution, Role
from whence.graph.neo4j.activities import footprints
from whence.graph.neo4j.edges import edges_from
from whence.graph.neo4j.facets import facet_bodies
from whence.graph.neo4j.statements import ALL_EDGES, Transaction, collect, listed
from whence_schemas.identity import Kind


async def contributions(tx: Transaction, units: Sequence[str]) -> dict[str, Contribution]:
    """Contributions of those of the units that have any. A run's edges are its own; others follow from its rows."""
    keys = listed(units)
    rows = rows_by_unit(
        attempts=await collect(tx, "attempts_of_runs", keys=keys),
        reports=await collect(tx, "reports_of_units", keys=keys),
        claims=await collect(tx, "claims_of_units", keys=keys),
        uses=await collect(tx, "uses_of_runs", keys=keys, roles=list(Role)),
    )
    edges = await edges_from(tx, [key for key in keys if key[0] == Kind.RUN], ALL_EDGES)
    bodies = await facet_bodies(tx, values_in(rows))
    return contributions_of(rows, edges, bodies, await footprints(tx, footprints_in(rows)))
