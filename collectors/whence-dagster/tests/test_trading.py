"""Everything that the trading pipeline did in a real Dagster is in Whence's graph, and nothing else."""

from collections import defaultdict
from datetime import datetime

import pytest

from whence_schemas.facets.whence import DAGSTER, DagsterRun

from . import expected

JOBS = """{ search(kinds: [JOB], first: 500) { edges { node { ... on Job {
  namespace name
  inputs { observed declared node { name } }
  outputs { observed declared node { name } }
  owners { name }
  runs(first: 500) { edges { node {
    runId state startedAt nominalStart attempts { state }
    parent { runId }
    facets { name value }
    inputs { basis dataset { name } version { label producedBy { runId } } inputFacets { name value } }
    outputs { dataset { name } version { label complete } outputFacets { name value } }
    checks { assertion { name dataset { name } } status severity }
  } } }
} } } } }"""

UPSTREAM = """query($of: LineageStart!) { lineage(of: $of, direction: UPSTREAM, depth: 1, window: 1000) {
  start { name field } nodes { id kind name field } edges { source target kind observed }
} }"""

DATASET = """query($namespace: String!, $name: String!) { dataset(namespace: $namespace, name: $name) {
  documentation owners { name } tags { name value } fields { name } names { namespace name }
} }"""


@pytest.fixture(scope="module")
def ask(trading):
    with trading.graph() as found:
        yield found


@pytest.fixture(scope="module")
def jobs(ask):
    """Jobs by name."""
    return {edge["node"]["name"]: edge["node"] for edge in ask(JOBS)["search"]["edges"]}


def runs_of(job):
    """The runs of a job, from the oldest to the newest."""
    return sorted((edge["node"] for edge in job["runs"]["edges"]), key=lambda run: run["startedAt"])


def database(trading):
    return f"sqlite://{trading.folder}/data/trades.db"


def asset(dataset):
    """The asset of a dataset that is named by its table, its file or its asset."""
    name = dataset["name"].removeprefix("main.").rpartition("/")[2].removesuffix(".csv")
    return "model_export" if name.endswith(".bin") else name


def facets(found):
    return {facet["name"]: facet["value"] for facet in found}


def test_every_event_is_valid(trading):
    assert trading.invalid() == []


def test_every_run_and_attempt_has_its_state(jobs):
    assert {job["namespace"] for job in jobs.values()} == {"trading"}
    assert {name: [run["state"] for run in runs_of(job)] for name, job in jobs.items()} == expected.RUNS
    assert all(len(run["attempts"]) == 1 for job in jobs.values() for run in runs_of(job))


@pytest.mark.parametrize("job", [job for job in expected.RUNS if "." in job])
def test_every_step_reads_and_writes_what_it_should(jobs, job):
    def linked(side, how):
        return {asset(link["node"]) for link in jobs[job][side] if link[how]}

    assert linked("inputs", "observed") == expected.READS.get(job, set())
    assert linked("outputs", "observed") == expected.WRITES.get(job, set())
    assert (linked("inputs", "declared"), linked("outputs", "declared")) == expected.DECLARED.get(job, (set(), set()))


def test_data_flows_from_dataset_to_dataset_as_it_did(ask):
    found = set()
    for name in {target for _, target in expected.FLOWS}:
        of = {"dataset": {"namespace": "dagster://trading", "name": name}}
        nodes = ask(UPSTREAM, of=of)["lineage"]["nodes"]
        found |= {(node["name"], name) for node in nodes if node["kind"] == "DATASET" and node["name"] != name}
    assert found == expected.FLOWS


def test_columns_come_from_columns(ask, trading):
    found = set()
    for _, _, table, field in expected.COLUMNS:
        of = {"column": {"namespace": database(trading), "name": f"main.{table}", "field": field}}
        answer = ask(UPSTREAM, of=of)["lineage"]
        place = {node["id"]: (node["name"], node["field"]) for node in answer["nodes"]}
        found |= {place[edge["target"]] + place[edge["source"]] for edge in answer["edges"]}
    assert found == expected.COLUMNS


@pytest.mark.parametrize("job", expected.PARTITIONED)
def test_each_day_is_a_partition(jobs, job):
    runs = runs_of(jobs[job])
    for day, run in zip(expected.DAYS, [run for run in runs if run["state"] == "COMPLETE"], strict=True):
        said = {asset(output["dataset"]): facets(output["outputFacets"]) for output in run["outputs"]}
        rows = {name: found["outputStatistics"]["rowCount"] for name, found in said.items()}
        assert rows == expected.PARTITIONED[job]
        for found in said.values():
            assert found["subset"]["outputCondition"] == {
                "type": "partition",
                "partitions": [{"identifier": day, "dimensions": {"partition": day}}],
            }
        assert datetime.fromisoformat(run["nominalStart"]) == datetime.fromisoformat(f"{day}T00:00+01:00")
        assert facets(run["facets"])["whence_dagster"]["partitionKey"] == day


