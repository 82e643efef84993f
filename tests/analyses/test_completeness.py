"""Completeness: what each check counts, what it finds, and what it leaves alone."""

import re

import pytest

from tests.build import JOBS, NOW, NS, at, columns, dataset, dataset_event, event, graph_of, job_event, run_id, schema
from whence.analyses.completeness.answer import completeness
from whence.analyses.completeness.collectors import usual_pause
from whence.analyses.completeness.twins import form_of
from whence_schemas.completeness import Check, CompletenessQuestion, overall
from whence_schemas.errors import InvalidQuestion
from whence_schemas.identity import dataset_key, job_key, run_key
from whence_schemas.lineage import Limit

HOUR = 3_600_000_000


async def ask(store, *checks, as_of=NOW, never_alias=(), **options):
    question = CompletenessQuestion(as_of, checks=checks, **options)
    return await completeness(store, question, [re.compile(pattern) for pattern in never_alias])


async def score(store, check, **options):
    """Known, countable and the keys of what is not known, of one check."""
    answer = await ask(store, check, **options)
    [found] = answer.scores
    return found.known, found.countable, [row.finding.key for row in answer.findings]


async def finding(store, check, **options):
    """The only finding of a check."""
    [row] = (await ask(store, check, **options)).findings
    return row.finding


def owned(*names):
    return {"ownership": {"owners": [{"name": name} for name in names]}}


def job_type(kind="JOB", integration="DBT", processing="BATCH"):
    return {"jobType": {"processingType": processing, "integration": integration, "jobType": kind}}


def code(version="abc"):
    return {"sourceCodeLocation": {"type": "git", "url": "https://git/repo", "version": version}}


def also(name, namespace=NS):
    return {"symlinks": {"identifiers": [{"namespace": namespace, "name": name, "type": "TABLE"}]}}


def ds(name, namespace=NS):
    return dataset_key(namespace, name)


async def test_nothing_is_no_score(graph):
    answer = await ask(await graph())
    assert {(found.known, found.countable, found.share) for found in answer.scores} == {(0, 0, None)}
    assert len(answer.scores) == len(Check)
    assert (overall(answer.scores), answer.findings, answer.by_namespace, answer.notes) == (None, [], [], [])


async def test_a_dataset_has_an_origin_where_a_job_wrote_it_or_it_declares_its_lineage(graph):
    source = {"lineage": {"inputs": []}}
    derived = {"lineage": {"inputs": [{"type": "DATASET", "namespace": NS, "name": "read"}]}}
    store = await graph(
        event("COMPLETE", "10:00:00", run=1, inputs=["read", "source"], outputs=["written"]),
        dataset_event("09:00:00", "source", **source),
        dataset_event("09:00:00", "view", **derived),
        dataset_event("08:00:00", "described", schema=schema("x")),
    )
    known, countable, missing = await score(store, Check.DATASET_ORIGIN)
    assert (known, countable) == (3, 5)
    assert missing == [ds("described"), ds("read")]  # that for longer
    answer = await ask(store, Check.DATASET_ORIGIN)
    described, read = (row.finding for row in answer.findings)
    assert (described.since, read.since) == (at("08:00:00"), at("09:00:00"))
    assert described.why == "No job ever said that it writes it."
    assert read.why.startswith("It is read, but")
    assert "DatasetEvent" in read.mend


async def test_who_wrote_it_once_is_its_origin_for_ever_but_not_before(graph):
    store = await graph(
        event("COMPLETE", "10:00:00", run=1, outputs=["old"]),
        *(event("COMPLETE", f"{11 + n}:00:00", run=2 + n, inputs=["old"], outputs=["new"]) for n in range(3)),
    )
    assert await score(store, Check.DATASET_ORIGIN, window=1) == (2, 2, [])
    assert await score(store, Check.DATASET_ORIGIN, as_of=at("10:30:00")) == (1, 1, [])
    assert await score(store, Check.DATASET_ORIGIN, as_of=at("09:00:00")) == (0, 0, [])


