"""What is recorded of the attempts and datasets in a provenance: code, kinds, sources, and what is missing."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from pydantic_core import from_json

from whence.graph.facts import EdgeKind, Role
from whence.graph.port import GraphStore
from whence.lineage.names import Names
from whence_schemas.facets import read_facet
from whence_schemas.facets.dataset import DatasetType
from whence_schemas.facets.job import SourceCodeLocation
from whence_schemas.facets.whence import CODE, Code
from whence_schemas.identity import Kind, attempt_id, code_version_key
from whence_schemas.provenance import (
    Asset,
    AttemptNode,
    CodeRow,
    CodeUsed,
    Gap,
    GapKind,
    Known,
    ModelRow,
    ProvenanceCounts,
    ProvenanceLabels,
    Used,
    VersionNode,
    asset_of,
)
from whence_schemas.read import Use

_EVER = 2**62
_COUNTED = {
    Asset.MODEL: "models",
    Asset.ANSWER: "answers",
    Asset.PROMPT: "prompts",
    Asset.DOCUMENT: "documents",
    Asset.INDEX: "indexes",
    Known.NAMED: "named",
    Known.INFERRED: "inferred",
    Known.UNKNOWN: "unknown",
}


class Found(Protocol):
    """What a walk found."""

    attempts: dict[str, AttemptNode]
    versions: dict[str, VersionNode]
    used: dict[str, Used]


async def read_labels(store: GraphStore, names: Names, found: Found, as_of: int) -> ProvenanceLabels:
    """All of it, in a fixed number of calls; and one for each attempt of a run that changed its code in between."""
    code, assets, sources = await asyncio.gather(
        _code(store, list(found.attempts.values())),
        _assets(store, names, found.versions.values(), as_of),
        _sources(store, names, found.versions.values()),
    )
    codes = _codes(found.attempts, code)
    gaps = sorted(_gaps(found, code, sources), key=lambda gap: (gap.distance, gap.key))
    return ProvenanceLabels(code, assets, sources, codes, gaps, _count(found, code, assets, sources, len(codes)))


async def _code(store: GraphStore, attempts: Sequence[AttemptNode]) -> dict[str, CodeUsed]:
    """The code of each attempt."""
    executed: dict[str, list[str]] = defaultdict(list)
    for edge in sorted(await store.edges_from([node.run for node in attempts], [EdgeKind.EXECUTED])):
        executed[edge.source].append(edge.target)
    facets = {row.entity: row.body for row in await store.facets([node.key for node in attempts], [CODE], _EVER)}
    said = {key: read_facet(Code, from_json(body)) for key, body in facets.items()}
    own = await _code_of_attempts(store, [run for run, codes in executed.items() if len(codes) > 1])
    found = {}
    for node in attempts:
        versions = own.get(node.key, tuple(executed[node.run]) if node.run in executed else ())
        if versions or node.key in said:
            found[node.key] = CodeUsed(versions, said.get(node.key))
    return found


async def _code_of_attempts(store: GraphStore, runs: list[str]) -> dict[str, tuple[str, ...]]:
    """Of runs that executed several code versions those of each attempt, as it said them last."""
    if not runs:
        return {}
    attempts = [attempt for found in (await store.attempts(runs)).values() for attempt in found]
    rows = await asyncio.gather(
        *(store.facets([one.job], ["sourceCodeLocation"], one.last, one.run) for one in attempts)
    )
    found = {}
    for attempt, said in zip(attempts, rows, strict=True):
        facets = [read_facet(SourceCodeLocation, from_json(row.body)) for row in said if row.at >= attempt.start]
        codes = [code_version_key(one.repoUrl or one.url, one.version) for one in facets if one and one.version]
        found[attempt_id(attempt.run, attempt.number)] = tuple(codes)
    return found


async def _assets(store: GraphStore, names: Names, versions: Iterable[VersionNode], as_of: int) -> dict[str, Asset]:
    """What datasets are, by the name that stands for them; the others are left out."""
    members = {name: node.dataset for node in versions for name in names.members(node.dataset)}
    rows = await store.facets(list(members), ["datasetType"], as_of)
    said = {row.value: row.body for row in rows}  # many say the same
    assets = {value: asset_of(read_facet(DatasetType, from_json(body))) for value, body in said.items()}
    return {members[row.entity]: assets[row.value] for row in rows if assets[row.value] != Asset.OTHER}


async def _sources(store: GraphStore, names: Names, versions: Iterable[VersionNode]) -> frozenset[str]:
    """Versions without a producer of datasets that nobody is known to write."""
    unmade = [node for node in versions if node.production is None]
    members = [name for node in unmade for name in names.members(node.dataset)]
    written = {names.representative(edge.target) for edge in await store.owners(members, [EdgeKind.WRITES])}
    return frozenset(node.key for node in unmade if node.dataset not in written)


def _codes(attempts: Mapping[str, AttemptNode], code: Mapping[str, CodeUsed]) -> list[CodeRow]:
    found: dict[str, CodeRow] = {}
    for key, used in code.items():
        for version in used.versions:
            row = found.get(version) or CodeRow(version, attempts[key].distance, 0, 0)
            found[version] = row._replace(attempts=row.attempts + 1, dirty=row.dirty + used.dirty)
    return sorted(found.values(), key=lambda row: (row.distance, row.key))


def _gaps(found: Found, code: Mapping[str, CodeUsed], sources: frozenset[str]) -> Iterator[Gap]:
    for attempt in found.attempts.values():
        if attempt.key not in code or not code[attempt.key].known:
            yield _gap(GapKind.NO_CODE, attempt.key, attempt.distance)
    for version in found.versions.values():
        if version.production is None:
            if version.key not in sources:
                yield _gap(GapKind.NO_PRODUCER, version.key, version.distance)
        elif not version.production.complete:
            yield _gap(GapKind.INCOMPLETE, version.key, version.distance)


def _gap(kind: GapKind, node: str, distance: int) -> Gap:
    return Gap(f"{node}:{kind}", distance, kind, node)


def _count(
    found: Found,
    code: Mapping[str, CodeUsed],
    assets: Mapping[str, Asset],
    sources: frozenset[str],
    code_versions: int,
) -> ProvenanceCounts:
    versions = [node for node in found.versions.values() if node.before or node.distance]  # what is asked about is not
    datasets = {node.dataset for node in versions}
    counted = Counter(_COUNTED[edge.known] for edge in found.used.values())
    counted.update(_COUNTED[assets[dataset]] for dataset in datasets if dataset in assets)
    return ProvenanceCounts(
        attempts=len(found.attempts),
        runs=len({node.run for node in found.attempts.values()}),
        datasets=len(datasets),
        versions=sum(node.key[0] == Kind.DATASET_VERSION for node in versions),
        sources=sum(node.key in sources for node in versions),
        code_versions=code_versions,
        dirty=sum(used.dirty for used in code.values()),
        without_code=len(found.attempts) - sum(used.known for used in code.values()),
        **counted,
    )


async def read_models(
    store: GraphStore, names: Names, versions: Mapping[str, VersionNode], assets: Mapping[str, Asset], as_of: int
) -> list[ModelRow]:
    """The models, and the production of the version of each that is current."""
    nearest: dict[str, int] = {}
    for node in versions.values():
        if assets.get(node.dataset) == Asset.MODEL:
            nearest.setdefault(node.dataset, node.distance)
    reading = Use("", 0, Role.CONSUMED, "", as_of, "", "", 0, "")
    asked = {reading._replace(dataset=name): model for model in nearest for name in names.members(model)}
    trained: dict[str, Use] = {}
    for place, made in (await store.last_produced(list(asked)) if asked else {}).items():
        known = trained.get(asked[place])
        if known is None or (made.at, made.run, made.number) > (known.at, known.run, known.number):
            trained[asked[place]] = made
    rows = []
    for model, distance in nearest.items():
        current = trained.get(model)
        if current is None or current.complete < 0:
            rows.append(ModelRow(model, distance, None, False))
        else:
            rows.append(ModelRow(model, distance, current, current.version in versions))
    return sorted(rows, key=lambda row: (row.distance, row.key))
