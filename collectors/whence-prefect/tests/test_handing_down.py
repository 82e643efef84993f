"""What a flow tells other processes of its run."""

import json

import pytest

from tests.orchestrators.prefect_server import COLLECTORS, FLOOR, NEWEST, Prefect, prefect_environment

FLOWS = COLLECTORS / "whence-prefect/tests/flows/handing_down.py"


@pytest.mark.parametrize("version", [NEWEST, pytest.param(FLOOR, marks=pytest.mark.full)])
def test_a_process_is_told_the_task_and_the_outermost_flow(version, tmp_path):
    with Prefect(prefect_environment(*version), tmp_path) as prefect:
        done = prefect.run("python", FLOWS, OPENLINEAGE_NAMESPACE="trading")
    assert done.returncode == 0, done.stderr[-3000:]
    outside, in_flow, in_task = (json.loads(line) for line in done.stdout.splitlines() if line.startswith("{"))
    assert outside == {}
    for said, parent in ((in_flow, "trading/outer/"), (in_task, "trading/middle.inner/")):
        assert said["OPENLINEAGE_PARENT_ID"].startswith(parent)
        assert said["OPENLINEAGE_ROOT_PARENT_ID"].startswith("trading/outer/")
    assert in_flow["OPENLINEAGE_PARENT_ID"] == in_task["OPENLINEAGE_ROOT_PARENT_ID"]
    around = json.loads(in_task["OPENLINEAGE_CONTEXT"])["parent"]
    assert (around["job"]["name"], around["root"]["job"]["name"]) == ("middle.inner", "outer")
