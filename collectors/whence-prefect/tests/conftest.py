"""One recording for all tests: the trading pipeline on a real Prefect server, with sidecar and plugin."""

import pytest

from tests.orchestrators.prefect_recording import record
from tests.orchestrators.prefect_server import NEWEST, prefect_environment


@pytest.fixture(scope="session")
def recording(tmp_path_factory):
    return record(prefect_environment(*NEWEST), tmp_path_factory.mktemp("prefect"))
