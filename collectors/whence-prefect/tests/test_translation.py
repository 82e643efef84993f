"""Prefect's events, as they were recorded and as they may come -> OpenLineage events, without Prefect."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.openlineage.validity import problems
from tests.orchestrators.graph_shape import shape_of
from whence_collector.plain import plain
from whence_prefect.facets import WhencePrefectRunFacet
from whence_prefect.facts import Facts
from whence_prefect.lineage import Known, Lineage
from whence_prefect.native import change, facts_of_task
from whence_prefect.process.values import snapshot
from whence_prefect.runs import Change, FlowRun, Match, Ref, TaskRun, Upstream
from whence_prefect.sidecar.abandoned import Abandoned
from whence_prefect.sidecar.cursor import OVERLAP, Cursor
from whence_prefect.sidecar.translate import Translator
from whence_schemas.facets.whence import PrefectRun

ROOT = Path(__file__).parents[3]
RECORDED = Path(__file__).parent / "samples" / "prefect_3_9_events.ndjson"
SOURCES = ("sidecar", "plugin")
AT = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
FLOW = FlowRun(id="0d1c0000-0000-4000-8000-000000000001", name="a-run", flow="etl")
TASK = TaskRun(id="0d1c0000-0000-4000-8000-000000000002", name="load-1", task="load", flow_run=FLOW)


class Api:
    """A server that has forgotten everything but what it is given."""

    def __init__(self, **found):
        self.found = {path.replace("__", "/").replace("_S_", "-"): value for path, value in found.items()}
        self.asked: list[str] = []

    async def get(self, path):
        self.asked.append(path)
        return self.found.get(path)

    async def post(self, path, body):
        self.asked.append(path)
        return self.found.get(path, {"events": []})


def recorded():
    return [json.loads(line) for line in RECORDED.read_text().splitlines()]


async def translated(events, api=None):
    translator = Translator(Lineage("prefect"), Facts(api or Api()))
    return [made for event in events for made in await translator.events(event)]


def changed(type: str, name: str, before: str | None = None, run=TASK, **more):
    return Lineage("prefect").changed(run, Change(at=AT, type=type, name=name, before=before, **more))


async def test_recorded_events_give_the_lineage_that_was_run():
    shape = await shape_of(plain(event) for event in await translated(recorded()))
    assert shape.anomalies == set()
    assert {
        "trades-main.raw_trades WRITES raw/trades",
        "trades-main.processed_trades WRITES processed/trades",
        "trades-main.daily_metrics READS ref/calendar",
        "trades-main.daily_metrics WRITES daily_metrics",
        "trades-main.total WRITES total-md",
    } <= shape.edges
    assert set(shape.runs["trades-main.per_item"]) == {"COMPLETE"}
    assert set(shape.runs["trades-main.flaky"]) == {"FAIL FAIL COMPLETE"}
    assert set(shape.runs["trades-bad.boom"]) == {"FAIL"}


async def test_every_event_made_of_recorded_ones_is_valid():
    made = [plain(event) for event in await translated(recorded())]
    assert made
    assert [problem for event in made for problem in problems(json.loads(json.dumps(event)))] == []


async def test_the_same_events_give_the_same_lines():
    assert [plain(e) for e in await translated(recorded())] == [plain(e) for e in await translated(recorded())]


@pytest.mark.parametrize(
    ("type", "name", "before", "expected"),
    [
        ("SCHEDULED", "Scheduled", None, []),
        ("PENDING", "Pending", "SCHEDULED", []),
        ("RUNNING", "Running", "PENDING", ["START"]),
        ("RUNNING", "Retrying", "RUNNING", ["FAIL", "START"]),
        ("RUNNING", "Retrying", "SCHEDULED", ["START"]),
        ("SCHEDULED", "AwaitingRetry", "RUNNING", ["FAIL"]),
        ("SCHEDULED", "AwaitingRetry", "FAILED", []),
        ("PAUSED", "Suspended", "RUNNING", ["RUNNING"]),
        ("COMPLETED", "Completed", "RUNNING", ["COMPLETE"]),
        ("COMPLETED", "Cached", "RUNNING", ["COMPLETE"]),
        ("COMPLETED", "Skipped", "RUNNING", ["COMPLETE"]),
        ("COMPLETED", "RolledBack", "COMPLETED", ["ABORT"]),
        ("FAILED", "TimedOut", "RUNNING", ["FAIL"]),
        ("CRASHED", "Crashed", "RUNNING", ["FAIL"]),
        ("CANCELLING", "Cancelling", "RUNNING", ["RUNNING"]),
        ("CANCELLED", "Cancelled", "CANCELLING", ["ABORT"]),
        ("PENDING", "NotReady", "PENDING", ["ABORT"]),
    ],
)
def test_states(type, name, before, expected):
    assert [event.eventType.value for event in changed(type, name, before)] == expected


async def test_a_retry_at_once_is_a_new_attempt_also_beside_the_plugin():
    """The two say the same of each attempt, a microsecond apart, and no attempt is doubled."""
    sidecar, plugin = Lineage("prefect"), Lineage("prefect", timedelta(microseconds=1))
    states = [
        ("RUNNING", "Running", "PENDING"),
        ("RUNNING", "Retrying", "RUNNING"),
        ("COMPLETED", "Completed", "RUNNING"),
    ]
    events = []
    for count, (type, name, before) in enumerate(states):
        change = Change(at=AT + timedelta(milliseconds=count), type=type, name=name, before=before, count=count + 1)
        events += [*sidecar.changed(TASK, change), *plugin.changed(TASK, change, Known(error="no", stack="Traceback"))]
    shape = await shape_of([plain(event) for event in reversed(events)])
    assert shape.runs == {"etl.load": {"FAIL COMPLETE": 1}}


def test_the_message_of_a_run_that_never_started_is_kept():
    [event] = changed(
        "PENDING", "NotReady", "PENDING", message="Upstream task run 'x' did not reach a 'COMPLETED' state."
    )
    assert "did not reach" in event.run.facets["errorMessage"].message


def test_a_link_that_is_certain_wins_over_one_by_identity():
    other = Ref("0d1c0000-0000-4000-8000-000000000003", "etl.extract")
    links = (Upstream(other, "a", Match.FUTURE), Upstream(other, "b", Match.IDENTITY))
    run = TaskRun(id=TASK.id, name="load-1", task="load", flow_run=FLOW, upstream=links)
    [event] = changed("RUNNING", "Running", "PENDING", run)
    [dependency] = event.run.facets["jobDependencies"].upstream
    assert (dependency.job.name, dependency.dependency_type) == ("etl.extract", "DIRECT_INVOCATION")


def test_a_task_is_named_by_its_run_or_by_its_function():
    said = {"name": "Load trades-307", "dynamic_key": "3073c516-c491", "task_key": "load-420cbc79"}
    assert facts_of_task("1", "2", said).task == "Load trades"
    custom = {**said, "name": "load of Monday"}
    assert facts_of_task("1", "2", custom).task is None
    assert facts_of_task("1", "2", custom).function == "load"
    assert facts_of_task("1", None, {**said, "name": "Load trades"}, created=True).task == "Load trades"


async def test_a_renamed_task_run_belongs_to_its_task():
    """`task_run_name` replaces the name when the run starts; also if the sidecar began only then."""
    task_runs = [event for event in recorded() if event["event"].startswith("prefect.task-run.")]
    booms = [event for event in task_runs if event["payload"]["task_run"]["name"] == "boom-6e2"]
    first, *rest = booms
    assert len(rest) == 2
    for event in rest:
        event["payload"]["task_run"]["name"] = "custom name"
    along = await translated([first, *rest])
    late = await translated(rest, Api(**{"/events/filter": {"events": [first]}}))
    assert {event.job.name for event in along} == {event.job.name for event in late} == {"trades-bad.boom"}


ENDED = AT + timedelta(minutes=5)


def flow_ended(type, at=ENDED):
    resource = {"prefect.resource.id": f"prefect.flow-run.{FLOW.id}", "prefect.resource.name": "a-run"}
    state = {"prefect.state-type": type, "prefect.state-name": type.title(), "prefect.state-message": "signal 9"}
    event = {"event": f"prefect.flow-run.{type.title()}", "occurred": at.isoformat(), "related": []}
    return {**event, "resource": {**resource, **state}, "payload": {"initial_state": {"type": "RUNNING"}}}


def task_run(number, type, since, began=AT, **details):
    """What the REST API says of a task run."""
    state = {"type": type, "timestamp": since.isoformat(), "state_details": details}
    said = {"name": f"load-{number}", "dynamic_key": str(number), "task_key": "load-1", "flow_run_id": FLOW.id}
    said |= {"id": f"{TASK.id[:-1]}{number}", "run_count": 1, "start_time": began and began.isoformat()}
    return {**said, "state": state}


class Left(Api):
    """A server that knows these task runs of the flow run."""

    def __init__(self, *runs):
        super().__init__(**{f"/task_runs/{run['id']}".replace("-", "_S_"): run for run in runs})
        self.runs = runs

    async def post(self, path, body):
        first = path == "/task_runs/filter" and body["offset"] == 0
        return list(self.runs) if first else []


async def left_by(event, *runs):
    api = Left(*runs)
    abandoned = Abandoned(Lineage("prefect"), Facts(api), api)
    abandoned.note(event)
    made = [await abandoned.events() for _ in range(2)]
    assert made[1] == []
    return [(event.eventType.value, event.run.runId[-1], event.eventTime) for event in made[0]]


@pytest.mark.parametrize(("type", "ends"), [("CRASHED", "FAIL"), ("CANCELLED", "ABORT")])
async def test_what_a_flow_run_left_open_ends_with_it(type, ends):
    before, later = AT + timedelta(seconds=1), ENDED + timedelta(seconds=20)
    found = await left_by(
        flow_ended(type),
        task_run(1, "RUNNING", before),
        task_run(2, "CANCELLED", later),  # by the server, which tells nobody
        task_run(3, "CANCELLED", before),  # by itself
        task_run(4, "CANCELLED", later, began=None),  # that never ran
        task_run(5, "RUNNING", later, began=later),  # of the flow run's next try
        task_run(7, "CANCELLED", later, began=later),
        task_run(8, "RUNNING", later),  # again, in the next try
        task_run(6, "RUNNING", before, child_flow_run_id="a"),  # in the place of a subflow
    )
    at = ENDED.isoformat(timespec="microseconds")
    assert found == [(ends, "1", at), (ends, "2", at)]


@pytest.mark.parametrize("type", ["COMPLETED", "FAILED"])
async def test_a_process_that_lives_tells_itself_how_its_tasks_end(type):
    assert await left_by(flow_ended(type), task_run(1, "RUNNING", AT)) == []


async def test_what_ended_just_now_may_still_be_told():
    now = datetime.now(UTC)
    assert await left_by(flow_ended("CRASHED", now), task_run(1, "RUNNING", AT)) == []


async def test_events_that_say_nothing_of_lineage_ask_nothing():
    api = Api()
    quiet = [event for event in recorded() if event["event"].endswith((".Pending", ".Scheduled", ".heartbeat"))]
    assert await translated(quiet, api) == []
    assert api.asked == []


async def test_recorded_lines_of_sidecar_and_plugin_merge():
    """Two days of the trading pipeline, with three of the fifty mapped tasks a day, as a real Prefect gave them."""
    sidecar, plugin = ((RECORDED.parent / f"trading_{name}.ndjson").read_bytes().splitlines() for name in SOURCES)
    alone = await shape_of(plugin)
    assert alone.runs["trading.extract"] == {"FAIL COMPLETE": 2}
    assert alone.runs["trading.price"] == {"COMPLETE": 6}
    assert await shape_of([*sidecar, *plugin]) == alone
    assert (await shape_of(sidecar)).runs == alone.runs


def test_the_facet_its_schema_and_its_model_agree():
    schema = json.loads((ROOT / "schemas/json/WhencePrefectRunFacet.json").read_text())
    definition = schema["$defs"]["WhencePrefectRunFacet"]["allOf"][1]
    sent = {name for name in WhencePrefectRunFacet.__annotations__ if not name.startswith("_")}
    assert sent == set(definition["properties"]) == set(PrefectRun.model_fields)
    assert set(schema["$defs"]["TaskInput"]["properties"]["match"]["enum"]) == set(Match)


def test_changes_are_read_from_states_only():
    assert [
        e["event"]
        for e in recorded()
        if change(e) and not e["event"].startswith(("prefect.flow-run.", "prefect.task-run."))
    ] == []


def test_the_cursor_goes_on_where_it_was(tmp_path):
    cursor = Cursor(tmp_path / "deep" / "cursor.json")
    assert cursor.since() is None
    cursor.advance(AT)
    cursor.advance(AT - timedelta(hours=1))
    cursor.save()
    assert Cursor(tmp_path / "deep" / "cursor.json").since() == AT - OVERLAP


def test_a_clock_that_is_ahead_is_no_progress(tmp_path):
    cursor = Cursor(tmp_path / "cursor.json")
    cursor.advance(datetime.now(UTC) + timedelta(days=300))
    assert cursor.latest is not None
    assert cursor.latest <= datetime.now(UTC)


def test_a_cursor_that_cannot_be_read_begins_anew(tmp_path):
    (tmp_path / "cursor.json").write_text("")
    assert Cursor(tmp_path / "cursor.json").since() is None


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (True, True),
        ({"a": [1, (2.5, None)]}, {"a": [1, [2.5, None]]}),
        (AT, str(AT)),
        (Path("/srv/x"), "/srv/x"),
        (list(range(100)), "<list of 100>"),
        (b"abc", "<bytes of 3>"),
        ([[[[1]]]], [[["<list of 1>"]]]),
    ],
)
def test_arguments_are_shown_small(value, shown):
    assert snapshot(value) == shown
    json.dumps(shown)
