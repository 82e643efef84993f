"""Owners of datasets and jobs, as their `ownership` facets say at a time."""

from collections.abc import Sequence

from pydantic_core import from_json

from whence.graph.facts import EdgeKind
from whence.graph.port import GraphStore
from whence_schemas.facets import read_facet
from whence_schemas.facets.base import Ownership


async def owners_of(store: GraphStore, assets: Sequence[str], as_of: int) -> dict[str, list[str]]:
    """Names of the owners of each asset that has any. Few are owned: those have edges, which one question finds."""
    owned = sorted({edge.owner for edge in await store.edges_from(assets, [EdgeKind.OWNED_BY])})
    found: dict[str, list[str]] = {}
    for said in await store.facets(owned, ["ownership"], as_of) if owned else ():
        facet = read_facet(Ownership, from_json(said.body))
        if facet and facet.owners:
            found[said.entity] = list(dict.fromkeys(owner.name for owner in facet.owners))
    return found
