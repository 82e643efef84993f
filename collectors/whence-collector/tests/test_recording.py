"""`run` and `job`: what they record, valid as OpenLineage, and what they leave alone."""

import asyncio
import contextvars
import hashlib
import subprocess
import sys
import threading
from datetime import UTC, datetime

import pytest
from openlineage.client.naming.dataset import Postgres

from tests.openlineage.validity import problems
from whence_collector import (
    Chunk,
    Dataset,
    answer,
    collection,
    current_run,
    document,
    job,
    model,
    prompt,
    run,
    safely,
    spool_client,
    transport,
)

RAW = Dataset("postgres://db:5432", "trading.public.raw_trades")
CLEAN = Dataset("postgres://db:5432", "trading.public.clean_trades")
DAILY = Dataset("postgres://db:5432", "trading.public.daily_metrics")


@pytest.fixture(autouse=True)
def recorded(folder, monkeypatch, events):
    """The events that the test records; at its end each was valid."""
    monkeypatch.setenv("WHENCE_SPOOL", str(folder))
    monkeypatch.setenv("WHENCE_SHIPPER", "0")
    monkeypatch.setenv("OPENLINEAGE_NAMESPACE", "trading")
    spool_client.cache_clear()
    transport._spool.cache_clear()
    safely.warn.cache_clear()
    yield events
    assert [problem for event in events() for problem in problems(event)] == []


def last(events):
    return events()[-1]


def test_a_run_starts_and_completes(recorded):
    with run("etl") as r:
        pass
    start, complete = recorded()
    assert (start["eventType"], complete["eventType"]) == ("START", "COMPLETE")
    assert start["run"]["runId"] == complete["run"]["runId"] == r.id
    assert complete["job"]["namespace"] == "trading"
    assert complete["job"]["name"] == "etl"
    assert complete["job"]["facets"]["jobType"]["integration"] == "PYTHON"
    assert start["eventTime"] < complete["eventTime"]


def test_what_is_read_and_written(recorded):
    with run("etl") as r:
        r.read(RAW, schema={"qty": int, "px": float}, partition={"day": "2026-01-01"}, version="7")
        r.read(("s3://b", "k"))
        r.read(Postgres("h", "5432", "d", "s", "t"))
        r.write(CLEAN, rows=3, size=99, partition=[{"day": "2026-01-01"}, {"day": "2026-01-02"}])
    event = last(recorded)
    raw, other, table = event["inputs"]
    assert raw["facets"]["version"]["datasetVersion"] == "7"
    assert [field["type"] for field in raw["facets"]["schema"]["fields"]] == ["int", "float"]
    assert raw["inputFacets"]["subset"]["inputCondition"]["partitions"] == [{"dimensions": {"day": "2026-01-01"}}]
    assert (other["namespace"], other["name"]) == ("s3://b", "k")
    assert (table["namespace"], table["name"]) == ("postgres://h:5432", "d.s.t")
    [clean] = event["outputs"]
    assert clean["outputFacets"]["outputStatistics"]["rowCount"] == 3
    assert len(clean["outputFacets"]["subset"]["outputCondition"]["partitions"]) == 2


def test_columns_and_sources(recorded):
    with run("etl") as r:
        r.read(RAW)
        r.write(
            CLEAN,
            columns={
                "notional": [RAW["qty"], RAW["px"].by("TRANSFORMATION", "qty * px")],
                "*": RAW["day"].by("FILTER"),
            },
        )
        r.write(DAILY, sources=[CLEAN], columns={"total": CLEAN["notional"].by("AGGREGATION", masking=False)})
    event = last(recorded)
    lineage = event["outputs"][0]["facets"]["columnLineage"]
    assert [field["field"] for field in lineage["fields"]["notional"]["inputFields"]] == ["qty", "px"]
    assert lineage["dataset"][0]["transformations"] == [{"type": "INDIRECT", "subtype": "FILTER"}]
    [entry] = event["job"]["facets"]["lineage"]["entries"]
    assert entry["name"] == DAILY.name
    assert [source["name"] for source in entry["inputs"]] == [CLEAN.name]
    assert entry["fields"]["total"]["inputs"][0]["transformations"][0]["subtype"] == "AGGREGATION"


def test_parameters_as_values_and_as_hashes(recorded):
    with run("etl", parameters={"day": "2026-01-01", "limit": 10, "who": "x", "frame": object()}, hashed=["who"]):
        pass
    found = {said.pop("name"): said for said in last(recorded)["run"]["facets"]["whence_parameters"]["parameters"]}
    assert found["day"] == {"value": "2026-01-01"}
    assert found["limit"] == {"value": 10}
    assert found["who"] == {"sha256": hashlib.sha256(b'"x"').hexdigest()}
    assert found["frame"] == {"value": "<builtins.object>"}


