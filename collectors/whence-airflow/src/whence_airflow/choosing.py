"""Makes the spool the transport of Airflow's OpenLineage provider, unless the user has chosen one.

The provider takes its transport from ``[openlineage] transport`` and looks at that while Airflow loads its plugins. So
this is done while ours is loaded, by the variable that Airflow reads that option from: each process that Airflow starts
or forks inherits it, and the user's `airflow.cfg` is not touched.

The provider forks a process for each event of a task, lest a transport keep the task waiting. The spool keeps nobody
waiting, and a fork takes many times what the event takes. So the provider is told to do without, by its own option.
"""

import importlib
import json
import logging
import os
import sys
from configparser import RawConfigParser
from typing import Any

from airflow.providers.openlineage import conf

log = logging.getLogger("whence_airflow")

TRANSPORT = {"type": "whence_airflow.transport.AirflowSpool"}
_OPTION = "AIRFLOW__OPENLINEAGE__{}"
_PLUGIN = "airflow.providers.openlineage.plugins.openlineage"


def wanted() -> bool:
    """Whether this Airflow is to report to Whence: it was told where that is."""
    return bool(os.environ.get("WHENCE_URL") or os.environ.get("WHENCE_SPOOL"))


def active() -> bool:
    """Whether to report: it is wanted, and OpenLineage is not turned off."""
    return wanted() and not conf.is_disabled()


def chosen_by_user() -> bool:
    """Whether events of the provider go where the user said, and not into the spool."""
    return active() and "whence" not in json.dumps(conf.transport())


def choose_transport() -> None:
    """Make the spool the provider's transport, if it has none and Whence is wanted."""
    if not wanted() or not conf.is_disabled():
        return
    os.environ[_OPTION.format("TRANSPORT")] = json.dumps(TRANSPORT)
    if not _is_said("execute_in_thread"):
        os.environ[_OPTION.format("EXECUTE_IN_THREAD")] = "True"
    for name in ("transport", "is_disabled", "execute_in_thread"):  # the last is not there before provider 2.20
        option: Any = getattr(conf, name, None)
        if hasattr(option, "cache_clear"):
            option.cache_clear()
    if not conf.is_disabled():  # else it was turned off, and stays so
        _wake()


def _is_said(option: str) -> bool:
    """Whether the user has set an option of the provider."""
    return _OPTION.format(option.upper()) in os.environ or RawConfigParser.has_option(conf.conf, "openlineage", option)


def _wake() -> None:
    """The provider's plugin came before us, found no transport and turned itself off: have it look again."""
    if (module := sys.modules.get(_PLUGIN)) is None:
        return
    asleep = module.OpenLineageProviderPlugin
    awake = importlib.reload(module).OpenLineageProviderPlugin
    for offered in ("macros", "listeners", "hook_lineage_readers"):
        setattr(asleep, offered, getattr(awake, offered, []))