async def test_a_file_in_the_folder_of_a_dataset_is_told_as_such(graph):
    store = await graph(
        event("COMPLETE", "10:00:00", "write", 1, outputs=["/lake/orders"]),
        event("COMPLETE", "11:00:00", "read", 2, inputs=["/lake/orders/day=1/part-0.csv"]),
    )
    found = await finding(store, Check.DATASET_ORIGIN)
    assert found.why.endswith("It lies in /lake/orders, which is a dataset of its own.")
    assert "trim" not in found.why
    assert "removePath" in found.mend


async def test_other_names_make_one_dataset(graph):
    store = await graph(
        event("COMPLETE", "10:00:00", "write", 1, outputs=[dataset("a", **also("b"))]),
        event("COMPLETE", "11:00:00", "read", 2, inputs=[dataset("b", **owned("team"))]),
    )
    for check in (Check.DATASET_ORIGIN, Check.DATASET_OWNER, Check.DATASET_NAME):
        assert await score(store, check) == (1, 1, []), check


async def test_owners_are_those_of_the_time(graph):
    store = await graph(
        event("COMPLETE", "10:00:00", outputs=["a"]),
        dataset_event("11:00:00", "a", **owned("team")),
        dataset_event("12:00:00", "a", ownership={"_deleted": True, "_producer": "x", "_schemaURL": "x"}),
    )
    assert await score(store, Check.DATASET_OWNER, as_of=at("10:30:00")) == (0, 1, [ds("a")])
    assert await score(store, Check.DATASET_OWNER, as_of=at("11:30:00")) == (1, 1, [])
    assert await score(store, Check.DATASET_OWNER) == (0, 1, [ds("a")])
    assert (await finding(store, Check.DATASET_OWNER)).since == at("10:00:00")


async def test_jobs_without_inputs_or_outputs(graph):
    nothing = {"lineage": {"entries": [{"type": "DATASET", "namespace": NS, "name": "x", "inputs": []}]}}
    store = await graph(
        event("COMPLETE", "10:00:00", "both", 1, ["a"], ["b"]),
        event("COMPLETE", "11:00:00", "reads", 2, ["a"]),
        event("COMPLETE", "12:00:00", "writes", 3, [], ["a"]),
        event("COMPLETE", "13:00:00", "none", 4),
        event("COMPLETE", "10:00:00", "test", 5, ["a"], job_facets=job_type("TEST")),
        job_event("10:00:00", "generates", outputs=["x"], **nothing),
    )
    assert await score(store, Check.JOB_INPUTS) == (4, 6, [job_key(JOBS, "writes"), job_key(JOBS, "none")])
    assert await score(store, Check.JOB_OUTPUTS) == (3, 5, [job_key(JOBS, "reads"), job_key(JOBS, "none")])
    assert await score(store, Check.JOB_INPUTS, as_of=at("12:30:00")) == (4, 5, [job_key(JOBS, "writes")])
    assert "no outputs either" in (await ask(store, Check.JOB_INPUTS)).findings[1].finding.why


async def test_containers_are_no_jobs_without_datasets(graph):
    def inside(run, job):
        return {"parent": {"run": {"runId": run_id(run)}, "job": {"namespace": JOBS, "name": job}}}

    store = await graph(
        event("START", "10:00:00", "dag", 1),
        event("COMPLETE", "11:00:00", "dag", 1),
        event("COMPLETE", "10:30:00", "task", 2, ["a"], ["b"], run_facets=inside(1, "dag")),
        event("COMPLETE", "10:30:00", "flow", 3),
        event("COMPLETE", "10:30:00", "step", 4, ["a"], ["b"], run_facets=inside(3, "another name of flow")),
        event("COMPLETE", "10:30:00", "app", 5),
        event("COMPLETE", "10:30:00", "part", 6, ["a"], ["b"], run_facets=inside(99, "app")),
    )
    for check in (Check.JOB_INPUTS, Check.JOB_OUTPUTS, Check.RUN_CODE):
        assert (await score(store, check))[1] == 3, check
    assert (await score(store, Check.RUN_END))[:2] == (6, 6)


