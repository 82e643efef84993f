"""Versions of datasets."""

from typing import TYPE_CHECKING, Annotated, Self

import strawberry
from pydantic_core import from_json
from strawberry import ID
from strawberry.scalars import JSON

from whence_graphql.arguments import AsOf, FacetNames, First, check_first
from whence_graphql.context import Info
from whence_graphql.dataset import Dataset
from whence_graphql.describe import resolved
from whence_graphql.facet import Facet, load_facets
from whence_graphql.node import LineageNode, load_node, load_nodes, node_type
from whence_graphql.scalars import DateTime
from whence_schemas.identity import Kind, attempt_id
from whence_schemas.read import NodeRow, Use
from whence_schemas.times import EVER

if TYPE_CHECKING:
    from whence_graphql.run import Run


@node_type(Kind.DATASET_VERSION)
class DatasetVersion(LineageNode):
    """What an attempt produced of a dataset, or what an input names."""

    label: str | None = strawberry.field(description="What the `version` facet calls it; null where nothing does.")
    production: strawberry.Private[Use | None] = None

    @classmethod
    def of(cls, row: NodeRow, moment: int) -> Self:
        """The version of a row."""
        return cls(
            id=ID(row.key),
            kind=Kind.DATASET_VERSION,
            namespace=row.namespace,
            name=row.name,
            label=row.field or None,
            moment=moment,
        )

    @classmethod
    def produced_as(cls, use: Use, dataset: NodeRow, moment: int) -> Self:
        """The version that was produced."""
        made = cls.of(NodeRow(use.version, dataset.namespace, dataset.name, use.label), moment)
        made.production = use
        return made

    async def _produced(self, info: Info) -> Use | None:
        return self.production or await info.context.loaders.producer.load(self.id)

    @resolved
    def dataset(self) -> Dataset:
        """The dataset."""
        return Dataset.named(self.namespace, self.name, self.moment)

    @resolved
    async def produced_by(self, info: Info) -> Annotated["Run", strawberry.lazy("whence_graphql.run")] | None:
        """The run that produced it (last); null where none is known."""
        from whence_graphql.run import Run

        use = await self._produced(info)
        return await load_node(info, Run, use.run if use else "", self.moment)

    @resolved
    async def produced_at(self, info: Info) -> DateTime | None:
        """When its attempt ended, or said something last."""
        use = await self._produced(info)
        return DateTime(use.at) if use else None

    @resolved
    async def complete(self, info: Info) -> bool:
        """Whether its attempt succeeded, so that it is known to be whole."""
        use = await self._produced(info)
        return use is not None and use.complete != 0

    @resolved
    async def dropped(self, info: Info) -> bool:
        """Whether its attempt dropped the dataset: then there is nothing to read."""
        use = await self._produced(info)
        return use is not None and use.complete < 0

    @resolved
    async def partitions(self, info: Info) -> JSON | None:
        """The partitions that were written, as a list; null where it is the whole, or an unknown part."""
        use = await self._produced(info)
        return partition_list(use.partitions if use else "")

    @resolved
    async def consumers(
        self, info: Info, first: First = 100, as_of: AsOf = None
    ) -> list[Annotated["Run", strawberry.lazy("whence_graphql.run")]]:
        """The runs that consumed it by then, oldest first: those that name it, and those that it is inferred for."""
        from whence_graphql.run import Run

        use = await self._produced(info)
        check_first(first)
        uses = await info.context.reader.versions.consumers(use, self.at(as_of)) if use else []
        keys = dict.fromkeys(found.run for found in uses)
        return await load_nodes(info, Run, list(keys)[:first], self.moment)

    @resolved
    async def facets(self, info: Info, names: FacetNames = None) -> list[Facet]:
        """The dataset's facets, as its attempt said them."""
        use = await self._produced(info)
        return await dataset_facets(info, use, names) if use else []

    @resolved
    async def output_facets(self, info: Info, names: FacetNames = None) -> list[Facet]:
        """Facets of this writing."""
        use = await self._produced(info)
        return await output_facets(info, use, names) if use else []


def partition_list(partitions: str) -> JSON | None:
    """The partitions of a use, which are texts of JSON in a JSON list; None where they are none."""
    return JSON([from_json(text) for text in from_json(partitions)]) if partitions else None


async def dataset_facets(info: Info, use: Use, names: list[str] | None) -> list[Facet]:
    """What an attempt said of a dataset's own facets."""
    attempts = await info.context.loaders.attempts.load(use.run)
    last = attempts[use.number].last if use.number < len(attempts) - 1 else EVER
    return await load_facets(info, use.dataset, names, last, use.run)


async def input_facets(info: Info, use: Use, names: list[str] | None) -> list[Facet]:
    """What an attempt said of its reading of a dataset."""
    return await load_facets(info, f"{attempt_id(use.run, use.number)}<{use.dataset}", names, EVER)


async def output_facets(info: Info, use: Use, names: list[str] | None) -> list[Facet]:
    """What an attempt said of its writing of a dataset."""
    return await load_facets(info, f"{attempt_id(use.run, use.number)}>{use.dataset}", names, EVER)
