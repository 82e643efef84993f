"""The trading pipeline in a real Prefect, and what Whence's graph says of it, compared with what is expected."""

import json
from collections import Counter

import pytest

from tests.openlineage.validity import problems
from tests.orchestrators.graph_shape import Shape, shape_of
from tests.orchestrators.prefect_recording import AWAY, DAYS, SERVED
from whence_schemas.facets import read_facet
from whence_schemas.facets.run import ErrorMessage, JobDependencies
from whence_schemas.facets.whence import PrefectRun

TOTALS = {"2026-11-02": "9874481", "2026-11-04": "11763579"}
TABLES = ("raw_trades", "processed_trades", "daily_metrics")
EDGES = {
    "trading.extract WRITES raw_trades",
    "trading.process READS raw_trades",
    "trading.process WRITES processed_trades",
    "daily-metrics.aggregate READS processed_trades",
    "daily-metrics.aggregate WRITES daily_metrics",
    "daily-metrics WRITES daily-report",
    "trading.train READS daily_metrics",
    "trading.train WRITES limit-breach",
    "processed_trades.symbol DERIVED_FROM raw_trades.symbol",
    "processed_trades.notional DERIVED_FROM raw_trades.px",
    "processed_trades.notional DERIVED_FROM raw_trades.qty",
    "daily_metrics.total DERIVED_FROM processed_trades.notional",
    "daily-metrics PART_OF trading",
    "daily-metrics.aggregate PART_OF daily-metrics",
    "trading.check PART_OF trading",
    "trading.extract PART_OF trading",
    "trading.limits PART_OF trading",
    "trading.price PART_OF trading",
    "trading.process PART_OF trading",
    "trading.train PART_OF trading",
}


def partition(day: str) -> str:
    return json.dumps([json.dumps({"day": day}, separators=(",", ":"))])


TWO_DAYS = Shape(
    edges=EDGES,
    runs={
        "trading": {"COMPLETE": 1, "FAIL": 1},
        "trading.limits": {"COMPLETE": 2},
        "trading.extract": {"FAIL COMPLETE": 2},
        "trading.price": {"COMPLETE": 100},
        "trading.process": {"COMPLETE": 2},
        "daily-metrics": {"COMPLETE": 2},
        "daily-metrics.aggregate": {"COMPLETE": 2},
        "trading.check": {"COMPLETE": 1, "FAIL": 1},
        "trading.train": {"COMPLETE": 1},
    },
    contained={
        "trading.limits in trading": 2,
        "trading.extract in trading": 2,
        "trading.price in trading": 100,
        "trading.process in trading": 2,
        "daily-metrics in trading": 2,
        "daily-metrics.aggregate in daily-metrics": 2,
        "trading.check in trading": 2,
        "trading.train in trading": 1,
    },
    versions={
        **{table: {f"{partition(day)} complete" for day in DAYS} for table in TABLES},
        "daily-report": {"an id complete"},
        "limit-breach": {f"2026-11-02-50-{TOTALS['2026-11-02']} complete"},
    },
)


def events(lines, job: str | None = None, kind: str | None = None) -> list:
    found = [json.loads(line) for line in set(lines)]
    return sorted(
        (
            event
            for event in found
            if job in (None, event["job"]["name"]) and kind in (None, event.get("eventType")) and "run" in event
        ),
        key=lambda event: event["eventTime"],
    )


def prefect_facet(event) -> PrefectRun:
    facet = read_facet(PrefectRun, event["run"]["facets"]["whence_prefect"])
    assert facet is not None
    return facet


async def test_the_sidecar_alone_shows_the_whole_pipeline(recording):
    assert await shape_of(recording.of(recording.sidecar, recording.without)) == TWO_DAYS


async def test_the_plugin_alone_shows_the_same(recording):
    assert await shape_of(recording.of(recording.plugin, recording.watched)) == TWO_DAYS


async def test_both_together_double_nothing(recording):
    both = [*recording.sidecar, *recording.plugin]
    assert await shape_of(recording.of(both, recording.watched)) == TWO_DAYS


async def test_nothing_is_lost_while_the_sidecar_is_killed_and_away(recording):
    """And what it reads again gives the same events, byte for byte."""
    assert {line for line in recording.sidecar if b'"run"' in line} == {
        line for line in recording.again if b'"run"' in line
    }
    shape = await shape_of(recording.of(recording.sidecar, recording.away))
    assert shape.edges == EDGES
    assert shape.runs["trading.price"] == {"COMPLETE": 50}
    assert shape.versions["daily_metrics"] == {f"{partition(AWAY)} complete"}


