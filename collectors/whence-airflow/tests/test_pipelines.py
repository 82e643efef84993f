"""Everything that the pipelines did in a real Airflow is in Whence's graph, and nothing else."""

import json
from collections import Counter, defaultdict

import pytest

from tests.openlineage.validity import problems
from tests.orchestrators.airflow_instance import LATEST, airflow_environment

from . import expected

JOBS = """{ search(kinds: [JOB], first: 500) { edges { node { ... on Job { namespace name } } } } }"""

JOB = """query($name: String!) { job(namespace: "trading", name: $name) {
  inputs { observed declared node { namespace name } }
  outputs { observed declared node { namespace name } }
  owners { name }
  runs(first: 500) { edges { node {
    runId state startedAt nominalStart
    attempts { state }
    parent { runId }
    codeVersions { name }
    facets { name value }
    inputs { dataset { name } inputFacets { name value } }
    outputs { dataset { name } version { complete } outputFacets { name value } }
  } } }
} }"""

UPSTREAM = """query($of: LineageStart!) { lineage(of: $of, direction: UPSTREAM, depth: 1, window: 1000) {
  nodes { kind name }
} }"""


@pytest.fixture(scope="module")
def jobs(recording):
    """All jobs by name, each with its runs from the oldest to the newest."""
    found = {}
    for edge in recording.server.graphql(JOBS)["search"]["edges"]:
        assert edge["node"]["namespace"] == "trading"
        name = edge["node"]["name"]
        job = recording.server.graphql(JOB, name=name)["job"]
        runs = sorted((edge["node"] for edge in job["runs"]["edges"]), key=lambda run: run["startedAt"])
        found[name] = {**job, "runs": [{**run, "facets": facets(run["facets"])} for run in runs]}
    return found


@pytest.fixture(scope="module")
def floor(recording):
    """Whether it is the oldest version, which shows listeners neither outlet events nor skips, and whose provider reads
    no states on SQLite: the README says so, and tests expect it."""
    return recording.bin != airflow_environment(*LATEST)


def facets(found):
    return {facet["name"]: facet["value"] for facet in found}


def short(name):
    """The name of a dataset without the folder of the test."""
    return name.rpartition("/")[2] if name.startswith("/") else name


def try_number(run):
    return run["facets"]["airflow"]["taskInstance"]["try_number"]


def linked(job, side, how):
    return {short(link["node"]["name"]) for link in job[side] if link[how]}


def days(subset):
    return {partition["dimensions"]["day"] for partition in subset["partitions"]}


def test_nothing_was_lost_while_the_server_was_away(recording):
    assert recording.sent.returncode == 0, recording.sent.stderr
    _, ready = recording.server.get("/health/ready")
    assert ready["log"]["size"] == len({json.dumps(event) for event in recording.events}) > 300


def test_the_logs_of_tasks_say_nothing_of_events(recording):
    logs = [file.read_text() for file in (recording.airflow.folder / "logs").rglob("task_id=*/**/attempt=*.log")]
    assert len(logs) > 50
    assert [line for log in logs for line in log.splitlines() if "emitted OpenLineage" in line] == []


def test_every_event_is_valid(recording):
    ours = [event for event in recording.events if event["producer"].startswith("urn:whence:")]
    assert [problem for event in ours for problem in problems(event)] == []
    assert len(ours) > 100  # a second one of a task only says what git told after the first


def test_every_run_has_its_state(jobs, floor):
    found = {name: dict(Counter(run["state"] for run in job["runs"])) for name, job in jobs.items()}
    trained = found.pop("train"), found.pop("train.fit")
    assert trained in (({"COMPLETE": 1},) * 2, ({"COMPLETE": 2},) * 2)  # Airflow may train once for both days
    assert found == (expected.RUNS_ON_THE_FLOOR if floor else expected.RUNS)
    assert all(len(run["attempts"]) == 1 for job in jobs.values() for run in job["runs"])


@pytest.mark.parametrize(
    "name", [name for name in [*expected.RUNS, "train.fit"] if "." in name and name != "crash.killed"]
)
def test_every_task_reads_and_writes_what_it_should(jobs, name):
    job = jobs[name]
    if name == "corners.everywhere":
        assert {(link["node"]["namespace"], link["node"]["name"]) for link in job["outputs"]} == expected.EVERYWHERE
        return
    reads, writes = expected.READS.get(name, set()), expected.WRITES.get(name, set())
    assert (linked(job, "inputs", "observed"), linked(job, "outputs", "observed")) == (reads, writes)
    hooked = {"hook/in", "hook/out"}
    assert (linked(job, "inputs", "declared"), linked(job, "outputs", "declared")) == (reads - hooked, writes - hooked)


