"""Datasets and their columns."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Self

import strawberry
from strawberry import ID

from whence_graphql.arguments import After, AsOf, First, Window, check_first, check_window
from whence_graphql.asset import Asset
from whence_graphql.context import Info
from whence_graphql.describe import object_type, resolved
from whence_graphql.facet import load_model
from whence_graphql.link import Link, evidence
from whence_graphql.node import LineageNode, by_name, node_type
from whence_graphql.paging import Connection, connect, place_of
from whence_schemas.facets.dataset import ColumnLineage, Schema, SchemaField, Symlinks
from whence_schemas.identity import Kind, column_key, dataset_key
from whence_schemas.read import Cursor, LinkRow, NodeRow

if TYPE_CHECKING:
    from whence_graphql.job import Job
    from whence_graphql.version import DatasetVersion


@node_type(Kind.DATASET)
class Dataset(Asset):
    """A dataset, by one of its names."""

    @classmethod
    def named(cls, namespace: str, name: str, moment: int) -> Self:
        """A dataset that something names."""
        return cls.of(NodeRow(dataset_key(namespace, name), namespace, name), moment)

    @resolved
    async def names(self, info: Info, as_of: AsOf = None) -> list["Dataset"]:
        """All names of the dataset by then, the one that stands for it in lineage first."""
        rows = await info.context.loaders.names.load(self.id, self.at(as_of))
        return [Dataset.of(row, self.at(as_of)) for row in rows]

    @resolved
    async def aliases(self, info: Info, as_of: AsOf = None) -> list["Alias"]:
        """Other names that its own `symlinks` facet claims."""
        facet = await load_model(info, self.id, Symlinks, "symlinks", self.at(as_of))
        return [
            Alias(dataset=Dataset.named(other.namespace, other.name, self.at(as_of)), type=other.type)
            for other in (facet.identifiers if facet else ())
            if other.name
        ]

    @resolved
    async def fields(self, info: Info, as_of: AsOf = None) -> list["Field"]:
        """Its columns: those in the `schema` facet, then those that only `columnLineage` names."""
        moment = self.at(as_of)
        schema = await load_model(info, self.id, Schema, "schema", moment)
        lineage = await load_model(info, self.id, ColumnLineage, "columnLineage", moment)
        found = {field.name: field for field in (schema.fields if schema else ())}
        for name in lineage.fields if lineage else ():
            found.setdefault(name, SchemaField(name=name))
        return [
            Field(
                name=field.name,
                type=field.type,
                description=field.description,
                column=Column.in_dataset(self, field.name, moment),
            )
            for field in found.values()
            if field.name
        ]

    @resolved
    async def versions(
        self, info: Info, first: First = 20, after: After = None, as_of: AsOf = None
    ) -> Connection[Annotated["DatasetVersion", strawberry.lazy("whence_graphql.version")]]:
        """Versions produced by then under any of its names, newest first; those of failed attempts too."""
        from whence_graphql.version import DatasetVersion

        moment = self.at(as_of)
        place = place_of(after, Cursor)
        rows = await info.context.reader.versions.of_dataset(self.id, moment, place, check_first(first) + 1)
        places = await info.context.loaders.node.load_many([row.dataset for row in rows])
        names = {row.key: row for row in places if row is not None}
        return connect(
            info,
            rows,
            first,
            after,
            lambda row: Cursor(row.at, row.run, row.number, row.dataset),
            lambda row: DatasetVersion.produced_as(row, names[row.dataset], moment),
        )

    @resolved
    async def written_by(
        self, info: Info, as_of: AsOf = None, window: Window = 10
    ) -> list[Link[Annotated["Job", strawberry.lazy("whence_graphql.job")]]]:
        """The jobs that write it then, under any of its names, without those that only contain these."""
        moment = self.at(as_of)
        rows = await info.context.loaders.writers.load(self.id, moment, check_window(window))
        return await _jobs(info, rows, moment)

    @resolved
    async def read_by(
        self, info: Info, as_of: AsOf = None, window: Window = 10
    ) -> list[Link[Annotated["Job", strawberry.lazy("whence_graphql.job")]]]:
        """The jobs that read it then, under any of its names, without those that only contain these."""
        moment = self.at(as_of)
        rows = await info.context.loaders.readers.load(self.id, moment, check_window(window))
        return await _jobs(info, rows, moment)


async def _jobs(info: Info, links: Sequence[LinkRow], moment: int) -> list[Link["Job"]]:
    from whence_graphql.job import Job

    rows = await info.context.loaders.node.load_many([link.key for link in links])
    found = [
        Link(node=Job.of(row, moment), **evidence(link.seen))
        for link, row in zip(links, rows, strict=True)
        if row is not None
    ]
    return sorted(found, key=lambda link: by_name(link.node))


@object_type
class Alias:
    """Another name of a dataset."""

    dataset: Dataset
    type: str | None = strawberry.field(description="What kind of name, such as TABLE or LOCATION.")


@node_type(Kind.COLUMN)
class Column(LineageNode):
    """A column of a dataset."""

    @classmethod
    def of(cls, row: NodeRow, moment: int) -> Self:
        """The column of a row."""
        return cls(
            id=ID(row.key), kind=Kind.COLUMN, namespace=row.namespace, name=row.name, field=row.field, moment=moment
        )

    @classmethod
    def in_dataset(cls, dataset: Dataset, field: str, moment: int) -> Self:
        """A column of a dataset, by name."""
        row = NodeRow(column_key(dataset.id, field), dataset.namespace, dataset.name, field)
        return cls.of(row, moment)

    @resolved
    def dataset(self) -> Dataset:
        """The dataset that it belongs to."""
        return Dataset.named(self.namespace, self.name, self.moment)

    @resolved
    async def type(self, info: Info, as_of: AsOf = None) -> str | None:
        """Its type in the dataset's `schema` facet."""
        found = await self._said(info, self.at(as_of))
        return found.type if found else None

    @resolved
    async def description(self, info: Info, as_of: AsOf = None) -> str | None:
        """Its description in the dataset's `schema` facet."""
        found = await self._said(info, self.at(as_of))
        return found.description if found else None

    async def _said(self, info: Info, moment: int) -> SchemaField | None:
        schema = await load_model(info, dataset_key(self.namespace, self.name), Schema, "schema", moment)
        return next((field for field in (schema.fields if schema else ()) if field.name == self.field), None)


@object_type
class Field:
    """A column as the dataset's facets tell it."""

    name: str
    type: str | None
    description: str | None
    column: Column
