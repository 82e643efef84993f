"""The environment variables of this collector, beside those of whence-collector."""

import os
import re

from whence_dagster.names import Names

HISTORY_DAYS = 7.0
"""Days of runs that a collector reports when it is started for the first time."""


def names() -> Names:
    """The naming of the deployment.

    `OPENLINEAGE_NAMESPACE` names it; `WHENCE_DAGSTER_STORES` gives OpenLineage namespaces by kind of storage, as in
    ``duckdb=duckdb:///srv/w.duckdb, snowflake=snowflake://org-account``.
    """
    stores = re.findall(r"([^\s,=]+)=([^\s,]+)", os.environ.get("WHENCE_DAGSTER_STORES", ""))
    return Names(os.environ.get("OPENLINEAGE_NAMESPACE", ""), dict(stores))
