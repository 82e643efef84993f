"""dbt-ol through the spool: the real one, in both of its modes, as a part of a recorded run."""

import pytest

from tests.openlineage.validity import problems
from tests.orchestrators.dbt_project import DbtProject, dbt_environment
from tests.running import running
from whence_collector import run, spool_client, transport
from whence_collector.ship import main

MODES = {"default": [], "structured logs": ["--consume-structured-logs"]}


@pytest.mark.parametrize("mode", MODES)
def test_dbt(mode, folder, tmp_path, monkeypatch, events):
    project = DbtProject(tmp_path, folder, dbt_environment())
    monkeypatch.setenv("WHENCE_SPOOL", str(folder))
    monkeypatch.setenv("WHENCE_SHIPPER", "0")
    monkeypatch.setenv("OPENLINEAGE_NAMESPACE", "desk")
    spool_client.cache_clear()
    transport._spool.cache_clear()
    with run("nightly") as nightly:
        project.run("dbt-ol", *MODES[mode], "build", **nightly.environment())
    transport._spool.cache_clear()
    recorded = events()
    ours = [problem for event in recorded if event["producer"].startswith("urn:whence:") for problem in problems(event)]
    assert ours == []
    [outer] = {event["run"]["runId"] for event in recorded if event["job"]["name"] == "dbt-run-tradesdbt"}
    assert {
        event["run"]["facets"]["parent"]["run"]["runId"] for event in recorded if event["run"]["runId"] == outer
    } == {nightly.id}
    [daily] = {
        (dataset["namespace"], dataset["name"])
        for event in recorded
        for dataset in event["outputs"]
        if dataset["name"].endswith("daily_metrics")
    }
    (tmp_path / "whence").mkdir()
    with running(tmp_path / "whence") as server:
        assert main(["--once", "--url", server.url, "--spool", str(folder)]) == 0
        assert server.settle()["log"]["size"] == len(set(map(str, recorded)))
        found = server.graphql(
            """query ($of: LineageStart!) { lineage(of: $of, direction: UPSTREAM) { nodes { name kind } } }""",
            of={"dataset": dict(zip(("namespace", "name"), daily, strict=True))},
        )
    datasets = {node["name"] for node in found["lineage"]["nodes"] if node["kind"] == "DATASET"}
    assert datasets == {"trades.main.daily_metrics", "trades.main.processed_trades", "trades.main.raw_trades"}
