"""From Python code to the answers of a real Whence: a trading pipeline, a model, retrieval, and an answer."""

import json
import os
import subprocess
import sys

import pytest

from tests.running import running

PIPELINE = """
import sys
from whence_collector import Chunk, Dataset, answer, collection, document, job, model, prompt, run

DB = "postgres://db:5432"
raw = Dataset(DB, "trading.public.raw_trades")
processed = Dataset(DB, "trading.public.processed_trades")
daily = Dataset(DB, "trading.public.daily_metrics")
breach = model("models://trading", "limit-breach", "2026.11.2")
rules = collection("milvus://h:19530", "desk.rules")
limits = document(rules, "limits.md", text="No more than 5.")

@job("process_trades")
def process(day):
    from whence_collector import current_run
    r = current_run()
    r.read(raw, partition={"day": day})
    r.write(processed, partition={"day": day}, rows=10, columns={"notional": [raw["qty"], raw["px"]]})
    r.check(processed, "not_null", True, column="notional")

with run("trading"):
    process("2026-11-20")
    with run("daily_metrics") as r:
        r.read(processed)
        r.write(daily, columns={"total": processed["notional"].by("AGGREGATION")})
    try:
        with run("broken"):
            raise RuntimeError("postgres://u:hunter22@db refused")
    except RuntimeError:
        pass

with run("train") as r:
    r.read(daily)
    r.write(breach)
with run("ingest-rules") as r:
    r.read(("file", "/rules/limits.md"), version="r7")
    r.write(limits)
with run("approve") as r:
    r.approve(breach, by="role:risk/1")
with run("advise") as r:
    r.read(breach)
    r.read(prompt("prompts://desk", "advice", text="You are a clerk."))
    r.retrieve(limits, Chunk("c1", score=0.9, rank=1))
    r.write(answer("answers://desk", "advice-1", text="Sell."))
"""


@pytest.fixture(scope="module")
def whence(tmp_path_factory):
    """A server that has got what the pipeline recorded, through the spool and the shipper."""
    folder = tmp_path_factory.mktemp("whence")
    (folder / "pipeline.py").write_text(PIPELINE)
    with running(folder) as server:
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("WHENCE_", "OPENLINEAGE_"))}
        place = {**clean, "WHENCE_URL": server.url, "WHENCE_SPOOL": str(folder / "spool"), "WHENCE_FLUSH_SECONDS": "2"}
        place["OPENLINEAGE_NAMESPACE"] = "desk"
        subprocess.run([sys.executable, "pipeline.py"], cwd=folder, env=place, check=True)
        subprocess.run([sys.executable, "-m", "whence_collector.ship", "--once"], env=place, check=True)
        assert server.settle()["log"]["size"] == 16
        yield server


def names(whence, direction, dataset, namespace):
    found = whence.graphql(
        """query ($of: LineageStart!, $direction: Direction!) {
             lineage(of: $of, direction: $direction, depth: 20) { nodes { name kind } edges { source target } } }""",
        of={"dataset": {"namespace": namespace, "name": dataset}},
        direction=direction,
    )
    return {node["name"] for node in found["lineage"]["nodes"]}


def test_an_answer_is_traced_to_its_sources(whence):
    found = names(whence, "UPSTREAM", "advice-1", "answers://desk")
    assert found == {
        "advice-1",
        "advise",
        "advice",
        "limits.md",
        "ingest-rules",
        "/rules/limits.md",
        "limit-breach",
        "train",
        "trading.public.daily_metrics",
        "daily_metrics",
        "trading.public.processed_trades",
        "process_trades",
        "trading.public.raw_trades",
    }


def test_what_depends_on_the_raw_data(whence):
    found = names(whence, "DOWNSTREAM", "trading.public.raw_trades", "postgres://db:5432")
    assert {"trading.public.daily_metrics", "limit-breach", "advice-1", "approve"} <= found
    assert "trading" not in found


def test_the_outer_run_is_a_container(whence):
    found = whence.graphql(
        """{ job(namespace: "desk", name: "process_trades") { runs { edges { node {
               state facets { name value } } } } } }"""
    )
    [edge] = found["job"]["runs"]["edges"]
    facets = {facet["name"]: facet["value"] for facet in edge["node"]["facets"]}
    assert facets["parent"]["job"]["name"] == "trading"
    assert facets["whence_parameters"]["parameters"] == [{"name": "day", "value": "2026-11-20"}]


def test_a_column_is_traced(whence):
    found = whence.graphql(
        """query ($of: LineageStart!) {
             lineage(of: $of, direction: UPSTREAM) { nodes { name ... on Column { field } } } }""",
        of={"column": {"namespace": "postgres://db:5432", "name": "trading.public.daily_metrics", "field": "total"}},
    )
    fields = {node["field"] for node in found["lineage"]["nodes"] if "field" in node}
    assert fields == {"total", "notional", "qty", "px"}


def test_a_failed_run_says_why_and_no_secret_got_so_far(whence):
    found = whence.graphql(
        """{ job(namespace: "desk", name: "broken") { runs(states: [FAIL]) { edges { node {
               facets(names: ["errorMessage"]) { value } } } } } }"""
    )
    [edge] = found["job"]["runs"]["edges"]
    said = json.dumps(edge)
    assert "refused" in said
    assert "hunter22" not in said
