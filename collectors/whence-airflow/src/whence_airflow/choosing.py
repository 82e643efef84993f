"""Makes the spool the transport of Airflow's OpenLineage provider, unless the user has chosen one.

The provider takes its transport from ``[openlineage] transport`` and looks at that while Airflow loads its plugins. So
this is done while ours is loaded, by the variable that Airflow reads that option from: each process that Airflow starts
or forks inherits it, and the user's `airflow.cfg` is not touched.
"""

import importlib
import json
import logging
import os
import sys

from airflow.providers.openlineage import conf

log = logging.getLogger("whence_airflow")

TRANSPORT = {"type": "whence_airflow.transport.AirflowSpool"}
_VARIABLE = "AIRFLOW__OPENLINEAGE__TRANSPORT"
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
    os.environ[_VARIABLE] = json.dumps(TRANSPORT)
    for option in (conf.transport, conf.is_disabled):
        if hasattr(option, "cache_clear"):
            option.cache_clear()
    if not conf.is_disabled():  # else it was turned off, and stays so
        _wake()


def _wake() -> None:
    """The provider's plugin came before us, found no transport and turned itself off: have it look again."""
    if (module := sys.modules.get(_PLUGIN)) is None:
        return
    asleep = module.OpenLineageProviderPlugin
    awake = importlib.reload(module).OpenLineageProviderPlugin
    for offered in ("macros", "listeners", "hook_lineage_readers"):
        setattr(asleep, offered, getattr(awake, offered, []))
