"""Recovery: what is stale, what is good, what to fall back to, and what to run again, with which command."""

import pytest

from tests.build import JOBS, NOW, NS, at, dataset, dataset_event, event, graph_of, job_event, run_id
from whence.analyses.recovery.answer import recovery
from whence_schemas.errors import InvalidQuestion, NotFound
from whence_schemas.identity import column_key, dataset_key, job_key, run_key
from whence_schemas.lineage import Limit
from whence_schemas.recovery import RecoveryQuestion


def ran(start, job, run, inputs=(), outputs=(), end="COMPLETE", facets=None, job_facets=None):
    """A run that takes half an hour."""
    return [
        event("START", f"{start}:00:00", job, run, run_facets=facets),
        event(end, f"{start}:30:00", job, run, inputs, outputs, facets, job_facets),
    ]


def part(name, key, role):
    condition = {"type": "partition", "partitions": [{"identifier": key}]}
    return dataset(name, **{role: {"subset": {f"{role}Condition": condition}}})


class Asked:
    """An answer by names."""

    def __init__(self, answer, names):
        self.answer = answer
        self._names = names

    @property
    def stale(self):
        """Dataset, reason, whether it is current."""
        return [(self._names[row.dataset], row.reason.value, row.current) for row in self.answer.stale]

    @property
    def work(self):
        return {self._names[work.job]: (work.reason.value, work.status.value) for work in self.answer.work}

    @property
    def waves(self):
        """Jobs by step, wave after wave."""
        found = {}
        for step in self.answer.plan.steps:
            found.setdefault(step.wave, []).append([self._names[work.job] for work in step.work])
        return [sorted(steps) for _, steps in sorted(found.items())]

    @property
    def commands(self):
        return [step.command for step in self.answer.plan.steps]

    @property
    def repairs(self):
        return {self._names[repair.key]: repair.reason.value for repair in self.answer.plan.repairs}

    async def fallbacks(self):
        return {self._names[row.dataset]: (row.run, row.good) for row in await self.answer.fallbacks()}

    async def good(self):
        return {self._names[node.key]: node.reason.value for node in await self.answer.good()}


async def ask(store, *, run=0, job="", name="", clock="", **options):
    """Ask of a run, a job or a dataset."""
    start = run_key(run_id(run)) if run else job_key(JOBS, job) if job else dataset_key(NS, name)
    options = {key: at(value) if key in ("since", "until") else value for key, value in options.items()}
    options = {"seconds": 300.0, **options}  # a Neo4j that has just started plans every query first
    answer = await recovery(store, RecoveryQuestion(start, at(clock) if clock else NOW, **options))
    keys = {work.job for work in answer.work} | {row.dataset for row in answer.stale}
    keys |= {repair.key for repair in answer.plan.repairs} | {row.key for row in await answer.good()}
    keys |= {row.dataset for row in await answer.fallbacks()}
    return Asked(answer, {key: node.name for key, node in (await store.nodes(sorted(keys))).items()})


CHAIN = [
    *ran("08", "load", 1, (), ["raw"]),
    *ran("09", "clean", 2, ["raw"], ["tidy"]),
    *ran("10", "load", 3, (), ["raw"]),
    *ran("11", "clean", 4, ["raw"], ["tidy"]),
    *ran("12", "report", 5, ["tidy"], ["chart"]),
    *ran("12", "audit", 6, ["raw"], []),
    *ran("13", "other", 7, ["elsewhere"], ["more"]),
]
"""raw -> tidy -> chart, twice as far as tidy."""


async def test_what_was_built_on_a_bad_run_is_stale_by_versions(graph):
    store = await graph(*CHAIN)
    asked = await ask(store, run=3)
    assert asked.work == dict.fromkeys(["clean", "report", "audit"], ("STALE", "OPEN")) | {"load": ("BAD", "OPEN")}
    assert sorted(asked.stale) == [("chart", "STALE", True), ("raw", "BAD", True), ("tidy", "STALE", True)]
    assert asked.waves == [[["load"]], [["audit"], ["clean"]], [["report"]]]
    assert await asked.fallbacks() == {
        "raw": (run_key(run_id(1)), False),
        "tidy": (run_key(run_id(2)), False),
        "chart": ("", False),
    }
    [chart] = [row for row in asked.answer.stale if row.reason == "STALE" and row.distance == 2]
    assert [cause.run for cause in chart.cause.path()] == [run_key(run_id(number)) for number in (3, 4, 5)]
    assert not chart.cause.recorded  # nobody named a version


