"""What the collector does in ``airflow dags test``, and that Airflow is the same without it."""

import json
import subprocess

import pytest

from tests.orchestrators.airflow_instance import COLLECTORS, LATEST, events
from tests.orchestrators.environments import environment


@pytest.fixture(scope="module")
def tested(recording, tmp_path_factory):
    """One DAG in one process, with the collector and without: what became of both, and the events."""
    spool = tmp_path_factory.mktemp("spool")
    command = ("dags", "test", "corners", "2026-11-02")
    ours = recording.airflow.call(*command, check=False, WHENCE_SPOOL=str(spool), WHENCE_SHIPPER="false")
    without = recording.airflow.call(*command, check=False, WHENCE_SPOOL="", WHENCE_URL="")
    return ours, without, events(spool)


def test_the_exit_code_is_the_same(tested):
    ours, without, _ = tested
    assert ours.returncode == without.returncode
    assert "as it was meant to be" in ours.stdout + ours.stderr


def test_the_run_of_the_dag_has_a_start(tested):
    _, _, found = tested
    of_dag = [event["eventType"] for event in found if event["job"]["name"] == "corners"]
    assert of_dag.count("START") == 1
    assert of_dag.count("FAIL") == 1


def test_no_task_has_the_lineage_of_another(tested):
    _, _, found = tested
    lineage = {
        dataset["name"]
        for event in found
        for dataset in (*event["inputs"], *event["outputs"])
        if event["job"]["name"] in ("corners.after", "corners.broken")
    }
    assert lineage == set()
    hooked = {d["name"] for e in found if e["job"]["name"] == "corners.hooked" for d in (*e["inputs"], *e["outputs"])}
    assert hooked == {"trading.public.trades", "declared", "hook/in", "hook/out"}


@pytest.mark.full
def test_installing_it_changes_none_of_the_users_packages():
    """What pip would do next to an Airflow as users have it."""
    theirs = environment("airflow-alone", LATEST[0]) / "bin/python"
    ours = (str(COLLECTORS / "whence-collector"), str(COLLECTORS / "whence-airflow"))
    command = [str(theirs), "-m", "pip", "install", "--quiet", "--dry-run", "--report", "-", *ours]
    report = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    new = {item["metadata"]["name"].lower() for item in report["install"]}
    freeze = subprocess.run([str(theirs), "-m", "pip", "freeze"], capture_output=True, text=True, check=True).stdout
    there = {line.partition("==")[0].lower() for line in freeze.splitlines()}
    assert {"whence-airflow", "whence-collector", "apache-airflow-providers-openlineage"} <= new
    assert not new & there
