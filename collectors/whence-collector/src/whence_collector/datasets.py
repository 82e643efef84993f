"""Datasets, as OpenLineage names them, and their columns; also models, prompts, documents, collections and answers."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, Self, runtime_checkable

from .standard import Facets, facet

_INDIRECT = frozenset(("FILTER", "JOIN", "GROUP_BY", "SORT", "WINDOW", "CONDITIONAL"))


@dataclass(frozen=True)
class Column:
    """A column that another is made from. `dataset["name"]` makes one."""

    dataset: "Dataset"
    name: str
    transformation: Mapping[str, Any] | None = None

    def by(self, subtype: str, description: str | None = None, *, masking: bool | None = None) -> "Column":
        """Say how it becomes the other: IDENTITY, TRANSFORMATION, AGGREGATION, or, where it only decides which values
        there are, FILTER, JOIN, GROUP_BY, SORT, WINDOW or CONDITIONAL."""
        said = {
            "type": "INDIRECT" if subtype in _INDIRECT else "DIRECT",
            "subtype": subtype,
            "description": description,
            "masking": masking,
        }
        return replace(self, transformation={key: value for key, value in said.items() if value is not None})

    def as_source(self) -> dict[str, Any]:
        """As the facet `columnLineage` lists it."""
        source = {"namespace": self.dataset.namespace, "name": self.dataset.name, "field": self.name}
        return {**source, "transformations": [self.transformation]} if self.transformation else source


@dataclass(frozen=True)
class Dataset:
    """A dataset by its OpenLineage name, which every producer gives it alike (openlineage.io/docs/spec/naming).

    Attributes:
        namespace: such as `postgres://db:5432`.
        name: such as `trading.public.raw_trades`.
        version: which version of it is meant, where that has a name.
        facets: dataset facets that are known of it, by their keys.
    """

    namespace: str
    name: str
    version: str | None = None
    facets: Facets = field(default_factory=dict, compare=False)

    def __getitem__(self, column: str) -> Column:
        return Column(self, column)

    def at(self, version: str | None) -> Self:
        """The same dataset in a version."""
        return replace(self, version=version)

    def known_facets(self) -> Facets:
        """Its facets, with `version`."""
        if self.version is None:
            return dict(self.facets)
        return {**self.facets, "version": facet("DatasetVersionDatasetFacet", datasetVersion=self.version)}


@runtime_checkable
class Named(Protocol):
    """What `openlineage.client.naming.dataset` makes."""

    def get_namespace(self) -> str:
        """The namespace."""

    def get_name(self) -> str:
        """The name."""


AnyDataset = Dataset | Named | tuple[str, str]
"""A dataset, in any way in which it can be said."""


def dataset_of(said: AnyDataset) -> Dataset:
    """The dataset that is meant."""
    if isinstance(said, Dataset):
        return said
    if isinstance(said, Named):
        return Dataset(said.get_namespace(), said.get_name())
    namespace, name = said
    return Dataset(namespace, name)


def model(namespace: str, name: str, version: str | None = None) -> Dataset:
    """A trained model."""
    return _typed("MODEL", namespace, name, version)


def prompt(namespace: str, name: str, version: str | None = None, *, text: str | None = None) -> Dataset:
    """A prompt's template. Without a `version`, the SHA-256 of its text is one; the text itself is not recorded."""
    return _typed("PROMPT", namespace, name, version or sha256(text))


def collection(namespace: str, name: str, version: str | None = None) -> Dataset:
    """A collection of documents that can be searched, such as a vector index."""
    return _typed("INDEX", namespace, name, version)


def document(of: Dataset, name: str, version: str | None = None, *, text: str | None = None) -> Dataset:
    """A document in a collection. Without a `version`, the SHA-256 of its text is one; the text is not recorded."""
    levels = [{"type": "INDEX", "name": of.name}, {"type": "DOCUMENT", "name": name}]
    made = _typed("DOCUMENT", of.namespace, name, version or sha256(text))
    return replace(made, facets={**made.facets, "hierarchy": facet("HierarchyDatasetFacet", hierarchy=levels)})


def answer(namespace: str, name: str, version: str | None = None, *, text: str | None = None) -> Dataset:
    """A generated answer. Without a `version`, the SHA-256 of its text is one; the text itself is not recorded."""
    return _typed("JOB_OUTPUT", namespace, name, version or sha256(text), subtype="ANSWER")


def sha256(text: str | None) -> str | None:
    """SHA-256 of a text in UTF-8, in hexadecimal."""
    return None if text is None else hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def _typed(kind: str, namespace: str, name: str, version: str | None, subtype: str | None = None) -> Dataset:
    said = facet("DatasetTypeDatasetFacet", datasetType=kind, subType=subtype)
    return Dataset(namespace, name, version, {"datasetType": said})
