"""Argument values as JSON, taken at the moment of the call: small ones as they are, others by type and size.

It runs in the flow's own threads, so it looks at a few elements only, and keeps nothing that the flow may change.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from typing import Any
from uuid import UUID

ELEMENTS = 32
DEPTH = 3
CHARACTERS = 2_000


def snapshot(value: Any, depth: int = DEPTH) -> Any:
    """A JSON value that shows what the argument is."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Enum):
        return snapshot(value.value, depth)
    if isinstance(value, str):
        return value if len(value) <= CHARACTERS else f"{value[:CHARACTERS]}… ({len(value)} characters)"
    if isinstance(value, date | timedelta | Decimal | PurePath | UUID):
        return str(value)
    if depth and isinstance(value, list | tuple | set | frozenset) and len(value) <= ELEMENTS:
        return [snapshot(element, depth - 1) for element in value]
    if depth and type(value) is dict and len(value) <= ELEMENTS:
        return {str(key): snapshot(element, depth - 1) for key, element in value.items()}
    return _shape(value)


def _shape(value: Any) -> str:
    kind = type(value)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    if isinstance(value, bytes | list | tuple | set | frozenset | Mapping):
        return f"<{name} of {len(value)}>"
    shape = getattr(value, "shape", None)
    return f"<{name} {shape}>" if isinstance(shape, tuple) else f"<{name}>"
