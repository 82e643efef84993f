"""The pipelines, run once in a real Airflow, for the tests that look at what came of it."""

import pytest

from tests.orchestrators.airflow_instance import FLOOR, LATEST, airflow_environment

from .recording import recorded


@pytest.fixture(scope="session", params=[LATEST, pytest.param(FLOOR, marks=pytest.mark.full)], ids=lambda it: it[0])
def recording(request, tmp_path_factory):
    with recorded(airflow_environment(*request.param), tmp_path_factory.mktemp("airflow")) as found:
        yield found