async def test_names_alone_make_nothing_stale(graph):
    """The first version is bad; what was built on the second one is not."""
    store = await graph(*CHAIN)
    asked = await ask(store, run=1)
    assert sorted(asked.stale) == [("raw", "BAD", False), ("tidy", "STALE", False)]
    assert {name: status for name, (_, status) in asked.work.items()} == {"load": "DONE", "clean": "DONE"}
    assert asked.commands == []
    assert await asked.good() == {
        "raw": "AGAIN",
        "tidy": "AGAIN",
        "clean": "AGAIN",
        "audit": "UNTOUCHED",
        "report": "UNTOUCHED",
        "chart": "UNTOUCHED",
    }


async def test_it_is_ticked_off_as_it_becomes_good(graph):
    again = [*ran("14", "load", 8, (), ["raw"]), *ran("15", "clean", 9, ["raw"], ["tidy"])]
    store = await graph(*CHAIN, *again, *ran("16", "report", 10, ["tidy"], ["chart"]))
    asked = await ask(store, run=3, clock="15:45:00")
    assert {name: status for name, (_, status) in asked.work.items()} == {
        "load": "DONE",
        "clean": "DONE",
        "report": "OPEN",
        "audit": "OPEN",
    }
    assert asked.waves == [[["audit"], ["report"]]]
    before = await ask(store, run=3, clock="13:45:00")
    assert before.answer.counts.open == 4
    after = await ask(store, run=3)
    assert after.work["report"] == ("STALE", "DONE")
    assert await after.fallbacks() == {
        "raw": (run_key(run_id(8)), True),
        "tidy": (run_key(run_id(9)), True),
        "chart": (run_key(run_id(10)), True),
    }


async def test_running_again_is_neither_done_nor_open(graph):
    store = await graph(*CHAIN, event("START", "14:00:00", "load", 8), event("RUNNING", "14:10:00", "load", 8))
    asked = await ask(store, run=3)
    assert asked.work["load"] == ("BAD", "RUNNING")
    assert "load" not in str(asked.waves)


async def test_readers_meanwhile_are_late(graph):
    """A run failed: what it should have made is missing, and who read the old version since is late, not wrong."""
    store = await graph(
        *ran("08", "load", 1, (), ["raw"]),
        *ran("09", "load", 2, (), ["raw"], "FAIL"),
        *ran("10", "clean", 3, ["raw"], ["tidy"]),
        *ran("11", "load", 4, (), ["raw"]),
        *ran("12", "clean2", 5, ["raw"], ["tidy2"]),
    )
    asked = await ask(store, run=2)
    assert asked.work == {"load": ("FAILED", "DONE"), "clean": ("LATE", "OPEN")}
    assert asked.stale == [("tidy", "LATE", True)]
    assert await asked.good() == {"raw": "AGAIN", "clean2": "UNTOUCHED", "tidy2": "UNTOUCHED"}
    before = await ask(store, run=2, clock="10:45:00")
    assert sorted(before.stale) == [("raw", "MISSING", True), ("tidy", "LATE", True)]
    assert before.waves == [[["load"]], [["clean"]]]


async def test_what_the_container_did_not_run_waits(graph):
    inside = {"parent": {"run": {"runId": run_id(90)}, "job": {"namespace": JOBS, "name": "dag"}}}
    day = [
        event("START", "07:00:00", "dag", 90),
        *ran("08", "load", 1, (), ["raw"], facets=inside),
        *ran("09", "clean", 2, ["raw"], ["tidy"], facets=inside),
        *ran("09", "weekly", 3, ["raw"], ["summary"]),
        *ran("10", "publish", 4, ["tidy"], ["site"], facets=inside),
        event("COMPLETE", "11:00:00", "dag", 90),
    ]
    later = {"parent": {"run": {"runId": run_id(91)}, "job": {"namespace": JOBS, "name": "dag"}}}
    failed = [
        event("START", "12:00:00", "dag", 91),
        *ran("12", "load", 5, (), ["raw"], "FAIL", facets=later),
        event("FAIL", "13:00:00", "dag", 91),
    ]
    store = await graph(*day, *failed)
    for run in (5, 91):
        asked = await ask(store, run=run)
        assert asked.work == {
            "load": ("FAILED", "OPEN"),
            "clean": ("WAITING", "OPEN"),
            "publish": ("WAITING", "OPEN"),
        }
        assert asked.waves == [[["load"]], [["clean"]], [["publish"]]]


