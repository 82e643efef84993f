"""Schemas of whatever holds a table. Real DataFrames are tested with Great Expectations, in `test_checks`."""

from dataclasses import dataclass
from types import SimpleNamespace

import pytest
from pydantic import BaseModel

from whence_collector import schema_of


class Trade(BaseModel):
    qty: int
    px: float | None


@dataclass
class Row:
    qty: int
    px: "float"


@pytest.mark.parametrize(
    ("table", "fields"),
    [
        ({"qty": int, "px": "decimal(10, 2)"}, {"qty": "int", "px": "decimal(10, 2)"}),
        ([("qty", "int"), ("px", float)], {"qty": "int", "px": "float"}),
        (["qty", "px"], {"qty": None, "px": None}),
        ([{"qty": 1}, {"qty": 2, "px": 1.5}], {"qty": "int", "px": "float"}),
        (Trade, {"qty": "int", "px": "float | None"}),
        (Row, {"qty": "int", "px": "float"}),
        (SimpleNamespace(columns=["qty", "px"], dtypes=["int64", "object"]), {"qty": "int64", "px": "object"}),
        (SimpleNamespace(schema=SimpleNamespace(names=["qty"], types=["int64"])), {"qty": "int64"}),
    ],
)
def test_schemas(table, fields):
    assert {field["name"]: field.get("type") for field in schema_of(table)["fields"]} == fields


@pytest.mark.parametrize("table", [[], {}])
def test_nothing_is_said_of_what_has_no_columns(table):
    assert schema_of(table) is None
