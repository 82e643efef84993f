"""Other versions than the newest, and the packages beside the collector."""

import json
import subprocess

import pytest

from tests.orchestrators.environments import environment
from tests.orchestrators.graph_shape import shape_of
from tests.orchestrators.prefect_recording import record
from tests.orchestrators.prefect_server import COLLECTORS, FLOOR, NEWEST, prefect_environment


@pytest.mark.full
async def test_the_oldest_prefect_gives_the_same_graph(recording, tmp_path):
    oldest = record(prefect_environment(*FLOOR), tmp_path)
    expected = await shape_of(recording.of(recording.sidecar, recording.without))
    assert await shape_of(oldest.of(oldest.sidecar, oldest.without)) == expected
    assert await shape_of(oldest.of(oldest.plugin, oldest.watched)) == expected
    assert await shape_of(oldest.of([*oldest.sidecar, *oldest.plugin], oldest.watched)) == expected
    for how, differs in (("killed", {}), ("recovered", {}), ("cancelled", {"inner": {"FAIL": 1}})):
        expected = await shape_of(recording.of(recording.sidecar, getattr(recording, how)))
        expected.runs |= differs  # it says itself that a subflow of a cancelled run crashed
        assert await shape_of(oldest.of(oldest.sidecar, getattr(oldest, how))) == expected
    assert oldest.exits == recording.exits


@pytest.mark.full
def test_installing_the_collector_changes_no_version_of_what_is_there(tmp_path):
    plain = environment("prefect-plain", *NEWEST)
    ours = [COLLECTORS / "whence-collector", COLLECTORS / "whence-prefect"]
    pip = [plain / "bin/python", "-m", "pip", "--disable-pip-version-check"]
    report = tmp_path / "report.json"
    subprocess.run([*pip, "install", "--quiet", "--dry-run", "--report", report, *ours], check=True)
    there = {one["name"].lower() for one in json.loads(subprocess.check_output([*pip, "list", "--format", "json"]))}
    added = {one["metadata"]["name"].lower() for one in json.loads(report.read_text())["install"]}
    assert {"whence-collector", "whence-prefect", "openlineage-python"} <= added
    assert not added & there
