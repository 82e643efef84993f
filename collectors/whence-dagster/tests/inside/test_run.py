"""The pure core on event logs of real runs in this process. Runs inside a Dagster environment, see `test_inside.py`."""

import itertools
import json

import dagster as dg
from openlineage.client.serde import Serde

from whence_dagster.datasets import Datasets
from whence_dagster.facts import AssetFacts, Read, RunFacts
from whence_dagster.names import Names
from whence_dagster.run import RunTranslator


class Nothing:
    """Knows nothing but what it is given."""

    def __init__(self, *assets):
        self._assets = {asset.key: asset for asset in assets}

    def asset(self, key):
        return self._assets.get(key) or AssetFacts(key)

    def read(self, key, data_version, partition, before):
        return Read(data_version if data_version != "INITIAL" else "")

    def code(self, run, started):
        return {}


def entries(*assets, checks=(), job=None, **options):
    """The log of a run of a job, or of all assets."""
    instance = dg.DagsterInstance.ephemeral()
    definitions = dg.Definitions(assets=assets, asset_checks=checks, jobs=[job] if job else [])
    found = definitions.get_job_def(job.name) if job else definitions.get_implicit_global_asset_job_def()
    result = found.execute_in_process(instance=instance, raise_on_error=False, **options)
    run = instance.get_run_by_id(result.run_id)
    return run, [record.event_log_entry for record in instance.get_records_for_run(run.run_id).records]


def translate(run, log, knowledge=None, **facts):
    translator = RunTranslator(
        RunFacts(run.run_id, run.job_name, "ns", "here", "__repository__", run.tags, **facts),
        Datasets(Names(), knowledge or Nothing()),
    )
    return [Serde.to_dict(event) for entry in log for event in translator.feed(entry)]


def of(events, job, state):
    return [e for e in events if e["job"]["name"].endswith(f".{job}") and e["eventType"] == state]


def test_the_same_log_gives_the_same_events():
    @dg.asset
    def a():
        pass

    run, log = entries(a)
    said = [json.dumps(translate(run, log)) for _ in range(2)]
    assert said[0] == said[1]


def test_each_output_of_a_step_has_its_own_inputs_and_none_is_its_own_input():
    @dg.multi_asset(
        specs=[dg.AssetSpec("x", deps=["left"]), dg.AssetSpec("y", deps=["x", "right"])],
        check_specs=[dg.AssetCheckSpec("ok", asset="x")],
    )
    def both():
        yield dg.MaterializeResult(asset_key="x", check_results=[dg.AssetCheckResult(passed=True, check_name="ok")])
        yield dg.MaterializeResult(asset_key="y")

    (event,) = of(translate(*entries(both)), "both", "COMPLETE")
    assert [found["name"] for found in event["inputs"]] == ["left", "right"]
    flows = {e["name"]: [s["name"] for s in e["inputs"]] for e in event["job"]["facets"]["lineage"]["entries"]}
    assert flows == {"x": ["left"], "y": ["right", "x"]}
    checked = {o["name"]: o["facets"].get("dataQualityAssertions", {}).get("assertions") for o in event["outputs"]}
    assert checked == {"x": [{"assertion": "ok", "success": True, "severity": "error"}], "y": None}


def test_an_output_that_was_skipped_is_no_output():
    @dg.multi_asset(specs=[dg.AssetSpec("x"), dg.AssetSpec("maybe", skippable=True)])
    def both():
        yield dg.MaterializeResult(asset_key="x")

    events = translate(*entries(both))
    assert [o["name"] for o in of(events, "both", "START")[0]["outputs"]] == ["maybe", "x"]
    (event,) = of(events, "both", "COMPLETE")
    assert [o["name"] for o in event["outputs"]] == ["x"]
    assert event["job"]["facets"]["jobType"]["emissionPattern"]["eventContentMode"] == "COMPLETE_SNAPSHOT"


def test_what_was_planned_and_never_begun_is_aborted_with_its_outputs_and_checks():
    @dg.asset
    def bad():
        raise ValueError("no")

    @dg.asset(deps=[bad], check_specs=[dg.AssetCheckSpec("ok", asset="after")])
    def after():
        yield dg.MaterializeResult(check_results=[dg.AssetCheckResult(passed=True, check_name="ok")])

    known = Nothing(AssetFacts(("after",), parents=(("bad",),), steps={"__ASSET_JOB": "after"}))
    events = translate(*entries(bad, after), known)
    (event,) = of(events, "after", "ABORT")
    assert [o["name"] for o in event["outputs"]] == ["after"]
    assert [i["name"] for i in event["inputs"]] == ["bad"]
    assert event["run"]["facets"]["test"]["tests"] == [{"name": "after:ok", "status": "skip"}]
    (failed,) = of(events, "bad", "FAIL")
    assert failed["run"]["facets"]["errorMessage"]["message"] == "ValueError: no"
    assert events[-1]["eventType"] == "FAIL"