async def test_code_is_known_from_the_run_from_what_is_around_it_or_from_its_hash(graph):
    def inside(parent, root=None):
        job = {"namespace": JOBS, "name": "app"}
        around = {"root": {"run": {"runId": run_id(root)}, "job": job}} if root else {}
        return {"parent": {"run": {"runId": run_id(parent)}, "job": job, **around}}

    store = await graph(
        event("COMPLETE", "10:00:00", "own", 1, ["a"], job_facets=code()),
        event("COMPLETE", "10:00:00", "app", 2, ["a"], job_facets=code()),
        event("COMPLETE", "10:00:00", "child", 3, ["a"], run_facets=inside(2)),
        event("COMPLETE", "10:00:00", "grandchild", 4, ["a"], run_facets=inside(3, 2)),
        event("COMPLETE", "10:00:00", "hashed", 5, ["a"], run_facets={"whence_code": {"sourceSha256": "00ff"}}),
        event("COMPLETE", "10:00:00", "dirty", 6, ["a"], run_facets={"whence_code": {"dirty": True}}),
        event("COMPLETE", "10:00:00", "sometimes", 7, ["a"], job_facets=code()),
        event("COMPLETE", "11:00:00", "sometimes", 8, ["a"], job_facets={**code(""), **owned("x")}),
        event("COMPLETE", "12:00:00", "sometimes", 9, ["a"]),
    )
    assert await score(store, Check.RUN_CODE) == (6, 9, [job_key(JOBS, "sometimes"), job_key(JOBS, "dirty")])
    worst = (await ask(store, Check.RUN_CODE)).findings[0].finding
    assert (worst.missing, worst.of, worst.since) == (2, 3, at("11:00:00"))
    assert worst.why.startswith("2 of its last 3 runs")
    assert (await score(store, Check.RUN_CODE, window=1))[:2] == (5, 7)


async def test_runs_that_never_ended(graph):
    store = await graph(
        event("START", "10:00:00", "hung", 1, ["a"]),
        event("RUNNING", "11:00:00", "hung", 1),
        event("START", "10:00:00", "late", 2, ["a"]),
        event("FAIL", "2026-01-05T10:00:00Z", "late", 2),
        event("START", "10:00:00", "stream", 3, ["a"], job_facets=job_type(processing="STREAMING")),
        event("ABORT", "10:00:00", "aborted", 4),
    )
    assert await score(store, Check.RUN_END) == (2, 3, [run_key(run_id(1))])
    found = await finding(store, Check.RUN_END)
    assert found.since == at("11:00:00")
    assert "2026-01-01 10:00Z" in found.why
    # As it was a day after its last event, and before that; what ended later was then still going on.
    assert (await score(store, Check.RUN_END, as_of=at("2026-01-02T11:00:00Z")))[:2] == (1, 2)
    assert (await score(store, Check.RUN_END, as_of=at("2026-01-02T10:59:59Z")))[:2] == (1, 1)


async def test_columns_of_what_is_made_from_inputs(graph):
    store = await graph(
        event(
            "COMPLETE",
            "10:00:00",
            "derive",
            1,
            ["a"],
            [dataset("b", schema=schema("x", "y", "z"), columnLineage=columns(x=[("a", "x")]))],
        ),
        event("COMPLETE", "11:00:00", "derive", 2, ["a"], [dataset("b", columnLineage=columns(y=[("a", "x")]))]),
        event("COMPLETE", "10:00:00", "load", 3, [], [dataset("a", schema=schema("x"))]),
        event("COMPLETE", "10:00:00", "bare", 4, ["a"], ["no schema"]),
    )
    assert await score(store, Check.COLUMN_LINEAGE) == (2, 3, [ds("b")])
    assert (await score(store, Check.COLUMN_LINEAGE, window=1))[:2] == (1, 3)
    assert (await score(store, Check.COLUMN_LINEAGE, as_of=at("10:30:00")))[:2] == (1, 3)
    found = await finding(store, Check.COLUMN_LINEAGE)
    assert (found.missing, found.of, found.since) == (1, 3, at("10:00:00"))
    assert found.why.endswith(": z.")


