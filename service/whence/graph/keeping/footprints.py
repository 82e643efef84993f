"""Footprints that were read lately. Their keys are digests of what they say, so what is kept is right for every store,
and for ever. A large answer needs thousands of them, and the next one mostly the same.
"""

from collections.abc import Iterable
from itertools import islice

from whence.graph.footprint import Footprint

_MOST = 10_000
_SMALL = 2_048
"""Characters of a document; most have half of that."""

_kept: dict[str, Footprint] = {}


def kept_footprints(keys: Iterable[str]) -> tuple[dict[str, Footprint], list[str]]:
    """Those of the footprints that are kept, by key; and the keys of the others."""
    found: dict[str, Footprint] = {}
    others: list[str] = []
    for key in keys:
        footprint = _kept.get(key)
        if footprint is None:
            others.append(key)
        else:
            found[key] = footprint
    return found, others


def load_footprints(rows: Iterable[tuple[str, str]]) -> dict[str, Footprint]:
    """Footprints from their keys and documents; the small ones are kept, in place of the oldest."""
    loaded: dict[str, Footprint] = {}
    for key, document in rows:
        loaded[key] = footprint = Footprint.load(document)
        if len(document) <= _SMALL:
            _kept[key] = footprint
    for key in list(islice(_kept, max(0, len(_kept) - _MOST))):
        _kept.pop(key, None)
    return loaded
