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

THREADED = """
import json
from whence_airflow.plugin import WhencePlugin
from airflow.providers.openlineage import conf
print(json.dumps(conf.execute_in_thread()))
"""

LOADED = """
import json, sys
from airflow.sdk.listener import get_listener_manager
get_listener_manager()
from airflow.providers.openlineage.plugins.listener import get_openlineage_listener
client = get_openlineage_listener().adapter._client
print(json.dumps([client and client.transport.kind, "airflow.providers.common.sql.hooks.lineage" in sys.modules]))
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
        *said, found = done.stdout.splitlines()
        assert "Whence" not in done.stdout + done.stderr
        assert not said or "in silence" not in arguments, said
        return json.loads(found)

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


def test_the_provider_forks_nothing_for_the_spool(ask):
    assert ask(THREADED, **URL) is True


def test_how_it_emits_elsewhere_is_not_changed(ask):
    assert ask(THREADED, AIRFLOW__OPENLINEAGE__TRANSPORT=json.dumps(THEIRS), **URL) is False


def test_the_users_way_to_emit_stays(ask, tmp_path):
    assert ask(THREADED, AIRFLOW__OPENLINEAGE__EXECUTE_IN_THREAD="False", **URL) is False
    (tmp_path / "airflow.cfg").write_text("[openlineage]\nexecute_in_thread = False\n")
    assert ask(THREADED, AIRFLOW_CONFIG=str(tmp_path / "airflow.cfg"), **URL) is False


def test_who_loads_plugins_has_all_set_up_and_prints_nothing(ask):
    assert ask(LOADED, "in silence", **URL) == ["whence_spool", True]


def test_a_users_transport_is_not_set_up_to_be_shared(ask):
    assert ask(LOADED, AIRFLOW__OPENLINEAGE__TRANSPORT=json.dumps(THEIRS), **URL) == [None, True]


def test_other_providers_handlers_and_converters_hold(ask):
    theirs = "airflow.providers.common.io.assets.file"
    assert ask(URIS) == [theirs, theirs, "whence_airflow.assets"]
