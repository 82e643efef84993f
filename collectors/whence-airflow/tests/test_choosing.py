"""When the collector is at work, where the provider's events go, and whose converters of assets hold."""

import json
import os
import subprocess

import pytest

from tests.orchestrators.airflow_instance import LATEST, airflow_environment

OURS = {"type": "whence_airflow.transport.AirflowSpool"}
THEIRS = {"type": "console"}

STATE = """
import json, sys
if "provider first" in sys.argv:
    from airflow.providers.openlineage.plugins import openlineage
from whence_airflow.plugin import WhencePlugin
from whence_airflow import choosing
from airflow.providers.openlineage import conf
from airflow.providers.openlineage.plugins.openlineage import OpenLineageProviderPlugin as provider
first = openlineage.OpenLineageProviderPlugin if "provider first" in sys.argv else provider
print(json.dumps([len(WhencePlugin.listeners), len(first.listeners), conf.transport(), choosing.chosen_by_user()]))
"""

URIS = """
import json
from airflow.sdk.providers_manager_runtime import ProvidersManagerTaskRuntime
manager = ProvidersManagerTaskRuntime()
handlers, converters = manager.asset_uri_handlers, manager.asset_to_openlineage_converters
print(json.dumps([handlers["file"].__module__, converters["file"].__module__, converters["postgres"].__module__]))
"""


@pytest.fixture(scope="module")
def ask(tmp_path_factory):
    """Runs a script in Airflow's environment; the JSON in the last line that it prints."""
    python = airflow_environment(*LATEST) / "python"
    home = tmp_path_factory.mktemp("home")
    foreign = ("WHENCE_", "OPENLINEAGE", "AIRFLOW")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}

    def ask(script, *arguments, **variables):
        env = {**kept, "AIRFLOW_HOME": str(home), **variables}
        command = [python, "-W", "ignore", "-c", script, *arguments]
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
        return json.loads(done.stdout.splitlines()[-1])

    return ask


URL = {"WHENCE_URL": "http://127.0.0.1:9"}


def test_without_an_address_it_does_nothing(ask):
    assert ask(STATE) == [0, 0, {}, False]


def test_an_address_is_enough(ask):
    assert ask(STATE, **URL) == [1, 1, OURS, False]


def test_it_does_not_matter_whose_plugin_is_loaded_first(ask):
    assert ask(STATE, "provider first", **URL) == [1, 1, OURS, False]


def test_the_users_transport_stays(ask):
    found = ask(STATE, AIRFLOW__OPENLINEAGE__TRANSPORT=json.dumps(THEIRS), **URL)
    assert found == [1, 1, THEIRS, True]


def test_who_turns_openlineage_off_turns_it_off(ask):
    assert ask(STATE, OPENLINEAGE_DISABLED="true", **URL)[:2] == [0, 0]


def test_other_providers_handlers_and_converters_hold(ask):
    theirs = "airflow.providers.common.io.assets.file"
    assert ask(URIS) == [theirs, theirs, "whence_airflow.assets"]
