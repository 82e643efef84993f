"""Schemas of tables, from whatever holds one, without importing what made it."""

from collections.abc import Iterable, Mapping
from typing import Any

from .standard import facet

_SAMPLE = 100


def schema_of(table: Any) -> dict[str, Any] | None:
    """The facet `schema` of a table; None if it cannot be told.

    Args:
        table: a DataFrame of pandas or Polars, a Table or Schema of pyarrow, a mapping of names to types, an iterable
            of (name, type) or of names, a list of rows that are mappings, or a dataclass or pydantic model.
    """
    fields = [{"name": str(name), **({"type": kind} if kind else {})} for name, kind in _columns(table)]
    return facet("SchemaDatasetFacet", fields=fields) if fields else None


def _columns(table: Any) -> Iterable[tuple[Any, str]]:
    if isinstance(table, type):
        fields = getattr(table, "model_fields", None) or getattr(table, "__dataclass_fields__", {})
        kinds = {name: getattr(one, "annotation", None) or getattr(one, "type", None) for name, one in fields.items()}
        return [(name, _type_name(kind)) for name, kind in kinds.items()]
    if isinstance(table, Mapping):
        return [(name, _type_name(kind)) for name, kind in table.items()]
    schema = getattr(table, "schema", table)
    names, types = getattr(schema, "names", None), getattr(schema, "types", None)
    if isinstance(names, list) and types is not None:  # pyarrow
        return [(name, str(kind)) for name, kind in zip(names, types, strict=True)]
    if hasattr(table, "columns") and hasattr(table, "dtypes"):  # pandas and Polars
        return [(name, str(kind)) for name, kind in zip(table.columns, list(table.dtypes), strict=True)]
    if _are_rows(table):
        found = {name: value for row in reversed(table[:_SAMPLE]) for name, value in row.items()}
        return [(name, type(value).__name__) for name, value in found.items()]
    return [_pair(one) for one in table]


def _are_rows(table: Any) -> bool:
    return isinstance(table, (list, tuple)) and bool(table) and all(isinstance(row, Mapping) for row in table[:_SAMPLE])


def _pair(said: Any) -> tuple[Any, str]:
    return (said, "") if isinstance(said, str) else (said[0], _type_name(said[1]))


def _type_name(kind: Any) -> str:
    if kind is None:
        return ""
    return kind.__name__ if isinstance(kind, type) else str(kind)