async def test_only_partitions_that_overlap_are_stale(graph):
    store = await graph(
        *ran("08", "load", 1, (), [part("raw", "p1", "output")]),
        *ran("09", "load", 2, (), [part("raw", "p2", "output")]),
        *ran("10", "clean", 3, [part("raw", "p1", "input")], [part("tidy", "p1", "output")]),
        *ran("11", "clean", 4, [part("raw", "p2", "input")], [part("tidy", "p2", "output")]),
        *ran("12", "report", 5, ["tidy"], ["chart"]),
    )
    asked = await ask(store, run=1)
    assert [(w.partition, w.reason.value) for w in asked.answer.work if w.partition] == [
        ('"p1"', "BAD"),
        ('"p1"', "STALE"),
    ]
    assert asked.work["report"] == ("STALE", "OPEN")  # who reads the whole reads the older partition too
    assert asked.waves == [[["load"]], [["clean"]], [["report"]]]


async def test_a_bad_version_by_name_and_its_readers(graph):
    v1, v2 = ({"version": {"datasetVersion": version}} for version in ("v1", "v2"))
    store = await graph(
        *ran("08", "train", 1, (), [dataset("model", **v1)]),
        *ran("09", "train", 2, (), [dataset("model", **v2)]),
        *ran("10", "answer", 3, [dataset("model", **v1)], ["reply1"]),
        *ran("11", "answer2", 4, [dataset("model", **v2)], ["reply2"]),
    )
    asked = await ask(store, name="model", version="v1")
    assert {name for name, _, _ in asked.stale} == {"model", "reply1"}
    assert all(row.cause.recorded for row in asked.answer.stale)
    current = await ask(store, name="model")
    assert {name for name, _, _ in current.stale} == {"model", "reply2"}
    with pytest.raises(NotFound, match="no version v9"):
        await ask(store, name="model", version="v9")


async def test_a_source_that_nobody_produces_is_to_be_put_right_first(graph):
    before = [*ran("08", "load", 1, ["file"], ["raw"]), *ran("10", "load2", 2, ["file"], ["raw2"])]
    store = await graph(*before, *ran("14", "load2", 3, ["file"], ["raw2"]))
    asked = await ask(store, name="file", since="09:00:00", clock="13:00:00")
    assert asked.repairs == {"file": "NO_PRODUCER"}
    assert asked.work == {"load2": ("STALE", "OPEN")}
    assert await asked.good() == {"load": "UNTOUCHED", "raw": "UNTOUCHED"}
    assert (await ask(store, name="file", since="09:00:00", until="13:00:00")).work == {"load2": ("STALE", "DONE")}
    assert (await ask(store, name="file", since="09:00:00")).work == {"load2": ("STALE", "OPEN")}


async def test_a_late_dataset(graph):
    store = await graph(*CHAIN)
    asked = await ask(store, name="raw", since="11:45:00", late=True)
    assert asked.work == {"load": ("MISSING", "OPEN"), "audit": ("LATE", "OPEN")}
    assert asked.waves == [[["load"]], [["audit"]]]
    on_time = await ask(store, name="raw", since="10:15:00", late=True)
    assert on_time.work == {}


async def test_a_job_that_builds_on_its_own_bad_version(graph):
    store = await graph(*ran("08", "append", 1, (), ["log"]), *ran("09", "append", 2, ["log", "raw"], ["log"]))
    asked = await ask(store, run=2)
    assert asked.repairs == {"log": "CYCLE"}
    assert await asked.fallbacks() == {"log": (run_key(run_id(1)), False)}
    [step] = asked.answer.plan.steps
    assert step.cycle


async def test_the_last_good_version_is_the_last_one_under_any_name(graph):
    """One name has more bad versions than are read at first, and before them a good one, newer than the other."""
    other = dataset_event("00:00:00", "d", symlinks={"identifiers": [{"namespace": NS, "name": "e", "type": "TABLE"}]})
    good = [*ran("01", "old", 1, [], ["d"]), *ran("02", "new", 2, [], ["e"])]
    bad = [one for hour in range(3, 10) for one in ran(f"0{hour}", "bad", hour, [], ["e"])]
    store = await graph(other, *good, *bad)
    asked = await ask(store, name="d", since="03:00:00")
    assert await asked.fallbacks() == {"d": (run_key(run_id(2)), False)}


