"""OpenLineage's standard facets as plain JSON.

So the newest facets can be sent with any version of the client. Its facet objects may stand beside them.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from . import __version__

PRODUCER = f"urn:whence:collector:{__version__}"

Facets = dict[str, Any]
"""Facets by their keys: JSON, or objects of openlineage-python."""

_VERSIONS = {
    "ColumnLineageDatasetFacet": "1-2-0",
    "DataQualityAssertionsDatasetFacet": "1-1-0",
    "DatasetTypeDatasetFacet": "1-0-1",
    "DatasetVersionDatasetFacet": "1-0-1",
    "DocumentationJobFacet": "1-1-0",
    "ErrorMessageRunFacet": "1-0-1",
    "HierarchyDatasetFacet": "1-0-0",
    "JobTypeJobFacet": "2-0-4",
    "LineageDatasetFacet": "1-0-0",
    "LineageJobFacet": "1-0-0",
    "NominalTimeRunFacet": "1-0-1",
    "OutputStatisticsOutputDatasetFacet": "1-0-2",
    "OwnershipDatasetFacet": "1-0-1",
    "OwnershipJobFacet": "1-0-1",
    "ParentRunFacet": "1-2-0",
    "SchemaDatasetFacet": "1-2-0",
    "TagsDatasetFacet": "1-0-0",
    "TagsJobFacet": "1-0-0",
    "InputSubsetInputDatasetFacet": "1-0-0",
    "OutputSubsetOutputDatasetFacet": "1-0-0",
}
_FILES = {
    "LineageDatasetFacet": "LineageFacet",
    "LineageJobFacet": "LineageFacet",
    "InputSubsetInputDatasetFacet": "BaseSubsetDatasetFacet",
    "OutputSubsetOutputDatasetFacet": "BaseSubsetDatasetFacet",
}


def facet(kind: str, **content: Any) -> dict[str, Any]:
    """A standard facet of a kind, such as `SchemaDatasetFacet`; what is None is left out."""
    file = f"{_VERSIONS[kind]}/{_FILES.get(kind, kind)}.json"
    said = {name: value for name, value in content.items() if value is not None}
    return {"_producer": PRODUCER, "_schemaURL": f"https://openlineage.io/spec/facets/{file}#/$defs/{kind}", **said}


def subset(kind: str, partitions: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The facet `subset` of an input or output: only these partitions are meant.

    Args:
        kind: `input` or `output`.
        partitions: of each, the values by the name of the dimension, such as `{"day": "2026-11-20"}`.
    """
    condition = {"type": "partition", "partitions": [{"dimensions": dict(partition)} for partition in partitions]}
    name = "InputSubsetInputDatasetFacet" if kind == "input" else "OutputSubsetOutputDatasetFacet"
    return facet(name, **{f"{kind}Condition": condition})
