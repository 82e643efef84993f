"""The trading pipeline, run once by real Dagster processes, for the tests that look at what came of it."""

import pytest

from .dagster_environment import FLOOR, LATEST, Deployment, dagster_environment

collect_ignore = ["inside"]  # it imports Dagster: see test_inside.py
DAYS = ("2026-11-02", "2026-11-03")


@pytest.fixture(scope="session", params=[LATEST, pytest.param(FLOOR, marks=pytest.mark.full)])
def dagster(request):
    """The executables of a Dagster with the collector."""
    return dagster_environment(request.param)


@pytest.fixture(scope="session")
def trading(dagster, tmp_path_factory):
    """The pipeline of two days, its model, a failing report and an export; the tail has read all of it."""
    deployment = Deployment(tmp_path_factory.mktemp("trading"), dagster)
    deployment.materialize("instruments")
    for day in DAYS:
        deployment.execute("daily_trades", day)
    deployment.materialize("model*", check=False)
    deployment.execute("export")
    deployment.tail()
    return deployment