def test_a_branch_that_was_not_taken_was_to_write_nothing():
    @dg.op(out={"yes": dg.Out(is_required=False), "no": dg.Out(is_required=False)})
    def branch():
        yield dg.Output(1, "yes")

    @dg.op
    def taken(value):
        pass

    @dg.op
    def left(value):
        pass

    @dg.job
    def branching():
        yes, no = branch()
        taken(yes)
        left(no)

    events = translate(*entries(job=branching))
    assert [e["eventType"] for e in events if e["job"]["name"] == "branching.taken"] == ["START", "COMPLETE"]
    (skipped,) = of(events, "left", "ABORT")
    assert not skipped["outputs"]


def test_a_run_that_is_cancelled_ends_what_it_had_begun():
    @dg.asset
    def a():
        pass

    run, log = entries(a)
    starts = [n for n, e in enumerate(log) if e.is_dagster_event and e.dagster_event.event_type_value == "STEP_START"]
    log = log[: starts[0] + 1]
    end = dg.DagsterEvent("PIPELINE_CANCELED", run.job_name)
    entry = dg.EventLogEntry(
        error_info=None,
        level="debug",
        user_message="",
        run_id=run.run_id,
        timestamp=log[-1].timestamp + 1,
        job_name=run.job_name,
        dagster_event=end,
    )
    events = translate(run, [*log, entry])
    assert [e["eventType"] for e in events] == ["START", "START", "ABORT", "ABORT"]
    assert [o["name"] for o in events[2]["outputs"]] == ["a"]


def test_dimensions_of_partitions():
    days = dg.StaticPartitionsDefinition(["mon", "tue"])
    desks = dg.StaticPartitionsDefinition(["fx", "rates"])

    @dg.asset(partitions_def=dg.MultiPartitionsDefinition({"day": days, "desk": desks}))
    def book():
        pass

    run, log = entries(book, partition_key="mon|fx")
    (event,) = of(translate(run, log), "book", "COMPLETE")
    (output,) = event["outputs"]
    assert output["outputFacets"]["subset"]["outputCondition"]["partitions"] == [
        {"identifier": "mon|fx", "dimensions": {"day": "mon", "desk": "fx"}}
    ]
    assert output["facets"]["version"]["datasetVersion"].endswith("@mon|fx")


def test_a_run_in_a_run_of_another_orchestrator():
    @dg.asset
    def a():
        pass

    parent, root = (f"0190a0e0-0000-7000-8000-00000000000{number}" for number in "12")
    tags = {
        "openlineage/parent_id": f"prefect/nightly%2Feu.load/{parent}",
        "openlineage/root_parent_id": f"prefect/nightly%2Feu/{root}",
        "team": "desk",
    }
    events = translate(*entries(a, tags=tags))
    run = next(e for e in events if e["job"]["name"] == "__ASSET_JOB")
    around = run["run"]["facets"]["parent"]
    assert (around["run"]["runId"], around["job"]["name"]) == (parent, "nightly/eu.load")
    assert (around["root"]["run"]["runId"], around["root"]["job"]["name"]) == (root, "nightly/eu")
    assert [(t["key"], t["value"]) for t in run["run"]["facets"]["tags"]["tags"]] == [("team", "desk")]
    (step,) = of(events, "a", "COMPLETE")
    assert step["run"]["facets"]["parent"]["root"]["run"]["runId"] == root


def test_configuration_is_recorded_as_parameters():
    @dg.op(config_schema={"limit": int})
    def work(context):
        pass

    @dg.job
    def configured():
        work()

    config = {"ops": {"work": {"config": {"limit": 7}}}}
    run, log = entries(job=configured, run_config=config)
    events = translate(run, log, config=run.run_config)
    said = events[0]["run"]["facets"]["whence_parameters"]["parameters"]
    assert {"name": "ops.work.config.limit", "value": 7} in said


def test_entries_of_concurrent_steps_may_come_in_any_order():
    @dg.asset
    def a():
        pass

    @dg.asset
    def b():
        pass

    run, log = entries(a, b)
    mine = {step: [e for e in log if e.is_dagster_event and e.dagster_event.step_key == step] for step in ("a", "b")}
    rest = [e for e in log if e not in mine["a"] and e not in mine["b"]]
    mixed = [*itertools.chain(*itertools.zip_longest(mine["b"], mine["a"]))]
    said = [translate(run, rest[:1] + [e for e in order if e] + rest[1:]) for order in (mine["a"] + mine["b"], mixed)]
    assert sorted(map(json.dumps, said[0])) == sorted(map(json.dumps, said[1]))
