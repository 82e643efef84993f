"""What owners did: their reports, and the footprints that these refer to."""

from collections.abc import Iterable, Sequence

from whence.graph.answers import activities_of, stretches_of
from whence.graph.facts import Report
from whence.graph.footprint import Footprint
from whence.graph.keeping.footprints import kept_footprints, load_footprints
from whence.graph.live import Activity
from whence.graph.port import Span, Stretch
from whence.graph.sqlite.statements import Connection, fetch, listed


def activities(connection: Connection, owners: Iterable[str], as_of: int, window: int) -> dict[str, Activity]:
    """The owners' last reports."""
    return activities_of(fetch(connection, "activities", owners=listed(owners), as_of=as_of, window=window))


def later(connection: Connection, owners: Iterable[str], as_of: int) -> set[str]:
    """Those of the owners of which reports start after that time."""
    return {row[0] for row in fetch(connection, "later", owners=listed(owners), as_of=as_of)}


def stretches(connection: Connection, spans: Sequence[Span], declared: bool, until: int) -> dict[Span, list[Stretch]]:
    """How owners' footprints followed each other."""
    wanted = listed(tuple(span) for span in spans)
    rows = fetch(connection, "stretches", spans=wanted, declared=int(declared), until=until)
    return stretches_of((Span(*row[:2]), row[2], Report(*row[3:])) for row in rows)


def footprints(connection: Connection, keys: Iterable[str]) -> dict[str, Footprint]:
    """Footprints by key."""
    found, others = kept_footprints(keys)
    rows = fetch(connection, "footprints", keys=listed(others)) if others else []
    return found | load_footprints(rows)