def test_an_exception_fails_the_run_and_passes_through(recorded):
    with pytest.raises(ZeroDivisionError), run("etl") as r:
        r.read(RAW)
        raise ZeroDivisionError("division by zero")
    event = last(recorded)
    assert event["eventType"] == "FAIL"
    error = event["run"]["facets"]["errorMessage"]
    assert error["message"] == "ZeroDivisionError: division by zero"
    assert 'raise ZeroDivisionError("division by zero")' in error["stackTrace"]
    assert [dataset["name"] for dataset in event["inputs"]] == [RAW.name]


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (KeyboardInterrupt(), "ABORT"),
        (asyncio.CancelledError(), "ABORT"),
        (SystemExit(0), "COMPLETE"),
        (SystemExit(None), "COMPLETE"),
        (SystemExit(3), "FAIL"),
    ],
)
def test_how_a_run_ends(error, state, recorded):
    with pytest.raises(type(error)) as caught, run("etl"):
        raise error
    assert caught.value is error
    assert last(recorded)["eventType"] == state


def test_checks(recorded):
    with run("etl") as r:
        r.read(RAW)
        r.check(RAW, "not_null", True, column="qty", severity="error")
        r.check(CLEAN, "unique", False, column="id", expected=0, actual=2)
        r.write(CLEAN)
        r.check(DAILY, "row_count", True, actual=5)
    event = last(recorded)
    inputs = {dataset["name"]: dataset for dataset in event["inputs"]}
    assert inputs.keys() == {RAW.name, DAILY.name}
    assert inputs[RAW.name]["inputFacets"]["dataQualityAssertions"]["assertions"][0]["column"] == "qty"
    [clean] = event["outputs"]
    assert clean["facets"]["dataQualityAssertions"]["assertions"] == [
        {"assertion": "unique", "success": False, "column": "id", "expected": "0", "actual": "2"}
    ]


def test_models_prompts_retrieved_chunks_and_answers(recorded):
    rules = collection("milvus://h:19530", "desk.rules")
    limits = document(rules, "limits.md", text="No more than 5.")
    with run("advise") as r:
        r.read(model("models://trading", "limit-breach", "2026.11.2"))
        r.read(prompt("prompts://desk", "advice", text="You are {role}"))
        r.retrieve(limits, Chunk("c1", score=0.9, rank=1), "c2")
        r.retrieve(limits, Chunk("c7", rank=3))
        r.write(answer("answers://desk", "advice-1", text="Sell."))
    event = last(recorded)
    types = {d["name"]: d["facets"]["datasetType"]["datasetType"] for d in event["inputs"]}
    assert types == {"limit-breach": "MODEL", "advice": "PROMPT", "limits.md": "DOCUMENT"}
    said = event["inputs"][2]["inputFacets"]["whence_retrieval"]
    assert said["collection"] == "desk.rules"
    assert [chunk["id"] for chunk in said["chunks"]] == ["c1", "c2", "c7"]
    assert len(event["inputs"][2]["facets"]["version"]["datasetVersion"]) == 64
    assert event["outputs"][0]["facets"]["datasetType"]["subType"] == "ANSWER"


def test_an_approval(recorded):
    decided = datetime(2026, 11, 21, 11, 2, tzinfo=UTC)
    with run("approve") as r:
        r.approve(model("models://trading", "limit-breach"), by="role:risk/1", version="2", at=decided, reference="T-1")
    [dataset] = last(recorded)["inputs"]
    assert dataset["facets"]["version"]["datasetVersion"] == "2"
    approval = dataset["inputFacets"]["whence_approval"]
    assert (approval["approver"], approval["decision"], approval["version"]) == ("role:risk/1", "APPROVED", "2")
    assert datetime.fromisoformat(approval["decidedAt"]) == decided


def parents(events):
    return {
        event["job"]["name"]: event["run"]["facets"]["parent"]
        for event in events()
        if "parent" in event["run"]["facets"]
    }


def test_runs_within_runs(recorded):
    with run("flow") as flow:
        with run("task"), run("step"):
            pass
        with run("other"):
            pass
    found = parents(recorded)
    assert {name: parent["job"]["name"] for name, parent in found.items()} == {
        "task": "flow",
        "step": "task",
        "other": "flow",
    }
    assert {parent["root"]["run"]["runId"] for parent in found.values()} == {flow.id}


def test_coroutines_and_threads_know_their_parents(recorded):
    async def task(name):
        async with run(name):
            await asyncio.sleep(0)
            with run(f"{name}-step"):
                await asyncio.sleep(0)

    async def flow():
        async with run("flow"):
            await asyncio.gather(task("a"), task("b"))

    asyncio.run(flow())
    with run("outer") as outer:
        thread = threading.Thread(target=lambda: run("in-thread", parent=outer).__enter__().__exit__(None, None, None))
        thread.start()
        thread.join()
        context = contextvars.copy_context()
        thread = threading.Thread(target=lambda: context.run(job("in-context")(lambda: None)))
        thread.start()
        thread.join()
    assert {name: parent["job"]["name"] for name, parent in parents(recorded).items()} == {
        "a": "flow",
        "b": "flow",
        "a-step": "a",
        "b-step": "b",
        "in-thread": "outer",
        "in-context": "outer",
    }