TWINS = [
    ((NS, "Shop.Orders"), (NS, "shop.orders"), 0),
    (("postgres://db:5432", "shop.orders"), ("postgresql://DB", "shop.orders"), 0),
    (("jdbc:postgresql://db:5432/shop", "public.orders"), ("postgres://db", "shop.public.orders"), 0),
    (("jdbc:sqlserver://db:1433;encrypt=true", "x.dbo.t"), ("mssql://db", "x.dbo.t"), 0),
    (("s3a://lake/", "sales/orders/"), ("s3://lake", "sales/orders"), 0),
    (("file", "/data/orders"), ("file", "/data/orders/"), 0),
    (("hive://meta:9083", "sales.orders"), ("s3://lake", "warehouse/sales.db/orders"), 1),
    (("snowflake://org-acct", "DB.SALES.ORDERS"), ("s3://lake", "exports/sales/orders"), 1),
]
APART = [
    (("postgres://prod:5432", "shop.orders"), ("postgres://test:5432", "shop.orders")),
    (("postgres://db:5432", "shop.orders"), ("postgres://db:5433", "shop.orders")),
    (("postgres://db:5432", "shop.orders"), ("mysql://db:3306", "crm.orders")),
    (("kafka://k:9092", "orders"), ("postgres://db", "orders")),
]


@pytest.mark.parametrize(("one", "other", "by_columns"), TWINS)
async def test_suspected_twins(one, other, by_columns):
    def events(**facets):
        return [dataset_event("10:00:00", name, namespace, **facets) for namespace, name in (one, other)]

    keys = sorted([ds(one[1], one[0]), ds(other[1], other[0])])
    store = await graph_of(*events(schema=schema("a", "B")))
    known, countable, missing = await score(store, Check.DATASET_NAME)
    assert (known, countable, sorted(missing)) == (0, 2, keys)
    [first, second] = (row.finding for row in (await ask(store, Check.DATASET_NAME)).findings)
    assert (first.others, second.others) == ((second.key,), (first.key,))
    assert "symlinks" in first.mend
    # Where the columns are the reason, they are needed.
    store = await graph_of(*events(**owned("x")))
    assert (await score(store, Check.DATASET_NAME))[0] == (2 if by_columns else 0)


@pytest.mark.parametrize(("one", "other"), APART)
async def test_what_is_no_twin(graph, one, other):
    store = await graph(*(dataset_event("10:00:00", name, ns, schema=schema("a")) for ns, name in (one, other)))
    assert await score(store, Check.DATASET_NAME) == (2, 2, [])


async def test_twins_that_are_joined_kept_apart_or_made_of_each_other_are_none(graph):
    one, other = ("hive://meta", "sales.orders"), ("s3://lake", "sales/orders")
    described = [dataset_event("10:00:00", name, ns, schema=schema("a")) for ns, name in (one, other)]
    store = await graph(*described)
    assert (await score(store, Check.DATASET_NAME))[0] == 0
    assert await score(store, Check.DATASET_NAME, never_alias=["^s3://lake/sales"]) == (2, 2, [])
    store = await graph_of(
        *described,
        event("COMPLETE", "11:00:00", inputs=[dataset(other[1], other[0])], outputs=[dataset(one[1], one[0])]),
        event("COMPLETE", "11:00:00", "x", 2, [], [dataset("Upper"), dataset("upper", **also("Upper"))]),
    )
    assert await score(store, Check.DATASET_NAME) == (3, 3, [])


