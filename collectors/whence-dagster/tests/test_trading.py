"""Everything that the trading pipeline did in a real Dagster is in Whence's graph, and nothing else."""

import subprocess
from collections import defaultdict

import pytest

from . import expected

JOBS = """{ search(kinds: [JOB], first: 500) { edges { node { ... on Job {
  namespace name
  runs(first: 500) { edges { node { runId state startedAt attempts { state } } } }
} } } } }"""

JOB = """query($name: String!) { job(namespace: "trading", name: $name) {
  inputs { observed declared node { name } }
  outputs { observed declared node { name } }
  owners { name }
  runs(first: 500) { edges { node {
    runId state startedAt nominalStart nominalEnd
    parent { runId }
    codeVersions { name }
    facets { name value }
    inputs { basis dataset { name } version { label producedBy { runId } } inputFacets { name value } }
    outputs { dataset { name } version { label complete } outputFacets { name value } }
    checks { assertion { name dataset { name } } status severity }
  } } }
} }"""

UPSTREAM = """query($of: LineageStart!) { lineage(of: $of, direction: UPSTREAM, depth: 1, window: 1000) {
  start { name field } nodes { id kind name field } edges { source target kind observed }
} }"""

DATASET = """query($namespace: String!, $name: String!) { dataset(namespace: $namespace, name: $name) {
  documentation owners { name } tags { name value } fields { name } names { namespace name }
} }"""


@pytest.fixture(scope="module")
def graph(trading):
    return trading.graph()


def job_of(graph, name):
    """A job, and its runs from the oldest to the newest."""
    found = graph.ask(JOB, name=name)["job"]
    return found, sorted((edge["node"] for edge in found["runs"]["edges"]), key=lambda run: run["startedAt"])


def database(trading):
    return f"sqlite://{trading.folder}/data/trades.db"


def table(dataset):
    """The table of a dataset, which is also the asset's key."""
    return dataset["name"].removeprefix("main.")


def facets(found):
    return {facet["name"]: facet["value"] for facet in found}


def test_every_event_is_valid(trading):
    assert trading.invalid() == []


def test_every_run_and_attempt_has_its_state(graph):
    found = {}
    for node in (edge["node"] for edge in graph.ask(JOBS)["search"]["edges"]):
        assert node["namespace"] == "trading"
        runs = sorted((edge["node"] for edge in node["runs"]["edges"]), key=lambda run: run["startedAt"])
        assert all(len(run["attempts"]) == 1 for run in runs)
        found[node["name"]] = [run["state"] for run in runs]
    assert found == expected.RUNS


@pytest.mark.parametrize("job", [job for job in expected.RUNS if "." in job])
def test_every_step_reads_and_writes_what_it_should(graph, job):
    found, _ = job_of(graph, job)

    def linked(side, how):
        return {link["node"]["name"] for link in found[side] if link[how]}

    assert linked("inputs", "observed") == expected.READS.get(job, set())
    assert linked("outputs", "observed") == expected.WRITES.get(job, set())
    assert (linked("inputs", "declared"), linked("outputs", "declared")) == expected.DECLARED.get(job, (set(), set()))


def test_data_flows_from_dataset_to_dataset_as_it_did(graph):
    found = set()
    for name in {target for _, target in expected.FLOWS}:
        of = {"dataset": {"namespace": "dagster://trading", "name": name}}
        nodes = graph.ask(UPSTREAM, of=of)["lineage"]["nodes"]
        found |= {(node["name"], name) for node in nodes if node["kind"] == "DATASET" and node["name"] != name}
    assert found == expected.FLOWS


def test_columns_come_from_columns(graph, trading):
    found = set()
    for _, _, table, field in expected.COLUMNS:
        of = {"column": {"namespace": database(trading), "name": f"main.{table}", "field": field}}
        answer = graph.ask(UPSTREAM, of=of)["lineage"]
        place = {node["id"]: (node["name"], node["field"]) for node in answer["nodes"]}
        found |= {place[edge["target"]] + place[edge["source"]] for edge in answer["edges"]}
    assert found == expected.COLUMNS


@pytest.mark.parametrize("job", expected.PARTITIONED)
def test_each_day_is_a_partition(graph, job):
    _, runs = job_of(graph, job)
    for day, run in zip(expected.DAYS, [run for run in runs if run["state"] == "COMPLETE"], strict=True):
        said = {table(output["dataset"]): facets(output["outputFacets"]) for output in run["outputs"]}
        rows = {name: found["outputStatistics"]["rowCount"] for name, found in said.items()}
        assert rows == expected.PARTITIONED[job]
        for found in said.values():
            assert found["subset"]["outputCondition"] == {
                "type": "partition",
                "partitions": [{"identifier": day, "dimensions": {"partition": day}}],
            }
        assert (run["nominalStart"], facets(run["facets"])["whence_dagster"]["partitionKey"]) == (_midnight(day), day)


