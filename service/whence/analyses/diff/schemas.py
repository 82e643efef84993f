"""How two `schema` facets differ, nested fields included."""

from collections.abc import Iterator
from typing import NamedTuple

from pydantic_core import from_json

from whence_schemas.diff import ColumnChange
from whence_schemas.facets import read_facet
from whence_schemas.facets.dataset import Schema, SchemaField


class Changed(NamedTuple):
    """A column that differs: its path, how, and its types (or the columns in their order)."""

    path: str
    change: ColumnChange
    before: str | None
    after: str | None


def schema_of(body: bytes | None) -> Schema | None:
    """The facet in a body; None where there is none, or it does not fit."""
    return read_facet(Schema, from_json(body)) if body is not None else None


def columns_of(schema: Schema) -> dict[str, str | None]:
    """Types by path; a path has dots to nested fields."""
    return dict(_walk(schema.fields, ""))


def _walk(fields: list[SchemaField], prefix: str) -> Iterator[tuple[str, str | None]]:
    for field in fields:
        if field.name:
            path = prefix + field.name
            yield path, field.type
            yield from _walk(field.fields, f"{path}.")


def same_type(one: str | None, other: str | None) -> bool:
    """Whether two types are one: case and spaces do not count, and a type that is not told differs from none."""
    return one is None or other is None or _plain(one) == _plain(other)


def _plain(text: str) -> str:
    return "".join(text.split()).casefold()


def compare_schemas(before: Schema, after: Schema) -> list[Changed]:
    """The columns that differ, by path; the order comes last."""
    was, now = columns_of(before), columns_of(after)
    changed = [
        Changed(path, _change(path, was, now), was.get(path), now.get(path))
        for path in sorted(was.keys() | now.keys())
        if (path in was) != (path in now) or not same_type(was[path], now[path])
    ]
    return [*changed, *_reordered(before, after)]


def _change(path: str, was: dict[str, str | None], now: dict[str, str | None]) -> ColumnChange:
    if path not in was:
        return ColumnChange.ADDED
    return ColumnChange.RETYPED if path in now else ColumnChange.DROPPED


def _reordered(before: Schema, after: Schema) -> Iterator[Changed]:
    """The order of the columns that both have, where both tell their positions and these differ."""
    orders = [{f.name: f.ordinal_position for f in s.fields if f.name} for s in (before, after)]
    common = orders[0].keys() & orders[1].keys()
    if all(order[name] is not None for order in orders for name in common):
        was, now = (sorted(common, key=lambda name, order=order: (order[name], name)) for order in orders)  # type: ignore[misc]
        if was != now:
            yield Changed("", ColumnChange.REORDERED, ", ".join(was), ", ".join(now))