@pytest.mark.parametrize("older", [False, True])
def test_another_process_knows_what_it_runs_within(older, recorded, monkeypatch):
    with run("flow", namespace="ns/with %") as flow, run("task", namespace="ns/with %") as task:
        given = task.environment()
    if older:
        del given["OPENLINEAGE_CONTEXT"]
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    with run("elsewhere"):
        pass
    parent = parents(recorded)["elsewhere"]
    assert (parent["run"]["runId"], parent["job"]["namespace"]) == (task.id, "ns/with %")
    assert parent["root"]["run"]["runId"] == flow.id


@pytest.mark.parametrize("said", ["", "x", "a/b/c", "{}", '{"parent": {"run": {"runId": "x"}}}'])
def test_an_environment_that_names_no_parent(said, recorded, monkeypatch):
    monkeypatch.setenv("OPENLINEAGE_PARENT_ID", said)
    monkeypatch.setenv("OPENLINEAGE_CONTEXT", said)
    with run("etl"):
        pass
    assert parents(recorded) == {}


def test_a_decorated_function_is_the_same_but_for_the_record(recorded):
    @job("add", reads=[RAW], writes=[CLEAN])
    def add(a, b=2, *rest, **more):
        """Adds."""
        current_run().check(CLEAN, "positive", a + b > 0)
        return a + b

    assert add(1) == 3
    assert (add.__name__, add.__doc__) == ("add", "Adds.")
    event = last(recorded)
    assert [dataset["name"] for dataset in event["inputs"] + event["outputs"]] == [RAW.name, CLEAN.name]
    found = {p["name"]: p.get("value") for p in event["run"]["facets"]["whence_parameters"]["parameters"]}
    assert found == {"a": 1, "b": 2, "rest": [], "more": {}}
    assert len(event["run"]["facets"]["whence_code"]["sourceSha256"]) == 64
    assert event["job"]["facets"]["sourceCodeLocation"]["path"].endswith("test_recording.py")
    with pytest.raises(TypeError, match="missing"):
        add()
    assert last(recorded)["eventType"] == "FAIL"


async def test_a_decorated_coroutine_function(recorded):
    @job
    async def fetch(n):
        await asyncio.sleep(0)
        return n

    assert await fetch(7) == 7
    assert last(recorded)["eventType"] == "COMPLETE"
    assert last(recorded)["job"]["name"].endswith("fetch")


def test_a_generator_is_left_alone(recorded, caplog):
    @job
    def numbers():
        yield 1

    assert list(numbers()) == [1]
    assert recorded() == []
    assert "generator" in caplog.text


def test_wrong_uses_are_told_and_break_nothing(recorded, caplog):
    with run("etl", reads=[7], parameters=3) as r:
        r.read(42)
        r.write(CLEAN, columns=5)
        r.check(CLEAN, object())
        r.read(RAW, nonsense=1)
        r.read(43)
        r.read(RAW)
    assert [dataset["name"] for dataset in last(recorded)["inputs"]] == [RAW.name]
    assert caplog.text.count("could not be recorded") == 5  # each kind once


def test_outside_of_any_run(recorded):
    current_run().read(RAW)
    assert recorded() == []


def test_a_client_that_cannot_be_set_up_breaks_nothing(recorded, monkeypatch, caplog):
    monkeypatch.setenv("OPENLINEAGE__FACETS__NONSENSE", "1")
    with run("etl"):
        done = True
    assert done
    assert "could not be recorded" in caplog.text


def test_git(recorded, tmp_path, monkeypatch):
    def git(*arguments):
        subprocess.run(["git", "-c", "user.name=n", "-c", "user.email=e", *arguments], cwd=checkout, check=True)

    checkout = tmp_path / "checkout"
    checkout.mkdir()
    git("init", "-q", "-b", "main")
    git("remote", "add", "origin", "git@git.example:team/pipelines.git")
    script = checkout / "etl.py"
    script.write_text("from whence_collector import run\nwith run('from-git'): pass\n")
    git("add", ".")
    git("commit", "-q", "-m", "x")
    commit = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=checkout, capture_output=True, text=True, check=True
    ).stdout
    for dirty in (False, True):
        if dirty:
            script.write_text(script.read_text() + "# changed\n")
        subprocess.run([sys.executable, str(script)], check=True)
        event = last(recorded)
        location = event["job"]["facets"]["sourceCodeLocation"]
        assert location["repoUrl"] == "https://git.example/team/pipelines"
        assert (location["version"], location["branch"], location["path"]) == (commit.strip(), "main", "etl.py")
        assert event["run"]["facets"]["whence_code"]["dirty"] is dirty
