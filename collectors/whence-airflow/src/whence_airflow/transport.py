"""The transport of the provider's events: the spool, and what is to be told when a DAG run has ended."""

from typing import Any

from whence_airflow.endings import endings
from whence_airflow.quiet import quiet
from whence_collector import SpoolTransport


class AirflowSpool(SpoolTransport):
    """Puts the provider's events into the spool, and after the last one of a DAG run those of its silent tasks."""

    def emit(self, event: Any) -> None:
        """Put an event into the spool. Never raises."""
        super().emit(event)
        quiet(self._emit_endings)(event)

    def _emit_endings(self, event: Any) -> None:
        for ending in endings(event):
            super().emit(ending)