ENDS = {
    "ends": {"COMPLETE": 1},
    "ends.fails": {"FAIL": 1},
    "ends.after": {"ABORT": 1},
    "ends.skipped": {"COMPLETE": 1},
    "ends.cancelled": {"ABORT": 1},
    "ends.slow": {"FAIL": 1},
    "ends.written": {"ABORT": 1},
    "crashing": {"FAIL": 1},
    "crashing.crashes": {"FAIL": 1},
    "waits": {"COMPLETE": 1},
    "waits.hesitates": {"FAIL COMPLETE": 1},
    "waits.greet": {"COMPLETE": 2},
}


async def test_every_way_to_end(recording):
    watched = {json.loads(line)["run"]["runId"] for line in recording.of(recording.plugin, recording.odd)}
    along = recording.of(recording.sidecar, recording.odd)
    without = [line for line in along if json.loads(line)["run"]["runId"] not in watched]
    with_plugin = recording.of(recording.plugin, recording.odd)
    assert (await shape_of(without)).runs == ENDS
    assert (await shape_of(with_plugin)).runs == ENDS
    assert (await shape_of([*with_plugin, *along])).runs == {
        job: {states: 2 * count for states, count in runs.items()} for job, runs in ENDS.items()
    }


OUTSIDE = {
    "cancelled": {
        "watch": {"ABORT": 1},
        "watch.opens": {"COMPLETE": 1},
        "watch.waits": {"ABORT": 1},  # in a thread, which does not hear of it
        "inner": {"ABORT": 1},
        "inner.waits": {"FAIL": 1},  # which says itself that it was terminated
    },
    "killed": {
        "watch": {"FAIL": 1},
        "watch.opens": {"COMPLETE": 1},
        "watch.waits": {"FAIL": 1},
        "inner": {"FAIL": 1},
        "inner.waits": {"FAIL": 1},
    },
    "recovered": {job: {"COMPLETE": 1} for job in ("watch", "watch.opens", "watch.waits", "inner", "inner.waits")},
}


@pytest.mark.parametrize("how", OUTSIDE)
async def test_nothing_stays_open_that_was_ended_from_outside(recording, how):
    """What Prefect itself calls Running for ever ends with its flow run, whether or not the plugin was there."""
    runs = getattr(recording, how)
    assert len(runs) == 1
    along = recording.of(recording.sidecar, runs)
    assert (await shape_of(along)).runs == OUTSIDE[how]
    assert (await shape_of([*along, *recording.of(recording.plugin, runs)])).runs == OUTSIDE[how]


def test_what_a_killed_process_left_says_why(recording):
    lines = recording.of(recording.sidecar, recording.killed)
    for job in OUTSIDE["killed"]:
        for failed in events(lines, job, "FAIL"):
            assert "SIGKILL" in failed["run"]["facets"]["errorMessage"]["message"]


def test_a_worker_does_again_what_whence_says(recording):
    """The command that Whence gave for the killed run started the deployment with the same parameters."""
    (killed, again) = (
        events(recording.of(recording.sidecar, runs), "watch", "START")[0]
        for runs in (recording.killed, recording.recovered)
    )
    for start in (killed, again):
        facet = prefect_facet(start)
        assert (facet.deploymentName, facet.deploymentVersion) == ("watch/watched", "2026.11")
    said = [
        {
            parameter["name"]: parameter["value"]
            for parameter in start["run"]["facets"]["whence_parameters"]["parameters"]
        }
        for start in (killed, again)
    ]
    assert said[0] == said[1]
    assert said[0]["desk"] == "fx"


def test_every_event_is_valid(recording):
    made = [json.loads(line) for line in {*recording.sidecar, *recording.plugin}]
    assert len(made) > 500
    assert [problem for event in made for problem in problems(event)] == []


def test_the_pipeline_ends_as_it_would_without_a_collector(recording):
    """One of two days fails; served, the failed run is the deployment's, not the command's."""
    ends = {"without": 1, "watched": 1, "served": 0, "odd": 0, "odd watched": 0, "away": 0, "again": 0, "recovered": 0}
    assert recording.exits == ends
    assert "Whence" not in recording.logs["watched"]


@pytest.mark.parametrize("source", ["sidecar", "plugin"])
def test_a_deployment_run_tells_what_recovery_needs(recording, source):
    lines = recording.of(getattr(recording, source), recording.served)
    starts = events(lines, "trading", "START")
    facet = prefect_facet(starts[0])
    assert facet.deploymentName == "trading/nightly"
    assert facet.deploymentVersion == "2026.11"
    assert {facet.flowRunId} == recording.served
    parameters = starts[0]["run"]["facets"]["whence_parameters"]["parameters"]
    assert {p["name"]: p["value"] for p in parameters} == {"day": SERVED, "desk": "rates"}
    assert {prefect_facet(event).deploymentName for event in events(lines, "trading.extract")[:1]} == {
        "trading/nightly"
    }


