"""Output facets of OpenLineage's core specification: facets of one writing of a dataset."""

from .base import BaseFacet, Number
from .input import Condition


class OutputStatistics(BaseFacet):
    """`outputStatistics` 1-0-2: rows, bytes (`size`) and files written."""

    rowCount: Number | None = None
    size: Number | None = None
    fileCount: Number | None = None


class OutputSubset(BaseFacet):
    """`subset` 1-0-0 of an output: only the part that meets the condition was written."""

    outputCondition: Condition