def test_data_flows_from_dataset_to_dataset_as_it_did(recording, jobs):
    found = set()
    places = {
        short(link["node"]["name"]): link["node"]
        for name, job in jobs.items()
        if name.startswith("tra")
        for link in job["outputs"]
    }
    for target in {target for _, target in expected.FLOWS}:
        nodes = recording.server.graphql(UPSTREAM, of={"dataset": places[target]})["lineage"]["nodes"]
        found |= {(short(node["name"]), target) for node in nodes if node["kind"] == "DATASET"}
    assert {(source, target) for source, target in found if source != target} == expected.FLOWS


@pytest.mark.parametrize("name", expected.PARTITIONED)
def test_each_day_is_a_partition(jobs, name, floor):
    found = defaultdict(set)
    for run in jobs[name]["runs"]:
        if run["state"] == "COMPLETE":
            (output,) = run["outputs"]
            subset = facets(output["outputFacets"]).get("subset")
            found[run["nominalStart"][:10]] |= days(subset["outputCondition"]) if subset else set()
    assert found == {day: set() if floor else {day} for day in expected.DAYS}


CONSUMED = """
SELECT DISTINCT json_extract(extra, '$.partition.day') FROM dagrun_asset_event
JOIN asset_event ON asset_event.id = event_id JOIN dag_run ON dag_run.id = dag_run_id WHERE dag_id = 'train'
"""
"""Airflow 3.0 lets no run have an event that comes while it makes a run of the one before."""


def test_what_an_asset_triggered_is_linked_to_it(jobs, recording, floor):
    dependencies = [run["facets"].get("jobDependencies") for run in jobs["train"]["runs"]]
    metrics = {run["runId"] for run in jobs["trading.metrics"]["runs"] if run["state"] == "COMPLETE"}
    triggers = {upstream["run"]["runId"] for said in dependencies if said for upstream in said["upstream"]}
    assert triggers == (set() if floor else metrics)
    read = set()
    for run in jobs["train.fit"]["runs"]:
        read |= days(facets(run["inputs"][0]["inputFacets"])["subset"]["inputCondition"])
    assert read == {day for (day,) in recording.airflow.query(CONSUMED)}
    assert read if floor else read == set(expected.DAYS)


def test_a_run_without_a_logical_date_has_the_time_when_it_was_to_run(jobs, recording):
    after = {
        time.replace(" ", "T")[:19]
        for (time,) in recording.airflow.query(
            "SELECT run_after FROM dag_run WHERE dag_id = 'train' AND logical_date IS NULL"
        )
    }
    for name in ("train", "train.fit"):
        assert {run["nominalStart"][:19] for run in jobs[name]["runs"]} == after


def test_mapped_tasks_belong_to_their_run_and_have_their_index(jobs):
    days = {run["runId"]: run["nominalStart"][:10] for run in jobs["trading"]["runs"]}
    found = defaultdict(set)
    for run in jobs["trading.load_feed"]["runs"]:
        found[days[run["parent"]["runId"]]].add(run["facets"]["airflow"]["taskInstance"]["map_index"])
    assert found == {"2026-11-02": set(range(50)), "2026-11-03": set(range(3))}


@pytest.mark.parametrize("name", ["trading.process", "trading.load_feed", "train.fit", "trading"])
def test_runs_know_their_code(jobs, recording, name):
    for run in jobs[name]["runs"]:
        assert [version["name"] for version in run["codeVersions"]] == [recording.commit]
        assert run["facets"].get("whence_code", {}).get("dirty", False) is False
    hashes = {run["facets"].get("whence_code", {}).get("sourceSha256") for run in jobs[name]["runs"]}
    assert len(hashes) == 1
    assert (hashes == {None}) == (name == "trading")


def test_runs_know_their_parameters(jobs):
    for name in ("trading", "trading.process"):
        for run in jobs[name]["runs"]:
            assert run["facets"]["whence_parameters"]["parameters"] == [{"name": "limit", "value": 5000}]


