"""Checks of datasets: their origin, their owners, the lineage of their columns."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from pydantic_core import from_json

from whence.analyses.completeness.tally import Place, Tally
from whence.graph.facts import EdgeId, EdgeKind, Node, Since
from whence.graph.live import Live
from whence.graph.port import Around, GraphStore
from whence.lineage.live import LiveOwners
from whence.lineage.names import Names
from whence_schemas.completeness import Check, CompletenessQuestion, Finding
from whence_schemas.facets import read_facet
from whence_schemas.facets.base import Ownership
from whence_schemas.facets.dataset import Schema
from whence_schemas.identity import dataset_key

_WRITERS = Around([EdgeKind.WRITES], themselves=True)
_USES = [EdgeKind.READS, EdgeKind.DERIVED_FROM]
_DESCRIPTIONS = [
    EdgeKind.HAS_FIELD,
    EdgeKind.OWNED_BY,
    EdgeKind.TAGGED,
    EdgeKind.ALIAS,
    EdgeKind.RENAMED_FROM,
    EdgeKind.DERIVED_FROM,
]
_SHOWN = 5
_LET_IT_REPORT = (
    "Let what writes it send events. If it comes from outside, declare that: a DatasetEvent with the facet `lineage` "
    "and `inputs: []`."
)
_TRIM = (
    "Let the collector name files and partitions by their dataset; for Spark, "
    "spark.openlineage.dataset.removePath.pattern says what to cut off."
)


class DatasetFacts(NamedTuple):
    """What is known of a dataset, under all its names, by the time asked about.

    key, namespace, name: of the name that stands for it. fields: its columns. written, used, described: when a job
    first wrote it; else when one first read it; else when it was first described. declared: whether it declares its own
    lineage, be it that it has none. derived: since when a job that is live writes it from inputs, else None; sources:
    these inputs. traced: columns of which a live report says what they are made of. folder: of one that nobody produces
    the name of the dataset in whose folder it lies, or empty.
    """

    key: str
    namespace: str
    name: str
    names: tuple[str, ...]
    owners: frozenset[str]
    fields: tuple[str, ...]
    written: int | None
    used: int | None
    described: int | None
    declared: bool
    derived: int | None
    sources: frozenset[str]
    traced: frozenset[str]
    folder: str

    @property
    def first(self) -> int | None:
        """When it was first heard of, as far as that is known."""
        return next((at for at in (self.written, self.used, self.described) if at is not None), None)

    @property
    def place(self) -> Place:
        """Where it counts."""
        return Place(self.namespace, self.owners)


def check_dataset(tally: Tally, dataset: DatasetFacts) -> None:
    """Count a dataset and what is not known of it."""
    tally.add(dataset.place, Check.DATASET_ORIGIN, 1, _origin(dataset))
    tally.add(dataset.place, Check.DATASET_OWNER, 1, _owner(dataset))
    if dataset.derived is not None:
        tally.add(dataset.place, Check.COLUMN_LINEAGE, len(dataset.fields), _columns(dataset))


def _origin(dataset: DatasetFacts) -> Iterator[Finding]:
    if dataset.written is None and not dataset.declared:
        why = f"{'It is read, but no' if dataset.used is not None else 'No'} job ever said that it writes it."
        mend = _LET_IT_REPORT
        if dataset.folder:
            why, mend = f"{why} It lies in {dataset.folder}, which is a dataset of its own.", _TRIM
        yield Finding(Check.DATASET_ORIGIN, dataset.key, dataset.first, 1, 1, why, mend)


def _owner(dataset: DatasetFacts) -> Iterator[Finding]:
    if not dataset.owners:
        yield Finding(
            Check.DATASET_OWNER,
            dataset.key,
            dataset.first,
            1,
            1,
            "Nobody is said to own it.",
            "Send its `ownership` facet, in a DatasetEvent or with the run that writes it.",
        )


def _columns(dataset: DatasetFacts) -> Iterator[Finding]:
    missing = [name for name in dataset.fields if name not in dataset.traced]
    if missing:
        named = ", ".join(missing[:_SHOWN]) + (" ..." if len(missing) > _SHOWN else "")
        yield Finding(
            Check.COLUMN_LINEAGE,
            dataset.key,
            dataset.derived,
            len(missing),
            len(dataset.fields),
            f"No live run says what these columns are made of: {named}.",
            "Let the job that writes it send `columnLineage`: most integrations read it from the SQL or the plan; "
            "elsewhere name the columns by hand.",
        )


class _Said(NamedTuple):
    """What was read of a batch of datasets, by name: when it was first written (with all edges that say so), read and
    described; its owners and columns; the folder that it lies in; and what is live."""

    live: LiveOwners
    writes: dict[EdgeId, int]
    written: dict[str, int]
    used: dict[str, int]
    described: dict[str, int]
    owners: dict[str, list[str]]
    fields: dict[str, list[str]]
    folders: dict[str, str]


class DatasetReader:
    """Reads facts of datasets in batches, each dataset once, by whichever of its names it is asked for."""

    def __init__(self, store: GraphStore, names: Names, question: CompletenessQuestion) -> None:
        self._store = store
        self._names = names
        self._question = question
        self._columns = question.asks(Check.COLUMN_LINEAGE)
        self._done: set[str] = set()

    async def read(self, keys: Sequence[str]) -> list[DatasetFacts]:
        """Facts of those that were heard of by the time asked about, and were not read before."""
        await self._names.join(keys)
        mains = [key for key in dict.fromkeys(map(self._names.representative, keys)) if key not in self._done]
        self._done.update(mains)
        names = [name for main in mains for name in self._names.members(main)]
        nodes = await self._store.nodes(names)
        found = self._facts([nodes[main] for main in mains if main in nodes], await self._said(names, nodes))
        return [facts for facts in found if facts.first is not None or facts.declared]

    async def _said(self, names: list[str], nodes: dict[str, Node]) -> _Said:
        live = LiveOwners(self._store, self._question.as_of, self._question.window)
        facets, edges = await asyncio.gather(
            self._store.facets(names, ["ownership", "schema"], self._question.as_of), live.into(names, _WRITERS)
        )
        writes = await self._since(edges)
        written = _earliest((edge.target, at) for edge, at in writes.items())
        read = await self._since(await self._store.owners([name for name in names if name not in written], _USES))
        used = _earliest((edge.target, at) for edge, at in read.items())
        described = await self._described([name for name in names if name not in written and name not in used])
        listed = {(row.facet, row.value): _listed(row.facet, row.body) for row in facets}  # many say the same
        owners, fields = (
            {row.entity: listed[row.facet, row.value] for row in facets if row.facet == facet}
            for facet in ("ownership", "schema")
        )
        folders = await self._folders([node for node in nodes.values() if node.key not in written])
        return _Said(live, writes, written, used, described, owners, fields, folders)

    def _facts(self, mains: Iterable[Node], said: _Said) -> Iterator[DatasetFacts]:
        into: dict[str, list[EdgeId]] = {}
        for edge in said.writes:
            into.setdefault(edge.target, []).append(edge)
        for main in mains:
            names = self._names.members(main.key)
            own = list(said.live.known(names))
            made = [(e, live) for name in names for e in into.get(name, ()) if (live := said.live[e.owner]) is not None]
            sources = {edge: list(live.inputs_of(edge.target)) for edge, live in made}
            yield DatasetFacts(
                main.key,
                main.namespace,
                main.name,
                names,
                frozenset(owner for name in names for owner in said.owners.get(name, ())),
                tuple(sorted({field for name in names for field in said.fields.get(name, ())})),
                _least(said.written, names),
                _least(said.used, names),
                _least(said.described, names),
                bool(own),
                min((said.writes[edge] for edge, inputs in sources.items() if inputs), default=None),
                frozenset(source for inputs in sources.values() for source in inputs),
                self._traced([*own, *((edge.target, live) for edge, live in made)]),
                next((said.folders[name] for name in names if name in said.folders), ""),
            )

    def _traced(self, said: Iterable[tuple[str, Live]]) -> frozenset[str]:
        """Columns of which live reports say what they are made of, by the name of the dataset that they speak of."""
        return frozenset(
            field
            for dataset, live in (said if self._columns else ())
            for footprint in live.footprints()
            for output, field in footprint.by_output
            if output == dataset and field
        )

    async def _folders(self, nodes: list[Node]) -> dict[str, str]:
        """The name of the nearest folder around each that is a dataset."""
        if not self._question.asks(Check.DATASET_ORIGIN):
            return {}
        around = {node.key: [dataset_key(node.namespace, name) for name in _paths(node.name)] for node in nodes}
        known = await self._store.nodes([key for keys in around.values() for key in keys])
        nearest = {key: next((known[outer] for outer in keys if outer in known), None) for key, keys in around.items()}
        return {key: folder.name for key, folder in nearest.items() if folder is not None}

    async def _described(self, names: list[str]) -> dict[str, int]:
        edges = await self._store.edges_from(names, _DESCRIPTIONS)
        return _earliest((edge.owner, at) for edge, since in edges.items() if (at := self._first(since)) is not None)

    async def _since(self, edges: Sequence[EdgeId]) -> dict[EdgeId, int]:
        """When edges were first observed or declared; those that were not yet by then are left out."""
        found = await self._store.since(edges) if edges else {}
        return {edge: at for edge, since in found.items() if (at := self._first(since)) is not None}

    def _first(self, since: Since) -> int | None:
        return min((at for at in since if at is not None and at <= self._question.as_of), default=None)


def _paths(name: str) -> Iterator[str]:
    """The folders around a path, the nearest first."""
    while "/" in name.strip("/"):
        name = name.rstrip("/").rpartition("/")[0]
        yield name


def _listed(facet: str, body: bytes) -> list[str]:
    """The owners that an `ownership` facet names, or the columns that a `schema` facet does."""
    if facet == "ownership":
        ownership = read_facet(Ownership, from_json(body))
        return [owner.name for owner in ownership.owners] if ownership else []
    schema = read_facet(Schema, from_json(body))
    return [field.name for field in schema.fields if field.name] if schema else []


def _earliest(found: Iterable[tuple[str, int]]) -> dict[str, int]:
    earliest: dict[str, int] = {}
    for key, at in found:
        earliest[key] = min(at, earliest.get(key, at))
    return earliest


def _least(times: dict[str, int], names: Iterable[str]) -> int | None:
    return min((times[name] for name in names if name in times), default=None)
