"""The plugin: Prefect loads it in every process that executes flows or tasks, if PREFECT_PLUGINS_ENABLED is true."""

import logging
from typing import Any

from ..settings import disabled

try:
    from prefect.plugins import register_hook
except ImportError:  # before 3.7
    from prefect._experimental.plugins import register_hook

log = logging.getLogger("whence_prefect")


@register_hook  # type: ignore[untyped-decorator]  # Prefect is not there where types are checked
def setup_environment(*, ctx: Any) -> None:
    """Watch the engines of flows and tasks. Whatever goes wrong here is logged, and flows run as without it."""
    if disabled():
        return
    try:
        from . import engines

        engines.watch()
    except Exception:
        log.warning("Whence: this version of Prefect cannot be watched; flows run without lineage", exc_info=True)
