"""Input facets of OpenLineage's core specification: facets of one reading of a dataset."""

from typing import Any

from pydantic import Field

from .base import BaseFacet, Facets, Items, Number, Open


class InputStatistics(BaseFacet):
    """`inputStatistics` 1-0-0: rows, bytes (`size`) and files read."""

    rowCount: Number | None = None
    size: Number | None = None
    fileCount: Number | None = None


class Partition(Open):
    """One partition: an identifier, and values by partition column."""

    identifier: str | None = None
    dimensions: Facets = Field(default_factory=dict)


class Condition(Open):
    """Which part of a dataset is meant, of one of four types.

    Attributes:
        type: ``location``, ``partition``, ``binary`` or ``compare``.
        locations: of a location condition.
        partitions: of a partition condition.
        left: of a binary condition a condition, of a compare condition a field or literal; so is `right`.
        operator: of a binary condition: AND or OR.
        comparison: of a compare condition, such as EQUAL or GREATER_EQUAL_THAN.
    """

    type: str | None = None
    locations: Items[str] = Field(default_factory=list)
    partitions: Items[Partition] = Field(default_factory=list)
    left: Any = None
    right: Any = None
    operator: str | None = None
    comparison: str | None = None


class InputSubset(BaseFacet):
    """`subset` 1-0-0 of an input: only the part that meets the condition was read."""

    inputCondition: Condition
