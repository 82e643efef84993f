"""Events that Airflow 3.3 with the collector reported of the trading pipeline, without an Airflow: the graph of them.

In the recording three of the mapped feeds of each day are left.
"""

import json
import random
from pathlib import Path

from tests.openlineage.validity import problems
from tests.orchestrators.graph_shape import shape_of
from whence_schemas.facets.whence import AirflowRun

RECORDED = Path(__file__).parent / "samples/airflow_3_3_trading.ndjson"
EVENTS = [json.loads(line) for line in RECORDED.read_text().splitlines()]

EDGES = {
    "trading.load_feed WRITES /srv/trading/raw_trades",
    "trading.process READS /srv/trading/raw_trades",
    "trading.process WRITES processed_trades",
    "trading.metrics READS processed_trades",
    "trading.metrics WRITES daily_metrics",
    "trading.limit_report READS daily_metrics",
    "trading.limit_report WRITES limits",
    "train.fit READS daily_metrics",
    "train.fit WRITES limit-breach",
}
RUNS = {
    "trading": {"FAIL": 2},
    "trading.symbols": {"COMPLETE": 2},
    "trading.load_feed": {"COMPLETE": 6},
    "trading.process": {"COMPLETE": 2},
    "trading.metrics": {"FAIL": 2, "COMPLETE": 2},
    "trading.limit_report": {"FAIL": 2},
    "trading.mail_report": {"ABORT": 2},
    "trading.holiday_notice": {"ABORT": 1, "COMPLETE": 1},
    "trading.is_month_end": {"COMPLETE": 2},
    "trading.month_end": {"ABORT": 2},
    "train": {"COMPLETE": 2},
    "train.fit": {"COMPLETE": 2},
}


async def test_the_graph_is_what_was_done():
    shape = await shape_of(EVENTS)
    assert {edge for edge in shape.edges if "PART_OF" not in edge} == EDGES
    assert shape.runs == RUNS
    assert shape.anomalies == set()


async def test_it_is_the_same_whoever_spoke_first_and_however_often():
    shuffled = [*EVENTS, *EVENTS[::3]]
    random.Random(7).shuffle(shuffled)
    assert await shape_of(shuffled) == await shape_of(EVENTS)


async def test_each_day_was_written():
    versions = (await shape_of(EVENTS)).versions
    for name in ("/srv/trading/raw_trades", "processed_trades", "daily_metrics"):
        assert {day for day in ("2026-11-02", "2026-11-03") if any(day in version for version in versions[name])} == {
            "2026-11-02",
            "2026-11-03",
        }


def test_events_of_ours_are_valid_and_their_facet_is_read():
    ours = [event for event in EVENTS if event["producer"].startswith("urn:whence:")]
    assert [problem for event in ours for problem in problems(event)] == []
    said = [event["run"]["facets"] for event in ours if "run" in event]
    states = {AirflowRun(**facets["whence_airflow"]).state for facets in said if "whence_airflow" in facets}
    assert states == {None, "failed", "skipped", "upstream_failed"}