async def test_what_nobody_writes_any_more(graph):
    store = await graph(*ran("08", "load", 1, (), ["raw", "old"]), *ran("09", "load", 2, (), ["raw"]))
    asked = await ask(store, run=1, window=1)
    assert asked.repairs == {"old": "UNWRITTEN"}


async def test_versions_that_nobody_made_are_told(graph):
    named = dataset("raw", version={"datasetVersion": "unheard of"})
    store = await graph(*CHAIN, *ran("14", "reader", 8, [named], ["x"]))
    asked = await ask(store, run=3)
    assert [row.label for row in asked.answer.unresolved] == ["unheard of"]
    assert "reader" not in asked.work


async def test_a_job_with_all_that_it_contains(graph):
    inside = {"parent": {"run": {"runId": run_id(90)}, "job": {"namespace": JOBS, "name": "dag"}}}
    store = await graph(
        event("START", "07:00:00", "dag", 90, (), (), {}),
        *ran("08", "load", 1, (), ["raw"], facets=inside),
        *ran("09", "clean", 2, ["raw"], ["tidy"], facets=inside),
        event("COMPLETE", "11:00:00", "dag", 90, ["raw"], ["raw", "tidy"]),
        *ran("12", "use", 3, ["tidy"], ["chart"]),
    )
    asked = await ask(store, job="dag")
    assert asked.work == {"load": ("BAD", "OPEN"), "clean": ("BAD", "OPEN"), "use": ("STALE", "OPEN")}
    since = await ask(store, job="dag", since="09:15:00")
    assert since.work == {"clean": ("BAD", "OPEN"), "use": ("STALE", "OPEN")}


# Commands


def airflow(task, date="2026-01-05T00:00:00+00:00", dag="daily"):
    run = {"run_id": "scheduled__1", **({"logical_date": date} if date else {})}
    return {"airflow": {"dag": {"dag_id": dag}, "dagRun": run, "task": {"task_id": task}}}


def of(integration, kind="TASK", **facets):
    return {"jobType": {"integration": integration, "processingType": "BATCH", "jobType": kind}, **facets}


async def test_airflow_tasks_are_cleared_one_by_one(graph):
    """Airflow 3 takes for its --task-regex any part of a name, and no regular expression."""
    kind = of("AIRFLOW")
    store = await graph(
        *ran("08", "daily.load", 1, (), ["raw"], facets=airflow("load"), job_facets=kind),
        *ran("09", "daily.clean.up", 2, ["raw"], ["tidy"], facets=airflow("clean.up"), job_facets=kind),
        *ran("10", "other.x", 3, ["tidy"], ["x"], facets=airflow("x", dag="other"), job_facets=kind),
        *ran("11", "manual.y", 4, ["x"], ["y"], facets=airflow("y", "", "manual"), job_facets=kind),
    )
    asked = await ask(store, run=1)
    days = ("--start-date", "2026-01-05T00:00:00+00:00", "--end-date", "2026-01-05T00:00:00+00:00", "--yes")
    assert asked.commands == [
        ("airflow", "tasks", "clear", "--task-regex", "load", *days, "daily"),
        ("airflow", "tasks", "clear", "--task-regex", "clean.up", *days, "daily"),
        ("airflow", "tasks", "clear", "--task-regex", "x", *days, "other"),
        (),
    ]
    assert not asked.answer.plan.steps[0].waits
    assert "scheduled__1, which has no logical date" in asked.answer.plan.steps[3].hint


async def test_a_whole_airflow_dag_is_backfilled(graph):
    said = {"airflowDagRun": {"dag": {"dag_id": "daily"}, "dagRun": {"logical_date": "2026-01-05T00:00:00+00:00"}}}
    store = await graph(*ran("08", "daily", 1, (), ["raw"], facets=said, job_facets=of("AIRFLOW", "DAG")))
    day = "2026-01-05T00:00:00+00:00"
    [command] = (await ask(store, run=1)).commands
    assert command[:5] == ("airflow", "backfill", "create", "--dag-id", "daily")
    assert command[5:] == ("--from-date", day, "--to-date", day, "--reprocess-behavior", "completed")


