"""Partitions, as uses keep them: a JSON array of texts, each the JSON of one partition; empty for the whole."""

from functools import lru_cache

from pydantic_core import from_json

from whence.graph.canonical import canonical_json


@lru_cache(maxsize=16_384)
def parts_of(partitions: str) -> tuple[str, ...]:
    """Each partition as it stands in such an array; none for the whole.

    So a store without JSON finds a partition in an array as a text in a text. That is exact: a partition's JSON is an
    object, a string or null, and no part of another's that begins and ends with a quotation mark is one of these.
    """
    return tuple(canonical_json(text).decode() for text in from_json(partitions)) if partitions else ()
