"""Who approved, rejected or withdrew the versions in a provenance."""

from collections.abc import Mapping

from pydantic_core import from_json

from whence.graph.facts import EdgeKind, Role
from whence.graph.port import GraphStore
from whence.lineage.names import Names
from whence.lineage.versions import productions_read
from whence_schemas.facets import read_facet
from whence_schemas.facets.whence import APPROVAL, Approval
from whence_schemas.identity import attempt_id
from whence_schemas.provenance import Decision, VersionNode
from whence_schemas.read import Use
from whence_schemas.times import parse_time

_EVER = 2**62


async def read_decisions(
    store: GraphStore, names: Names, versions: Mapping[str, VersionNode], as_of: int
) -> list[Decision]:
    """The decisions on versions by `as_of`, in the order of (distance, key). A decision is on the version that its
    attempt read."""
    datasets = {name for node in versions.values() for name in names.members(node.dataset)}
    runs = sorted({edge.owner for edge in await store.owners(sorted(datasets), [EdgeKind.DECIDED])})
    if not runs:
        return []
    uses = await store.uses_of_runs(runs, [Role.CONSUMED])
    uses = [use for use in uses if use.dataset in datasets and use.at <= as_of]
    made = await productions_read(store, names, uses, as_of)
    said = {_entity(use): use for use in uses}
    attempts = await store.attempts(runs)
    found = []
    for row in await store.facets(list(said), [APPROVAL], _EVER):
        use = said[row.entity]
        version = made[use].version if use in made else use.version
        approval = read_facet(Approval, from_json(row.body))
        if approval is not None and version in versions:
            at = _decided_at(approval, attempts[use.run][use.number].last)
            label = versions[version].label
            agrees = not (approval.version and label) or approval.version == label
            key = f"{version}:{at:020}:{row.entity}"
            found.append(Decision(key, versions[version].distance, version, use, approval, at, agrees))
    return sorted(found, key=lambda decision: (decision.distance, decision.key))


def _entity(use: Use) -> str:
    return f"{attempt_id(use.run, use.number)}<{use.dataset}"


def _decided_at(approval: Approval, ended: int) -> int:
    """When it was decided, as far as that can be read; else when its attempt ended."""
    try:
        return parse_time(approval.decidedAt or "").micros
    except ValueError:
        return ended
