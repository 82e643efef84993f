"""Two ways to read an instance, from outside and in a sensor of the daemon: both say the same, and lose nothing."""

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.orchestrators.environments import environment

from .dagster_environment import (
    COLLECTOR,
    LATEST,
    ROOT,
    Deployment,
    dagster_environment,
    environment_beside,
    eventually,
)
from .postgresql import postgresql

CODE = Path(__file__).parent / "code"

RUNS = """{ search(kinds: [JOB], first: 500) { edges { node { ... on Job { name
  runs(first: 500) { edges { node { runId state parent { runId } attempts { state } } } }
} } } } }"""
DAY = ("--tags", '{"dagster/partition": "2026-11-02"}')
WORKSPACE = ("-w", "workspace.yaml")


def runs_of(deployment, name):
    """Of each run its job, its state, what it belongs to, and the states of its attempts."""
    with deployment.graph(name) as ask:
        nodes = [edge["node"] for edge in ask(RUNS)["search"]["edges"]]
    return {
        edge["node"]["runId"]: (
            node["name"],
            edge["node"]["state"],
            (edge["node"]["parent"] or {}).get("runId"),
            [attempt["state"] for attempt in edge["node"]["attempts"]],
        )
        for node in nodes
        for edge in node["runs"]["edges"]
    }


def said(events):
    return {(e["run"]["runId"], e["eventType"], e["eventTime"]) for e in events if "run" in e}


def ended(deployment, job, count):
    """Whether `count` runs of a job have ended, by the spool."""
    found = [e for e in deployment.events() if e.get("eventType") in ("COMPLETE", "FAIL") and e["job"]["name"] == job]
    return len({e["run"]["runId"] for e in found}) >= count


def test_a_tail_that_is_killed_again_and_again_loses_nothing(dagster, tmp_path):
    kill_again_and_again(Deployment(tmp_path, dagster))


@pytest.mark.full
def test_nor_does_it_where_postgresql_keeps_the_instance(tmp_path):
    beside = environment_beside()
    with postgresql(beside) as storage:
        kill_again_and_again(Deployment(tmp_path, beside / "bin", storage=storage))


def kill_again_and_again(deployment):
    """The tail is killed while a run of fifty steps goes on, and sends no event that counts twice."""
    tail = ("whence-dagster", "tail", "--interval", "0.2", "--state", str(deployment.state))
    job = deployment.start("dagster", "job", "execute", "-f", "definitions.py", "-j", "daily_trades", *DAY)
    while job.poll() is None:
        process = deployment.start(*tail)
        _wait_for_more(deployment, job, process)
        time.sleep(0.3)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert job.returncode == 0
    deployment.tail()
    killed = runs_of(deployment, "killed")
    _, state, _, _ = next(run for run in killed.values() if run[0] == "daily_trades")
    assert state == "COMPLETE"
    assert len(killed) == 57  # the run, list, fifty loads, store, split, two tries of the metrics, a check
    assert all(len(attempts) == 1 for *_, attempts in killed.values())


@pytest.mark.full
def test_what_is_committed_late_is_told_too(tmp_path):
    """PostgreSQL gives out ids before it commits: the end of a step turns up after later entries were read."""
    beside = environment_beside()
    with postgresql(beside) as storage:
        deployment = Deployment(tmp_path, beside / "bin", CODE / "late", storage)
        told = json.loads(deployment.run("python", "late.py").stdout)
    assert told == {"before": ["other"], "again": ["late"], "restarted": ["other", "late"]}


def _wait_for_more(deployment, job, process):
    before = len(deployment.events())
    eventually(lambda: len(deployment.events()) > before or job.poll() is not None, process)


def test_a_sensor_in_the_real_daemon_says_what_the_tail_says(tmp_path):
    """Two days as a backfill, by the newest daemon; the workspace file has one line for the collector."""
    deployment = Deployment(tmp_path, dagster_environment(LATEST))
    daemon = deployment.start("dagster-daemon", "run", *WORKSPACE)
    try:
        backfill = ("--partitions", "2026-11-02,2026-11-03", "--noprompt")
        deployment.run("dagster", "job", "backfill", *WORKSPACE, "-l", "trading", "-j", "daily_trades", *backfill)
        eventually(lambda: ended(deployment, "daily_trades", 2) and ended(deployment, "__BACKFILL", 1), daemon)
    finally:
        os.killpg(daemon.pid, signal.SIGTERM)
        daemon.wait()
    assert deployment.invalid() == []
    by_sensor, runs = deployment.events(), runs_of(deployment, "sensor")
    (backfill,) = [(run, *about) for run, about in runs.items() if about[0] == "__BACKFILL"]
    children = [about for about in runs.values() if about[0] == "daily_trades"]
    assert (backfill[2], [child[1:3] for child in children]) == ("COMPLETE", [("COMPLETE", backfill[0])] * 2)

    sensors = deployment.spool
    deployment.spool = tmp_path / "spool of the tail"
    deployment.tail()
    assert said(deployment.events()) == said(by_sensor)
    shutil.copytree(sensors, deployment.spool, dirs_exist_ok=True)
    assert runs_of(deployment, "both") == runs


def test_installing_it_changes_none_of_the_users_packages():
    """What pip would do next to a Dagster as users have it."""
    theirs = environment("dagster-alone", LATEST) / "bin/python"
    ours = (str(ROOT / "collectors/whence-collector"), str(COLLECTOR))
    command = [str(theirs), "-m", "pip", "install", "--quiet", "--dry-run", "--report", "-", *ours]
    report = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    new = {item["metadata"]["name"].lower() for item in report["install"]}
    freeze = subprocess.run([str(theirs), "-m", "pip", "freeze"], capture_output=True, text=True, check=True).stdout
    there = {line.partition("==")[0].lower() for line in freeze.splitlines()}
    assert {"whence-dagster", "whence-collector", "openlineage-python"} <= new
    assert not new & there
