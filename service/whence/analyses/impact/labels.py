"""What facets say of what a change touches: owners, tags, and what is a model or a report.

What changes itself counts too, at distance 0; but it is no model or report at the end.
"""

import asyncio
from collections.abc import Iterator
from typing import TypeVar

from pydantic_core import from_json

from whence.analyses.impact.spread import Spread
from whence.analyses.order import nearest_first
from whence.graph.facts import EdgeKind
from whence.graph.footprint import end_of
from whence.graph.port import GraphStore
from whence.lineage.names import Names
from whence_schemas.facets import BaseFacet, read_facet
from whence_schemas.facets.base import Ownership, Tags
from whence_schemas.facets.dataset import DatasetType
from whence_schemas.facets.job import JobType
from whence_schemas.identity import Kind, owner_key, tag_key
from whence_schemas.impact import Certainty, EndKind, EndTouched, OwnerTouched, Place, TagTouched

_Model = TypeVar("_Model", bound=BaseFacet)

_Said = list[tuple[str, _Model]]
"""A facet of some datasets or jobs, by key."""

_DATASET_TYPES = {
    "MODEL": EndKind.MODEL,
    "ML_MODEL": EndKind.MODEL,
    "REPORT": EndKind.REPORT,
    "DASHBOARD": EndKind.REPORT,
    "CHART": EndKind.REPORT,
}
_JOB_TYPES = {
    "REPORT": EndKind.REPORT,
    "DASHBOARD": EndKind.REPORT,
    "CHART": EndKind.REPORT,
    "EXPOSURE": EndKind.REPORT,
}
"""Words in `datasetType` and `jobType`, in any case. No job is a model: what makes a table is called so in dbt."""


class Labels:
    """Reads facets of touched datasets, under all their names, and of touched jobs."""

    def __init__(self, store: GraphStore, names: Names, spread: Spread, as_of: int) -> None:
        self._store = store
        self._spread = spread
        self._as_of = as_of
        self._assets = {
            name: found.key
            for found in spread.touched.values()
            if found.key[0] != Kind.COLUMN
            for name in names.members(found.key)
        }

    async def read(self) -> tuple[list[OwnerTouched], list[TagTouched], list[EndTouched]]:
        """Owners to tell, tags, and models and reports, each nearest first.

        Few are owned or tagged, now or ever: those have edges, which one question finds.
        """
        edges = await self._store.edges_from(list(self._assets), [EdgeKind.OWNED_BY, EdgeKind.TAGGED])
        owned = sorted({edge.owner for edge in edges if edge.kind == EdgeKind.OWNED_BY})
        tagged = sorted({edge.owner for edge in edges if edge.kind == EdgeKind.TAGGED})
        ownership, tags, datasets, jobs = await asyncio.gather(
            self._said(owned, Ownership, "ownership"),
            self._said(tagged, Tags, "tags"),
            self._said(self._of(Kind.DATASET), DatasetType, "datasetType"),
            self._said(self._of(Kind.JOB), JobType, "jobType"),
        )
        return self._owners(ownership), self._tags(tags), self._ends(datasets, jobs)

    def _owners(self, said: _Said[Ownership]) -> list[OwnerTouched]:
        found: dict[str, tuple[str, set[str]]] = {}
        for asset, facet in said:
            for owner in facet.owners:
                found.setdefault(owner_key(owner.name), (owner.name, set()))[1].add(asset)
        touched = self._spread.touched
        rows = []
        for key, (name, assets) in found.items():
            nearest = touched[min(assets, key=lambda asset: (touched[asset].distance, asset))]
            place = Place(nearest.key, nearest.key)
            rows.append(OwnerTouched(key, nearest.distance, name, len(assets), place))
        return nearest_first(rows)

    def _tags(self, said: _Said[Tags]) -> list[TagTouched]:
        """Those that facets say, and at granularity COLUMN those that follow along columns."""
        rows: dict[str, TagTouched] = {}
        for asset, facet in said:
            for tag in facet.tags:
                field = tag.field if tag.field and asset[0] == Kind.DATASET else ""
                place = Place(end_of(asset, field), asset, field)
                if place.key in self._spread.touched or asset in self._spread.wholes:
                    row = self._tag(tag.key, tag.value, place, place)
                    rows[row.key] = row
        for row in self._followed(nearest_first(rows.values())):
            rows.setdefault(row.key, row)
        return nearest_first(rows.values())

    def _tag(self, name: str, value: str, place: Place, origin: Place) -> TagTouched:
        tag = tag_key(name, value)
        touched = self._spread.touched
        distance = (touched.get(place.key) or touched[place.asset]).distance
        certainty = Certainty.RECORDED if place == origin else Certainty.INFERRED
        return TagTouched(place.key + tag, distance, tag, name, value, place, origin, certainty)

    def _followed(self, said: list[TagTouched]) -> Iterator[TagTouched]:
        """Tags where values of the columns that bear them can be seen, each once: from the first that leads there. Of a
        dataset as a whole that is not known."""
        known: dict[str, set[Place]] = {}
        for row in said:
            found = known.setdefault(row.tag, set())
            todo = [row.place] if row.place.field and row.place not in found else []
            found.update(todo)
            while todo:
                new = [target for target in self._seen_in(todo.pop()) if target not in found]
                found.update(new)
                todo += new
                yield from (self._tag(row.name, row.value, target, row.place) for target in new)

    def _seen_in(self, place: Place) -> list[Place]:
        """Where values of a column (of a dataset as a whole: of any of its columns) can be seen after one step."""
        flows = self._spread.flows.get(place.asset, {})
        fields = ("", place.field) if place.field else flows
        targets = dict.fromkeys(target for field in fields for target in flows.get(field, ()))
        return [target for target in targets if target.key in self._spread.touched]

    def _ends(self, datasets: _Said[DatasetType], jobs: _Said[JobType]) -> list[EndTouched]:
        words = [(asset, facet.datasetType, _DATASET_TYPES) for asset, facet in datasets]
        words += [(asset, facet.jobType or "", _JOB_TYPES) for asset, facet in jobs]
        found: dict[str, EndTouched] = {}
        for asset, word, kinds in words:
            touched = self._spread.touched[asset]
            if (kind := kinds.get(word.upper())) is not None and touched.distance:
                found[asset] = EndTouched(asset, touched.distance, kind, word, touched.step)
        return nearest_first(found.values())

    def _of(self, kind: Kind) -> list[str]:
        return [name for name in self._assets if name[0] == kind]

    async def _said(self, names: list[str], model: type[_Model], facet: str) -> _Said[_Model]:
        """A facet as it holds then, with the dataset or job that it is of."""
        rows = await self._store.facets(names, [facet], self._as_of)
        values = {row.value: row.body for row in rows}  # many say the same
        read = {value: read_facet(model, from_json(body)) for value, body in values.items()}
        return [(self._assets[row.entity], found) for row in rows if (found := read[row.value]) is not None]
