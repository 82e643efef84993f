"""``GET /api/v1/lineage/graph``: a whole lineage as one JSON document, for graphs that are too large for GraphQL.

Its names are GraphQL's. It is written in chunks, straight from the rows of the answer.
"""

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from functools import lru_cache
from itertools import batched_rows