async def test_a_twin_in_another_namespace_is_found_though_only_one_is_asked_about(graph):
    store = await graph(
        *(event("COMPLETE", f"1{n}:00:00", "j", n, [], [dataset("t", ns)]) for n, ns in enumerate(["pg://A", "pg://a"]))
    )
    found = await finding(store, Check.DATASET_NAME, namespace="pg://a")
    assert (found.key, found.others, found.since) == (ds("t", "pg://a"), (ds("t", "pg://A"),), at("11:00:00"))
    assert (await score(store, Check.DATASET_NAME, as_of=at("10:30:00")))[:2] == (1, 1)


@pytest.mark.parametrize(
    ("namespace", "name", "form"),
    [
        ("file", "/a/b.csv", ("file", "", ("a", "b", "csv"))),
        ("jdbc:mariadb://h:3306/d?x=y", "t", ("mysql", "h", ("d", "t"))),
        ("postgres://h:54320", '"S"."T"', ("postgres", "h:54320", ("s", "t"))),
        ("bigquery", "p.d.t", ("bigquery", "", ("p", "d", "t"))),
        ("", "", ("", "", ())),
    ],
)
def test_forms_of_names(namespace, name, form):
    assert form_of(namespace, name) == form


def nightly(days, job="etl", first=1, namespace_facets=None):
    return [
        event(
            "COMPLETE", f"2026-01-{day:02}T02:00:00Z", job, 100 * first + day, job_facets=namespace_facets or job_type()
        )
        for day in days
    ]


async def test_a_collector_that_goes_silent(graph):
    store = await graph(*nightly(range(1, 11)))
    last = at("2026-01-10T02:00:00Z")
    silent = last + 5 * 24 * HOUR
    assert await score(store, Check.COLLECTOR, as_of=silent) == (1, 1, [])
    assert await score(store, Check.COLLECTOR, as_of=silent + 1) == (0, 1, [job_key(JOBS, "etl")])
    found = await finding(store, Check.COLLECTOR)
    assert found.since == last
    assert found.why.startswith("DBT in trading reported every 24 hours or so")


async def test_collectors_are_told_apart_by_integration_and_few_reports_are_no_rhythm(graph):
    store = await graph(
        *nightly(range(1, 11)),
        *nightly(range(1, 30), "spark", 2, job_type(integration="SPARK")),
        *nightly([1, 5, 9], "seldom", 3, job_type(integration="FLINK")),
        *(
            event("COMPLETE", f"10:{n:02}:00", f"backfill{n}", 900 + n, job_facets=job_type(integration="X"))
            for n in range(9)
        ),
    )
    assert await score(store, Check.COLLECTOR, as_of=at("2026-01-30T00:00:00Z")) == (1, 2, [job_key(JOBS, "etl")])


@pytest.mark.parametrize(("last", "regular"), [("2026-01-03T00:00:00Z", 1), ("2026-01-02T23:00:00Z", 0)])
async def test_a_regular_collector_has_reported_for_two_days(graph, last, regular):
    times = ["2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z", "2026-01-02T00:00:00Z", last]
    store = await graph(*(event("COMPLETE", time, f"j{n}", n) for n, time in enumerate(times)))
    assert (await score(store, Check.COLLECTOR))[1] == regular


async def test_a_fast_collector_is_known_by_what_it_did_before_the_window(graph):
    events = [
        event("COMPLETE", f"2026-01-{day:02}T10:{m:02}:00Z", run=60 * day + m)
        for day in (1, 4)
        for m in range(0, 60, 5)
    ]
    store = await graph(*events)
    assert await score(store, Check.COLLECTOR, as_of=at("2026-01-04T11:50:00Z")) == (1, 1, [])
    known, countable, _ = await score(store, Check.COLLECTOR, as_of=at("2026-01-04T12:00:00Z"))
    assert (known, countable) == (0, 1)
    assert (await score(store, Check.COLLECTOR, as_of=at("2026-01-02T00:00:00Z")))[1] == 0


