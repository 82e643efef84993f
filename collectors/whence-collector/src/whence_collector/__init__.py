"""Lineage of Python code, and a spool for OpenLineage events.

What is named here is imported when it is first used: `import whence_collector` alone costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .transport import SpoolConfig, SpoolTransport, spool_client

__version__ = "0.1.0"

_HOMES = {
    "SpoolConfig": "transport",
    "SpoolTransport": "transport",
    "spool_client": "transport",
}

__all__ = ["SpoolConfig", "SpoolTransport", "__version__", "spool_client"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
