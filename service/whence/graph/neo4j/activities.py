"""What owners did: their reports, and the footprints that these refer to."""

from collections.abc import Iterable, Sequence

from whence.graph.answers import activities_of, stretches_of
from whence.graph.facts import Report
from whence.graph.footprint import Footprint
from whence.graph.keeping.footprints import kept_footprints, load_footprints
from whence.graph.live import Activity
from whence.graph.neo4j.statements import Transaction, collect, fetch, listed
from whence.graph.port import Span, Stretch


async def activities(tx: Transaction, owners: Iterable[str], as_of: int, window: int) -> dict[str, Activity]:
    """The owners' last reports."""
    return activities_of(await collect(tx, "activities", owners=listed(owners), as_of=as_of, window=window))


async def later(tx: Transaction, owners: Iterable[str], as_of: int) -> set[str]:
    """Those of the owners of which reports start after that time."""
    return {owner for (owner,) in await collect(tx, "later", owners=listed(owners), as_of=as_of)}


async def stretches(tx: Transaction, spans: Sequence[Span], declared: bool, until: int) -> dict[Span, list[Stretch]]:
    """How owners' footprints followed each other."""
    wanted = listed(tuple(span) for span in spans)
    rows = await fetch(tx, "stretches", spans=wanted, declared=int(declared), until=until)
    return stretches_of(
        (Span(owner, after), place, Report(*report)) for owner, after, found in rows for place, *report in found
    )


async def footprints(tx: Transaction, keys: Iterable[str]) -> dict[str, Footprint]:
    """Footprints by key."""
    found, others = kept_footprints(keys)
    rows = await collect(tx, "footprints", keys=listed(others)) if others else []
    return found | load_footprints((key, document) for key, document in rows)
