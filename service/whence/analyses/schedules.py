"""Schedules, as facets and tags tell them."""

from typing import Any

from pydantic_core import from_json

from whence.rhythm.cron import Cron
from whence.rhythm.zones import zone_of
from whence_schemas.durations import Duration
from whence_schemas.times import SECOND

SCHEDULE_FACETS = ("airflow", "airflowDagRun")
"""Run facets of Airflow's provider: `dag` has the serialized timetable, or in Airflow 2 the schedule."""


def schedule_of(body: bytes) -> Cron | Duration | None:
    """The schedule in one of these facets. A DAG that assets trigger, or people, has none."""
    dag = _object(_object(from_json(body)).get("dag"))
    timetable = _object(dag.get("timetable"))
    delta = timetable.get("delta")
    if isinstance(delta, int | float) and delta > 0:
        return Duration(0, int(delta * SECOND))
    zone = timetable.get("timezone")
    for said in (timetable.get("expression"), dag.get("schedule_interval"), dag.get("timetable_summary")):
        if isinstance(said, str) and isinstance(cron := parse_schedule(said, zone), Cron):
            return cron
    return None


def parse_schedule(text: str, zone: Any = "") -> Cron | Duration | None:
    """A cron schedule, or an ISO 8601 duration; None where it is neither."""
    try:
        return (
            Duration.parse(text) if text.startswith("P") else Cron(text, zone_of(zone if isinstance(zone, str) else ""))
        )
    except ValueError:
        return None


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
