"""Lineage of Python code, and a spool for OpenLineage events.

What is named here is imported when it is first used: `import whence_collector` alone costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .checks import assertion, assertions
    from .datasets import Column, Dataset, answer, collection, document, model, prompt
    from .decorating import job
    from .facets import Chunk
    from .recording import Run, current_run, run
    from .tables import schema_of
    from .transport import SpoolConfig, SpoolTransport, spool_client

__version__ = "0.1.0"

_HOMES = {
    "Chunk": "facets",
    "Column": "datasets",
    "Dataset": "datasets",
    "Run": "recording",
    "SpoolConfig": "transport",
    "SpoolTransport": "transport",
    "answer": "datasets",
    "assertion": "checks",
    "assertions": "checks",
    "collection": "datasets",
    "current_run": "recording",
    "document": "datasets",
    "job": "decorating",
    "model": "datasets",
    "prompt": "datasets",
    "run": "recording",
    "schema_of": "tables",
    "spool_client": "transport",
}

__all__ = [
    "Chunk",
    "Column",
    "Dataset",
    "Run",
    "SpoolConfig",
    "SpoolTransport",
    "__version__",
    "answer",
    "assertion",
    "assertions",
    "collection",
    "current_run",
    "document",
    "job",
    "model",
    "prompt",
    "run",
    "schema_of",
    "spool_client",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
