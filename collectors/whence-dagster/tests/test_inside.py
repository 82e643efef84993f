"""Runs the tests in `inside/`, which import Dagster, in an environment that has it."""

import os
import subprocess
from pathlib import Path

import pytest

from .dagster_environment import FLOOR, LATEST, dagster_environment


@pytest.mark.parametrize("version", [LATEST, pytest.param(FLOOR, marks=pytest.mark.full)])
def test_the_core_on_logs_of_runs_in_one_process(version, tmp_path):
    bin = dagster_environment(version)
    command = [str(bin / "python"), "-m", "pytest", "-q", "--rootdir", ".", "-c", os.devnull, "--noconftest", "."]
    inside = Path(__file__).parent / "inside"
    environment = {**os.environ, "DAGSTER_HOME": "", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, cwd=inside, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