def test_each_run_read_the_version_that_was_written_for_its_day(jobs):
    makers = runs_of(jobs["daily_trades.split_trades"])
    readers = runs_of(jobs["daily_trades.daily_metrics"])
    for maker, reader in zip(makers, [run for run in readers if run["state"] == "COMPLETE"], strict=True):
        (read,) = reader["inputs"]
        assert read["basis"] == "NAMED"
        assert read["version"]["producedBy"]["runId"] == maker["runId"]


def test_a_model_of_all_days_read_all_days(jobs):
    (run,) = runs_of(jobs["__ASSET_JOB.model"])
    (read,) = run["inputs"]
    condition = facets(read["inputFacets"])["subset"]["inputCondition"]
    assert [partition["identifier"] for partition in condition["partitions"]] == list(expected.DAYS)
    assert [output["version"]["label"] for output in run["outputs"]] == ["2026.11.1"]


def test_checks_have_their_result_and_severity(jobs):
    found = {
        (job, asset(check["assertion"]["dataset"]), check["assertion"]["name"], check["status"], check["severity"])
        for job in expected.RUNS
        if "." in job
        for run in runs_of(jobs[job])
        for check in run["checks"]
    }
    assert found == expected.CHECKS


def test_what_failed_says_why_and_keeps_what_it_was_to_write(jobs):
    (failed,) = runs_of(jobs["__ASSET_JOB.limit_report"])
    assert facets(failed["facets"])["errorMessage"]["message"] == "ValueError: limit table is empty"
    assert [(o["dataset"]["name"], o["version"]["complete"]) for o in failed["outputs"]] == [("limit_report", False)]
    (never,) = runs_of(jobs["__ASSET_JOB.limit_mail"])
    assert [(o["dataset"]["name"], o["version"]["complete"]) for o in never["outputs"]] == [("limit_mail", False)]
    tries = runs_of(jobs["daily_trades.daily_metrics"])
    said = [facets(run["facets"])["whence_dagster"]["attempt"] for run in tries]
    assert said == [0, 1, 0, 1]
    assert "the risk service does not answer" in facets(tries[0]["facets"])["errorMessage"]["message"]


def test_steps_belong_to_their_run_and_know_their_mapping_key(jobs):
    runs = runs_of(jobs["daily_trades"])
    loads = runs_of(jobs["daily_trades.raw_trades.load_feed"])
    keys = defaultdict(set)
    for load in loads:
        keys[load["parent"]["runId"]].add(facets(load["facets"])["whence_dagster"]["mappingKey"])
    assert keys == {run["runId"]: {f"SYM{number:02}" for number in range(50)} for run in runs}


def test_definitions_tell_owners_documentation_columns_and_tags(ask, jobs, trading):
    found = ask(DATASET, namespace=database(trading), name="main.processed_trades")["dataset"]
    assert found["documentation"] == "Trades that count, with their notional."
    assert [owner["name"] for owner in found["owners"]] == ["team:risk", "ana@example.org"]
    assert {(tag["name"], tag["value"]) for tag in found["tags"]} == {("group", "trading"), ("confidential", "yes")}
    assert {field["name"] for field in found["fields"]} == {"symbol", "notional"}
    assert {"namespace": "dagster://trading", "name": "processed_trades"} in found["names"]
    assert {owner["name"] for owner in jobs["daily_trades.split_trades"]["owners"]} == {"team:risk", "ana@example.org"}


def test_code_versions_that_the_user_declares(jobs):
    runs = runs_of(jobs["daily_trades.split_trades"])
    assert {facets(run["facets"])["whence_code"]["version"] for run in runs} == {
        "processed_trades=3, rejected_trades=1"
    }


def test_the_facet_holds_all_that_dagster_needs_to_do_it_again(jobs, trading):
    """The command is made of the facet alone, and works."""
    said = DagsterRun.model_validate(facets(runs_of(jobs["daily_trades.split_trades"])[0]["facets"])[DAGSTER])
    pointer = said.codePointer
    command = ["dagster", "asset", "materialize", "--select", ",".join("/".join(key) for key in said.assetKeys)]
    command += ["--partition", said.partitionKey, "-f", pointer.file, "-a", pointer.attribute]
    trading.run(*command, "-d", pointer.workingDirectory)
