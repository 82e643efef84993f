"""Tables: RFC 4180, every value read back, and no cell that a spreadsheet would run."""

import csv
import io
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.audit.selecting import Runs, graph_of_file, runs_of
from tests.audit.test_prov import SAMPLES
from tests.build import columns, dataset, event, graph_of, run_id
from whence.audit.recorded import INFERRED, NAMED, UNKNOWN, pages
from whence.audit.spool import spool
from whence.audit.tables import TABLES, cell, table_rows, value_of, write_tables

names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)


class Tables(dict):
    """Tables by name, each a list of rows by column; `raw` holds their bytes."""

    def __init__(self):
        super().__init__()
        self.raw = {}

    @contextmanager
    def open(self, name):
        sink = io.BytesIO()
        yield sink
        self.raw[name] = sink.getvalue()
        text = io.StringIO(sink.getvalue().decode(), newline="")
        header, *rows = csv.reader(text, strict=True)
        self[name] = [dict(zip(header, map(value_of, row), strict=True)) for row in rows]


async def tables_of(store, *runs):
    tables = Tables()
    with spool() as rows:
        async for page in pages(store, Runs(runs)):
            rows.put(table_rows(page))
        await write_tables(rows, tables.open)
    return tables


async def test_a_pipeline():
    quality = {"assertions": [{"assertion": "not_null", "success": False, "column": "id", "severity": "error"}]}
    read = dataset("raw", input={"dataQualityAssertions": quality, "inputStatistics": {"rowCount": 7}})
    written = dataset(
        "trades",
        columnLineage=columns(id=[("raw", "id")]),
        ownership={"owners": [{"name": "team:quant"}]},
        tags={"tags": [{"key": "pii", "value": "no", "field": "id"}]},
        datasetType={"datasetType": "TABLE"},
    )
    named = dataset("metrics", version={"datasetVersion": "v7"})
    store = await graph_of(
        event("START", "10:00:00", job="clean", run=1),
        event("COMPLETE", "10:05:00", job="clean", run=1, inputs=[read], outputs=[written]),
        event("COMPLETE", "11:00:00", job="sum", run=2, inputs=["trades"], outputs=[named]),
        event("RUNNING", "12:00:00", job="train", run=3, inputs=[named]),
    )
    tables = await tables_of(store, 1, 2, 3)
    assert {row["name"] for row in tables["datasets"]} == {"raw", "trades", "metrics"}
    assert [(row["job_name"], row["state"], row["ended"]) for row in tables["attempts"]] == [
        ("clean", "COMPLETE", "2026-01-01T10:05:00.000000Z"),
        ("sum", "COMPLETE", "2026-01-01T11:00:00.000000Z"),
        ("train", "RUNNING", ""),
    ]
    assert {(row["run_id"], row["name"], row["basis"], row["rows"]) for row in tables["inputs"]} == {
        (run_id(1), "raw", UNKNOWN, "7"),
        (run_id(2), "trades", INFERRED, ""),
        (run_id(3), "metrics", NAMED, ""),
    }
    assert {(row["name"], row["label"], row["basis"]) for row in tables["versions"]} == {
        ("trades", "", INFERRED),
        ("metrics", "v7", NAMED),
    }
    made = {row["name"]: row["version"] for row in tables["outputs"]}
    assert {row["name"]: row["version"] for row in tables["inputs"] if row["version"]} == made
    assert [(r["name"], r["field"], r["source_name"], r["source_field"]) for r in tables["column_lineage"]] == [
        ("trades", "id", "raw", "id")
    ]
    assert [(r["name"], r["column"], r["assertion"], r["success"]) for r in tables["quality_assertions"]] == [
        ("raw", "id", "not_null", "false")
    ]
    assert [(row["kind"], row["name"], row["owner"]) for row in tables["owners"]] == [
        ("dataset", "trades", "team:quant")
    ]
    assert [(row["field"], row["key"], row["value"]) for row in tables["tags"]] == [("id", "pii", "no")]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
async def test_samples(sample):
    store = await graph_of_file(sample)
    runs = await runs_of(store)
    tables = await tables_of(store, *runs)
    assert tables.keys() == TABLES.keys()
    attempts = {row["attempt"] for row in tables["attempts"]}
    assert len(attempts) == len(tables["attempts"]) == sum(map(len, (await store.attempts(runs)).values()))
    assert {row["attempt"] for name in ("inputs", "outputs", "versions") for row in tables[name]} <= attempts
    assert len(tables["inputs"]) + len(tables["outputs"]) == len(await store.uses_of_runs(runs))


@settings(deadline=None, max_examples=60)
@given(namespace=names, name=names, label=names)
async def test_any_name_is_read_back(namespace, name, label):
    made = dataset(name, namespace, version={"datasetVersion": label})
    tables = await tables_of(await graph_of(event("COMPLETE", "10:00:00", outputs=[made])), 1)
    assert [(row["namespace"], row["name"]) for row in tables["datasets"]] == [(namespace, name)]
    assert [row["label"] for row in tables["versions"]] == [label]


@given(names)
def test_no_cell_begins_like_a_formula(text):
    assert not cell(text).startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    assert value_of(cell(text)) == text


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "'=1", "'"])
def test_what_looks_like_a_formula_is_quoted(text):
    assert cell(text) == f"'{text}"


async def test_tables_of_nothing_have_a_header():
    tables = await tables_of(await graph_of())
    assert tables.raw["owners"] == b'"kind","namespace","name","owner","type"\r\n'
    assert not any(tables.values())