def _midnight(day):
    """In Berlin, in winter, as Whence writes it."""
    before = f"{day[:-1]}{int(day[-1]) - 1}"
    return f"{before}T23:00:00Z"


def test_each_run_read_the_version_that_was_written_for_its_day(graph):
    _, makers = job_of(graph, "daily_trades.split_trades")
    _, readers = job_of(graph, "daily_trades.daily_metrics")
    for maker, reader in zip(makers, [run for run in readers if run["state"] == "COMPLETE"], strict=True):
        (read,) = reader["inputs"]
        assert read["basis"] == "NAMED"
        assert read["version"]["producedBy"]["runId"] == maker["runId"]


def test_a_model_of_all_days_read_all_days(graph):
    _, (run,) = job_of(graph, "__ASSET_JOB.model")
    (read,) = run["inputs"]
    condition = facets(read["inputFacets"])["subset"]["inputCondition"]
    assert [partition["identifier"] for partition in condition["partitions"]] == list(expected.DAYS)
    assert [output["version"]["label"] for output in run["outputs"]] == ["2026.11.1"]


def test_checks_have_their_result_and_severity(graph):
    found = {
        (job, table(check["assertion"]["dataset"]), check["assertion"]["name"], check["status"], check["severity"])
        for job in expected.RUNS
        if "." in job
        for run in job_of(graph, job)[1]
        for check in run["checks"]
    }
    assert found == expected.CHECKS


def test_what_failed_says_why_and_keeps_what_it_was_to_write(graph):
    _, (failed,) = job_of(graph, "__ASSET_JOB.limit_report")
    assert facets(failed["facets"])["errorMessage"]["message"] == "ValueError: limit table is empty"
    assert [(o["dataset"]["name"], o["version"]["complete"]) for o in failed["outputs"]] == [("limit_report", False)]
    _, (never,) = job_of(graph, "__ASSET_JOB.limit_mail")
    assert [(o["dataset"]["name"], o["version"]["complete"]) for o in never["outputs"]] == [("limit_mail", False)]
    _, tries = job_of(graph, "daily_trades.daily_metrics")
    said = [facets(run["facets"])["whence_dagster"]["attempt"] for run in tries]
    assert said == [0, 1, 0, 1]
    assert "the risk service does not answer" in facets(tries[0]["facets"])["errorMessage"]["message"]


def test_steps_belong_to_their_run_and_know_their_mapping_key(graph):
    _, runs = job_of(graph, "daily_trades")
    _, loads = job_of(graph, "daily_trades.raw_trades.load_feed")
    keys = defaultdict(set)
    for load in loads:
        keys[load["parent"]["runId"]].add(facets(load["facets"])["whence_dagster"]["mappingKey"])
    assert keys == {run["runId"]: {f"SYM{number:02}" for number in range(50)} for run in runs}


def test_definitions_tell_owners_documentation_columns_and_tags(graph, trading):
    found = graph.ask(DATASET, namespace=database(trading), name="main.processed_trades")["dataset"]
    assert found["documentation"] == "Trades that count, with their notional."
    assert [owner["name"] for owner in found["owners"]] == ["team:risk", "ana@example.org"]
    assert {(tag["name"], tag["value"]) for tag in found["tags"]} == {("group", "trading"), ("confidential", "yes")}
    assert {field["name"] for field in found["fields"]} == {"symbol", "notional"}
    assert {"namespace": "dagster://trading", "name": "processed_trades"} in found["names"]
    job, _ = job_of(graph, "daily_trades.split_trades")
    assert {owner["name"] for owner in job["owners"]} == {"team:risk", "ana@example.org"}


def test_code_versions_that_the_user_declares(graph):
    _, runs = job_of(graph, "daily_trades.split_trades")
    assert {facets(run["facets"])["whence_code"]["version"] for run in runs} == {
        "processed_trades=3, rejected_trades=1"
    }


def test_the_facet_holds_all_that_dagster_needs_to_do_it_again(graph, trading):
    """The command is made of the facet alone, and works."""
    _, runs = job_of(graph, "daily_trades.split_trades")
    said = facets(runs[0]["facets"])["whence_dagster"]
    pointer, keys = said["codePointer"], ",".join("/".join(key) for key in said["assetKeys"])
    command = [str(trading.bin / "dagster"), "asset", "materialize", "--select", keys]
    command += ["--partition", said["partitionKey"], "-f", pointer["file"], "-a", pointer["attribute"]]
    command += ["-d", pointer["workingDirectory"]]
    where = pointer["workingDirectory"]
    done = subprocess.run(command, cwd=where, env=trading.environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