def dagster(*keys, partition=None, **more):
    pointer = {"file": "defs.py", "workingDirectory": "/srv/it's here", "attribute": "defs"}
    said = {"runId": "r", "jobName": "j", "codeLocation": "l", "repository": "r", "codePointer": pointer}
    return {"whence_dagster": {**said, "assetKeys": [list(key) for key in keys], "partitionKey": partition, **more}}


async def test_dagster_assets_of_one_partition_are_materialized_together(graph):
    def step(start, run, name, source):
        outputs, inputs = [part(name, "2026-01-05", "output")], [part(source, "2026-01-05", "input")]
        facets = dagster(("lake", name), partition="2026-01-05")
        return ran(start, name, run, inputs if source else (), outputs, facets=facets, job_facets=of("DAGSTER"))

    store = await graph(*step("08", 1, "raw", ""), *step("09", 2, "tidy", "raw"))
    code = ("--python-file", "defs.py", "--working-directory", "/srv/it's here", "--attribute", "defs")
    assert (await ask(store, run=1)).commands == [
        ("dagster", "asset", "materialize", "--select", "lake/raw,lake/tidy", "--partition", "2026-01-05", *code)
    ]


async def test_dagster_says_which_of_several_partitions(graph):
    keys = {"partition": None, "partitionKeys": ["a", "b"]}
    condition = {"type": "partition", "partitions": [{"identifier": "a"}, {"identifier": "b"}]}
    both = dataset("raw", output={"subset": {"outputCondition": condition}})
    store = await graph(*ran("08", "raw", 1, (), [both], facets=dagster(("x.y",), **keys), job_facets=of("DAGSTER")))
    commands = (await ask(store, run=1)).commands
    assert sorted(command[command.index("--partition") + 1] for command in commands) == ["a", "b"]
    assert {command[command.index("--select") + 1] for command in commands} == {'key:"x.y"'}


async def test_prefect_runs_the_deployment_with_its_parameters(graph):
    def flow(start, run, task, parameters, source=()):
        facets = {
            "whence_prefect": {"flowRunId": "f", "flowName": "trades", "deploymentName": "trades/prod"},
            "whence_parameters": {"parameters": parameters},
        }
        return ran(start, task, run, source, [f"of_{task}"], facets=facets, job_facets=of("PREFECT"))

    day = [{"name": "day", "value": "2026-01-05"}, {"name": "n", "value": 3}]
    store = await graph(
        *flow("08", 1, "load", day),
        *flow("09", 2, "clean", day, ["of_load"]),
        *flow("10", 3, "secret", [{"name": "token", "sha256": "00"}], ["of_clean"]),
    )
    asked = await ask(store, run=1)
    given = ("--param", 'day="2026-01-05"', "--param", "n=3")
    assert asked.commands == [("prefect", "deployment", "run", *given, "--watch", "trades/prod"), ()]
    assert "recorded as hashes only: token" in asked.answer.plan.steps[1].hint


async def test_prefect_runs_tasks_and_subflows_by_the_deployment_around_them(graph):
    """Their own parameters are not the deployment's."""

    def prefect(run, job, around, said, **parameters):
        listed = [{"name": name, "value": value} for name, value in parameters.items()]
        facets = {"whence_prefect": said, "whence_parameters": {"parameters": listed}}
        if around:
            facets["parent"] = {"run": {"runId": run_id(around)}, "job": {"namespace": JOBS, "name": "outer"}}
        outputs = [] if job in ("outer", "inner") else [f"of_{job}"]
        return ran("08", job, run, (), outputs, "FAIL", facets, of("PREFECT"))

    deployed = {"flowName": "outer", "deploymentName": "outer/prod"}
    store = await graph(
        *prefect(90, "outer", None, deployed, day="2026-01-05"),
        *prefect(1, "outer.load", 90, {**deployed, "taskRunId": "t"}, path="/srv/x"),
        *prefect(91, "inner", 90, {"flowName": "inner"}, limit=3),
        *prefect(2, "inner.clean", 91, {"flowName": "inner", "taskRunId": "u"}, rows=[]),
    )
    asked = await ask(store, run=90)
    assert asked.work == {"outer.load": ("FAILED", "OPEN"), "inner.clean": ("FAILED", "OPEN")}
    assert asked.commands == [("prefect", "deployment", "run", "--param", 'day="2026-01-05"', "--watch", "outer/prod")]