def test_a_deployment_declares_its_flow(recording):
    declared = [json.loads(line) for line in recording.sidecar if b'"run"' not in line]
    assert {event["job"]["name"] for event in declared} == {"trading", "watch"}
    declared = [event for event in declared if event["job"]["name"] == "trading"]
    assert declared[-1]["job"]["facets"]["documentation"]["description"] == "Every night."
    assert [tag["key"] for tag in declared[-1]["job"]["facets"]["tags"]["tags"]] == ["nightly"]


def test_the_plugin_declares_the_assets_of_a_flows_tasks(recording):
    """Of `train` also where it did not run: the process of the failing day declares it as well."""
    declared = [json.loads(line) for line in recording.plugin if b'"run"' not in line]
    assert {event["job"]["name"] for event in declared} == {"trading.train"}
    assert {output["name"] for event in declared for output in event["outputs"]} == {"limit-breach"}
    assert {source["name"] for event in declared for source in event["inputs"]} == {"daily_metrics"}


@pytest.mark.parametrize("source", ["sidecar", "plugin"])
def test_states_and_errors(recording, source):
    lines = recording.of(getattr(recording, source), recording.watched)
    states = Counter(prefect_facet(event).state for event in events(lines, "trading.limits", "COMPLETE"))
    assert states == {"Completed": 1, "Cached": 1}
    [failed] = events(lines, "trading.check", "FAIL")
    error = read_facet(ErrorMessage, failed["run"]["facets"]["errorMessage"])
    assert error is not None
    assert "2026-11-07, which is a holiday" in error.message
    assert ("raise ValueError" in (error.stackTrace or "")) == (source == "plugin")


@pytest.mark.parametrize(("source", "match"), [("sidecar", "UNKNOWN"), ("plugin", "FUTURE")])
def test_what_a_task_used_is_a_dependency_and_says_how_it_is_known(recording, source, match):
    lines = recording.of(getattr(recording, source), recording.watched)
    start = events(lines, "trading.process", "START")[0]
    facet = prefect_facet(start)
    assert facet.upstreamCount == 50
    assert {(used.parameter, used.match) for used in facet.inputs} == {("priced", match)}
    dependencies = read_facet(JobDependencies, start["run"]["facets"]["jobDependencies"])
    assert dependencies is not None
    assert {used.job.name for used in dependencies.upstream} == {"trading.price"}
    kinds = {used.dependency_type for used in dependencies.upstream}
    assert kinds == {"DIRECT_INVOCATION" if match == "FUTURE" else "IMPLICIT_DEPENDENCY"}


def test_a_link_by_identity_is_marked(recording):
    """`extract` returns a list, which is passed on: Prefect knows it by its id() only. And so it falls for the symbols,
    which are strings that are also keys of what `limits` returned: that link is false, and no better marked."""
    lines = recording.of(recording.plugin, recording.watched)
    start = events(lines, "trading.price", "START")[0]
    assert {(used.parameter, used.match) for used in prefect_facet(start).inputs} == {
        ("trades", "IDENTITY"),
        ("symbol", "IDENTITY"),
    }
    dependencies = read_facet(JobDependencies, start["run"]["facets"]["jobDependencies"])
    assert dependencies is not None
    assert {(used.job.name, used.dependency_type) for used in dependencies.upstream} == {
        ("trading.extract", "IMPLICIT_DEPENDENCY"),
        ("trading.limits", "IMPLICIT_DEPENDENCY"),
    }


def test_the_plugin_adds_what_only_the_process_knows(recording):
    lines = recording.of(recording.plugin, recording.watched)
    start = events(lines, "trading.extract", "START")[0]
    location = start["job"]["facets"]["sourceCodeLocation"]
    assert location["path"] == "collectors/whence-prefect/examples/trading/pipeline.py"
    assert len(location["version"]) == 40
    facets = start["run"]["facets"]
    assert len(facets["whence_code"]["sourceSha256"]) == 64
    assert facets["whence_parameters"]["parameters"] == [{"name": "day", "value": DAYS[0]}]
    assert facets["processing_engine"]["name"] == "prefect"


def test_an_asset_has_its_type_version_and_owner(recording):
    written = [e for e in events(recording.of(recording.sidecar, recording.without), "trading.train") if e["outputs"]]
    [output] = written[0]["outputs"]
    assert (output["namespace"], output["name"]) == ("models://trading", "limit-breach")
    assert output["facets"]["datasetType"]["datasetType"] == "MODEL"
    assert output["facets"]["ownership"]["owners"] == [{"name": "team:risk"}]
