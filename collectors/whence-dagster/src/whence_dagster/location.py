"""A code location with one sensor, which reports the runs of all code locations of the deployment.

In workspace.yaml: ``- python_module: whence_dagster.location``. It needs the Dagster daemon, and changes no code.

It is a sensor with a cursor of its own, and not four sensors of run statuses: so it sees what a run does while it runs,
sees runs that are cancelled before they start, and reads exactly what `whence-dagster tail` reads.
"""

from datetime import timedelta
from pathlib import Path

from dagster import DagsterInstance, DefaultSensorStatus, Definitions, SensorEvaluationContext, SkipReason, sensor

from whence_collector import spool_client
from whence_dagster import settings
from whence_dagster.definitions import workspace_origins
from whence_dagster.tail import Cursor, Tail

_WORKSPACE = Path("workspace.yaml")
_SECONDS = 30.0
_tails: dict[str, Tail] = {}


def _tail(instance: DagsterInstance, cursor: Cursor) -> Tail:
    """The instance's tail, which this process keeps between ticks."""
    if instance.root_directory not in _tails:
        tail = _tails[instance.root_directory] = Tail(instance, spool_client(), settings.names())
        origins = workspace_origins(str(_WORKSPACE)) if _WORKSPACE.is_file() else []
        tail.load([origin for origin in origins if __name__ not in origin.location_name], cursor)
    return _tails[instance.root_directory]


@sensor(
    name="whence",
    minimum_interval_seconds=10,
    default_status=DefaultSensorStatus.RUNNING,
    description="Reports the runs of all code locations to Whence. It launches nothing.",
)
def whence_sensor(context: SensorEvaluationContext) -> SkipReason:
    """Emit what is new since the last tick."""
    cursor = Cursor.from_json(context.cursor) if context.cursor else Cursor.start(timedelta(days=settings.HISTORY_DAYS))
    more = _tail(context.instance, cursor).poll(cursor, _SECONDS)
    context.update_cursor(cursor.to_json())
    return SkipReason("There is more to be read." if more else f"All is reported up to {cursor.since}.")


defs = Definitions(sensors=[whence_sensor])
