"""`whence show`, `search` and `query`."""

import json
import re

import pytest

from tests.build import dataset, event, schema
from tests.cli.commands import run

FAILED_RUN = "01a1fd98-2916-7edd-a19d-eadc73a6e25a"
DBT = "duckdb:///srv/trades/dbt/w.duckdb"


def has(text, *words):
    """Whether one line of the text has the words, in this order."""
    return re.search(r".*".join(map(re.escape, words)), text) is not None


def test_a_dataset(pipeline):
    out = pipeline("show", "w.main.daily_metrics").out
    assert has(out, "namespace", DBT)
    assert has(out, "last written", "2026-11-21 10:12:48Z by w.main.tradesdbt.daily_metrics.build.run")
    assert has(out, "w.main.tradesdbt.daily_metrics.build.run", "dbt-ns", "2 of 2 runs")
    assert has(out, "w.main.tradesdbt.bad_model.build.run", "dbt-ns", "1 of 1 runs, 1 failed")
    assert has(out, "2026-11-21 10:12:48Z", "01a1fd98-2915-7b60-9e42-c42525e29354", "complete")
    assert has(out, "columnLineage", "2026-11-21 10:12:48Z", "{")
    assert len(re.findall("01a1fd9", out)) == 2
    limited = pipeline("show", "w.main.daily_metrics", "--limit", "1").out
    assert "the newest; --limit shows more" in limited
    assert len(re.findall("01a1fd9", limited)) == 1


def test_a_dataset_then(pipeline):
    out = pipeline("show", "w.main.daily_metrics", "--as-of", "2026-11-21T10:12:00Z").out
    assert "bad_model" not in out
    assert len(re.findall("01a1fd9", out)) == 1


def test_a_job(pipeline):
    out = pipeline("show", "w.main.tradesdbt.bad_model.build.run").out
    assert has(out, "part of", "dbt-run-tradesdbt in dbt-ns")
    assert has(out, "last run", "2026-11-21 10:12:48Z fail")
    assert has(out, "2026-11-21 10:12:48Z", "0.0 s", "fail", FAILED_RUN)
    assert has(out, "sql", "nonexist_col")


def test_a_run(pipeline):
    out = pipeline("show", FAILED_RUN).out
    assert has(out, "state", "fail")
    assert has(out, "w.main.daily_metrics", DBT, "inferred")
    assert has(out, "w.main.bad_model", DBT, "not known")


def test_a_column(pipeline):
    out = pipeline("show", "mart/customer_totals", "--column", "total").out
    assert has(out, "type", "double")
    assert has(out, "lake/orders.amount", "aggregation, filter (indirect)")
    assert "it has" in pipeline("show", "mart/customer_totals", "--column", "nothing", code=1).err


@pytest.mark.parametrize("name", [["w.main.v_share"], ["dbt-run-tradesdbt"], [FAILED_RUN]])
def test_for_programs(pipeline, name):
    assert pipeline("show", *name, "--json").json["status"]["lag"] == 0


def test_owners_tags_names_and_fields(folder):
    facets = {
        "ownership": {"owners": [{"name": "team:core", "type": "MAINTAINER"}]},
        "documentation": {"description": "All orders."},
        "tags": {"tags": [{"key": "pii", "value": "yes", "field": "email"}]},
        "symlinks": {"identifiers": [{"namespace": "hive://meta", "name": "orders", "type": "TABLE"}]},
        "schema": schema("id", "email"),
        "big": {"text": "x" * 1000},
    }
    (folder / "events.ndjson").write_text(json.dumps(event("COMPLETE", "10:00:00", outputs=[dataset("o", **facets)])))
    run("ingest", "events.ndjson")
    out = run("show", "o", "--namespace", "postgres://db:5432").out
    for words in (
        ("also named", "orders in hive://meta"),
        ("description", "All orders."),
        ("owners", "team:core (MAINTAINER)"),
        ("tags", "pii=yes (of email)"),
        ("email", "int"),
        ("big", "xxx…"),
    ):
        assert has(out, *words), words