def test_what_never_ran_says_why(jobs, floor):
    for name, state in expected.NEVER_RAN.items():
        for run in jobs[name]["runs"]:
            if run["state"] == "ABORT":
                assert not floor
                assert run["facets"]["whence_airflow"]["state"] == state
                assert run["parent"]["runId"] in {dag["runId"] for dag in jobs["trading"]["runs"]}
                assert run["outputs"] == []


def test_retries_are_told_apart_and_failures_say_why(jobs):
    runs = jobs["trading.metrics"]["runs"]
    tries = Counter((run["facets"]["airflow"]["taskInstance"]["try_number"], run["state"]) for run in runs)
    assert tries == {(1, "FAIL"): 2, (2, "COMPLETE"): 2}
    for run in jobs["trading.limit_report"]["runs"]:
        assert "limit table is empty" in run["facets"]["errorMessage"]["message"]
        assert [output["version"]["complete"] for output in run["outputs"]] == [False]


def test_a_killed_task_has_failed_and_keeps_what_it_was_to_write(jobs, floor):
    assert linked(jobs["crash.killed"], "outputs", "declared") == {"never"}
    found = [
        (
            run["state"],
            run["facets"]["whence_airflow"]["state"],
            [(output["dataset"]["name"], output["version"]["complete"]) for output in run["outputs"]],
        )
        for run in jobs["crash.killed"]["runs"]
    ]
    assert found == ([] if floor else [("FAIL", "failed", [("never", False)])])


def test_a_deferred_task_is_one_try(jobs, recording):
    """Its second process says START once more, before it says COMPLETE: that begins nothing new."""
    (run,) = jobs["crash.deferred"]["runs"]
    assert [attempt["state"] for attempt in run["attempts"]] == ["COMPLETE"]
    said = [event for event in recording.events if event.get("eventType") and event["job"]["name"] == "crash.deferred"]
    assert {event["run"]["runId"] for event in said} == {run["runId"]}
    states = Counter(event["eventType"] for event in said)
    assert (states["START"], states["COMPLETE"]) == (2, 1)


def test_a_task_that_was_cleared_runs_again_in_another_run_of_its_dag(jobs):
    first, second = jobs["crash"]["runs"]
    runs = sorted(jobs["crash.killed_once"]["runs"], key=try_number)
    assert [run["parent"]["runId"] for run in runs] == [first["runId"]] * (len(runs) - 1) + [second["runId"]]
    assert runs[-1]["state"] == "COMPLETE"
    assert [run["facets"]["airflowDagRun"]["dagRun"]["clear_number"] for run in (first, second)] == [0, 1]


def test_a_backfill_is_told_from_the_schedule(jobs):
    scheduled, backfilled = jobs["corners"]["runs"]
    said = [run["facets"]["airflowDagRun"]["dagRun"] for run in (scheduled, backfilled)]
    assert [(run["run_type"], run["clear_number"]) for run in said] == [("scheduled", 0), ("backfill", 1)]
    assert said[0]["logical_date"] == said[1]["logical_date"]
    assert "backfillId" not in scheduled["facets"].get("whence_airflow", {})
    assert backfilled["facets"]["whence_airflow"]["backfillId"] == 1
    tries = [run["facets"]["airflow"]["taskInstance"]["try_number"] for run in jobs["corners.hooked"]["runs"]]
    assert tries == [1, 2]


def test_what_assets_and_their_events_say_is_kept(jobs, floor):
    (first, *_) = jobs["trading.load_feed"]["runs"]
    said = [(asset["extra"], asset["event"]) for asset in first["facets"]["whence_airflow"]["assets"]]
    day = first["nominalStart"][:10]
    event = ({"partition": {"day": day}}, True)
    assert said == [({"owner": "feeds"}, False), *([] if floor else [event])]
    written = [facets(run["outputs"][0]["outputFacets"]) for run in jobs["trading.process"]["runs"]]
    rows = {found["outputStatistics"]["rowCount"] for found in written if "outputStatistics" in found}
    assert rows == (set() if floor else {1000, 60})


def test_owners_are_known(jobs):
    assert {owner["name"] for owner in jobs["trading.process"]["owners"]} == {"market-data"}
    assert {owner["name"] for owner in jobs["train.fit"]["owners"]} == {"quants"}
