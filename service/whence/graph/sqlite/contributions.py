"""What units' contributions were, from their rows."""

from collections.abc import Sequence

from whence.graph.answers import contributions_of, edges_of, footprints_in, rows_by_unit, values_in
from whence.graph.facts import Contribution, Role
from whence.graph.sqlite.activities import footprints
from whence.graph.sqlite.facets import facet_bodies
from whence.graph.sqlite.statements import Connection, fetch, listed
from whence_schemas.identity import Kind


def contributions(connection: Connection, units: Sequence[str]) -> dict[str, Contribution]:
    """Contributions of those of the units that have any. A run's edges are its own; others follow from its rows."""
    wanted = listed(units)
    rows = rows_by_unit(
        attempts=fetch(connection, "attempts_of_runs", runs=wanted),
        reports=fetch(connection, "reports_of_units", units=wanted),
        claims=fetch(connection, "claims_of_units", units=wanted),
        uses=fetch(connection, "uses_of_runs", runs=wanted, roles=listed(Role)),
    )
    runs = listed(unit for unit in units if unit[0] == Kind.RUN)
    edges = edges_of(fetch(connection, "edges_of_owners", owners=runs))
    bodies = facet_bodies(connection, values_in(rows))
    return contributions_of(rows, edges, bodies, footprints(connection, sorted(footprints_in(rows))))