async def test_dbt_models_of_one_project_are_built_together(graph):
    def model(start, run, name, source=(), kind="model", made=True):
        facets = {"dbt_run": {"project_name": "shop"}}
        node = {"dbt_node": {"unique_id": f"{kind}.shop.{name}"}}
        job = f"w.main.shop.{name}.build.{'run' if made else 'test'}"
        said = of("DBT", "MODEL" if made else "TEST", **node)
        return ran(start, job, run, source, [name] if made else (), facets=facets, job_facets=said)

    store = await graph(
        *model("08", 1, "raw", kind="seed"),
        *model("09", 2, "tidy", ["raw"]),
        *model("10", 3, "tidy", ["tidy"], made=False),
        *ran("10", "elsewhere", 4, ["tidy"], ["copy"]),
        *model("11", 5, "chart", ["copy", "tidy"]),
    )
    asked = await ask(store, run=1)
    assert asked.commands == [
        ("dbt", "build", "--select", "raw", "tidy"),
        (),
        ("dbt", "build", "--select", "chart"),
    ]
    assert asked.answer.plan.steps[1].hint == f"run by hand: elsewhere ({JOBS})"


# Limits


async def test_questions_that_cannot_be_asked(graph):
    store = await graph(
        *CHAIN, dataset_event("09:00:00", "raw", schema={"fields": [{"name": "x"}]}), job_event("09:00:00")
    )
    for options, message in [
        ({"run": 3, "since": "10:00:00"}, "`since` goes with"),
        ({"job": "load", "version": "v"}, "`version` and `late`"),
        ({"name": "raw", "late": True}, "`late` goes with `since`"),
        ({"name": "raw", "version": "v", "since": "10:00:00"}, "goes without"),
        ({"name": "raw", "since": "10:00:00", "until": "09:00:00"}, "later than"),
        ({"name": "raw", "window": 0}, "window"),
    ]:
        with pytest.raises(InvalidQuestion, match=message):
            await ask(store, **options)
    with pytest.raises(InvalidQuestion, match="of a column"):
        await recovery(store, RecoveryQuestion(column_key(dataset_key(NS, "raw"), "x"), NOW))
    with pytest.raises(NotFound, match="not in the graph"):
        await ask(store, run=99)


async def test_answers_are_cut_and_say_so(graph):
    store = await graph(*CHAIN)
    assert (await ask(store, run=3, max_nodes=1)).answer.truncated == Limit.NODES
    assert (await ask(store, run=3, seconds=-1.0)).answer.truncated == Limit.TIME
    assert (await ask(store, run=3)).answer.truncated is None


async def test_calls_do_not_grow_with_width():
    """A wide level costs as many questions as a narrow one."""

    class Counting:
        def __init__(self, store):
            self._store, self.calls = store, 0

        def __getattr__(self, name):
            self.calls += 1
            return getattr(self._store, name)

    counts = []
    for width in (1, 40):
        readers = [e for n in range(width) for e in ran("09", f"read{n}", 100 + n, ["raw"], [f"out{n}"])]
        more = [e for n in range(width) for e in ran("10", f"more{n}", 200 + n, [f"out{n}"], [f"end{n}"])]
        store = await graph_of(*ran("08", "load", 1, (), ["raw"]), *readers, *more)
        counting = Counting(store)
        answer = await recovery(counting, RecoveryQuestion(run_key(run_id(1)), NOW))
        assert len(answer.work) == 2 * width + 1
        counts.append(counting.calls)
    assert counts[0] == counts[1]


async def test_only_what_the_bad_version_flows_into_is_stale(graph):
    """A run that tells its outputs apart, and one that reads what is good of them."""

    def made(name, source):
        columns = {"c": {"inputFields": [{"namespace": NS, "name": source, "field": "c"}]}}
        return dataset(name, columnLineage={"fields": columns})

    sources = [*ran("08", "load", 1, [], ["a"]), *ran("08", "other", 2, [], ["b"])]
    split = ran("09", "split", 3, ["a", "b"], [made("x", "a"), made("y", "b")])
    store = await graph(*sources, *split, *ran("10", "of_x", 4, ["x"]), *ran("10", "of_y", 5, ["y"]))
    asked = await ask(store, run=1)
    assert asked.stale == [("a", "BAD", True), ("x", "STALE", True)]
    assert asked.work.keys() == {"load", "split", "of_x"}
    both = await ask(store, job="other")
    assert [name for name, *_ in both.stale] == ["b", "y"]