@pytest.mark.parametrize(
    ("starts", "cut", "pause"),
    [
        ({"a": [3, 2, 1]}, set(), None),
        ({"a": [4, 3, 2, 1]}, set(), 1),
        ({"a": [30, 21, 20, 11, 10, 1]}, set(), 9),  # two at a time: the pause is that between the pairs
        ({"a": [70, 50, 40, 30, 20, 10]}, set(), 10),  # one outage is not the rule
        ({"a": [104, 103, 102, 101], "b": [90, 60, 30, 0]}, {"a"}, 1),  # before 101, not all of a's is in view
    ],
)
def test_the_usual_pause(starts, cut, pause):
    assert usual_pause(starts, cut) == pause


async def test_scores_by_namespace_and_owner_and_of_one_of_them(graph):
    store = await graph(
        event("COMPLETE", "10:00:00", "one", 1, ["a"], [dataset("b", **owned("x", "y"))], job_facets=owned("x")),
        event("COMPLETE", "10:00:00", "two", 2, ["c"], [dataset("d", "other")]),
    )
    checks = [Check.DATASET_OWNER, Check.DATASET_ORIGIN, Check.JOB_INPUTS]
    answer = await ask(store, *checks)
    counted = [Check.DATASET_ORIGIN, Check.JOB_INPUTS, Check.DATASET_OWNER]

    def table(groups):
        return {group.name: [(score.known, score.countable) for score in group.scores] for group in groups}

    assert [score.check for score in answer.scores] == counted
    assert table(answer.by_namespace) == {
        NS: [(1, 3), (0, 0), (1, 3)],
        "other": [(1, 1), (0, 0), (0, 1)],
        JOBS: [(0, 0), (2, 2), (0, 0)],
    }
    assert [group.name for group in answer.by_namespace] == [NS, "other", JOBS]  # the worst first
    assert table(answer.by_owner) == {
        "x": [(1, 1), (1, 1), (1, 1)],
        "y": [(1, 1), (0, 0), (1, 1)],
        None: [(1, 3), (1, 1), (0, 3)],
    }
    assert overall(answer.scores) == pytest.approx((2 / 4 + 2 / 2 + 1 / 4) / 3)
    of_x = await ask(store, *checks, owner="x")
    assert [(score.known, score.countable) for score in of_x.scores] == [(1, 1), (1, 1), (1, 1)]
    of_other = await ask(store, *checks, namespace="other")
    assert [(score.known, score.countable) for score in of_other.scores] == [(1, 1), (0, 0), (0, 1)]
    assert [row.finding.key for row in of_other.findings] == [ds("d", "other")]
    assert (await ask(store, *checks, owner="nobody")).findings == []


async def test_the_worst_of_each_check_come_first(graph):
    store = await graph(
        *(event("COMPLETE", f"1{n}:00:00", f"j{n}", n, ["a"], [f"b{n}"]) for n in range(3)),
    )
    found = (await ask(store, Check.DATASET_OWNER, Check.RUN_CODE, Check.DATASET_ORIGIN)).findings
    assert [(row.rank, row.finding.check) for row in found][:5] == [
        (0, Check.DATASET_ORIGIN),
        (0, Check.RUN_CODE),
        (0, Check.DATASET_OWNER),
        (1, Check.RUN_CODE),
        (1, Check.DATASET_OWNER),
    ]
    assert len(found) == 1 + 3 + 4


async def test_when_time_is_up_it_says_so(graph):
    answer = await ask(await graph(event("COMPLETE", "10:00:00", inputs=["a"])), seconds=-1)
    assert answer.truncated == Limit.TIME
    assert "0 jobs and 0 datasets" in answer.notes[0]


async def test_a_window_out_of_range_is_refused(graph):
    with pytest.raises(InvalidQuestion, match="window"):
        await ask(await graph(), window=0)