def test_search(pipeline):
    out = pipeline("search", "SHARE").out
    assert has(out, "dataset", DBT, "w.main.v_share")
    assert has(out, "job", "dbt-ns", "w.main.tradesdbt.v_share.build.run")
    assert "job" not in pipeline("search", "share", "--kind", "dataset").out
    assert "w.main.v_share.share" in pipeline("search", "share", "--kind", "column").out
    assert "more than 3" in pipeline("search", "--limit", "3").err
    assert "Nothing" in pipeline("search", "nothing of the kind").err
    assert pipeline("search", "v_share", "--json").json["search"]["edges"]


def test_ready_made_queries_and_ones_own(pipeline, folder):
    listed = pipeline("query")
    assert has(listed.out, "what-breaks-if-this-changes", "What breaks", "downstream", "namespace, name, [asOf]")
    assert "--var NAME=VALUE" in listed.err
    query = ["query", "where-did-this-dataset-come-from", "--var", f"namespace={DBT}", "--var", "name=w.main.v_share"]
    assert "w.main.raw_trades" in {node["name"] for node in pipeline(*query).json["lineage"]["nodes"]}
    (folder / "own.graphql").write_text("query($n: Int!) { search(first: $n) { edges { node { name } } } }")
    assert len(pipeline("query", "own.graphql", "--var", "n=2").json["search"]["edges"]) == 2
    assert "NAME=VALUE" in pipeline("query", "own.graphql", "--var", "n", code=2).err
    (folder / "wrong.graphql").write_text("{ nothing }")
    assert "nothing" in pipeline("query", "wrong.graphql", code=2).err
    (folder / "broken.graphql").write_text("# Variables: none\n{ status { ")
    assert "Syntax Error" in pipeline("query", "broken.graphql", code=2).err


def test_what_a_query_is_about_is_found_by_name(pipeline):
    found = pipeline("query", "where-did-this-dataset-come-from", "--of", "v_share").json["lineage"]["nodes"]
    assert "w.main.raw_trades" in {node["name"] for node in found}
    job = "w.main.tradesdbt.bad_model.build.run"
    assert pipeline("query", "which-runs-of-this-job-failed", "--of", "bad_model").json["job"]["runs"]["edges"]
    run = pipeline("show", job, "--json").json["job"]["runs"]["edges"][0]["node"]["runId"]
    assert pipeline("query", "what-did-this-run-touch", "--of", run).json["run"]["job"]["name"] == job
    column = ["query", "where-does-this-column-come-from", "--of", "v_share", "--var", "field=share"]
    assert len(pipeline(*column).json["lineage"]["nodes"]) > 1
    text = pipeline("query", "what-is-there-by-this-name", "--var", "text=2026", "--var", 'kinds=["RUN"]').json
    assert text["search"]["edges"] == []  # not an integer, though it looks like one


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["what-brakes-if-this-changes"], "did you mean what-breaks-if-this-changes"),
        (["column"], "did you mean where-does-this-column-come-from"),
        (["nothing-like-it"], "`whence query` lists these"),
        (
            ["what-breaks-if-this-changes"],
            "needs namespace and name: give --var namespace=VALUE --var name=VALUE, or --of",
        ),
        (["what-breaks-if-this-changes"], "asOf: as it was then; null for now."),
        (["what-is-there-by-this-name"], "needs text: give --var text=VALUE\n"),
        (["what-is-there-by-this-name", "--var", "txt=a"], "no variable txt; did you mean text?"),
        (["how-fresh-is-the-graph", "--var", "x=a"], "no variable x; it has none"),
        (["how-fresh-is-the-graph", "--of", "v_share", "--kind", "dataset"], "no variable namespace"),
    ],
)
def test_queries_asked_wrongly(pipeline, arguments, message):
    assert message in pipeline("query", *arguments, code=2).err
