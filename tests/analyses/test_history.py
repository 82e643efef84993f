"""What runs measured and checked, and what changed."""

import pytest

from tests.build import JOBS, NS, dataset, dataset_event, event, graph_of, run_id
from whence.analyses.history.answer import history
from whence_schemas.errors import InvalidQuestion, NotFound
from whence_schemas.history import HistoryQuestion, MeasureKey
from whence_schemas.identity import column_key, dataset_key, job_key, run_key
from whence_schemas.times import format_time, parse_time

ROWS = MeasureKey("outputStatistics", "rowCount")


def ds(name="a"):
    return dataset_key(NS, name)


def on(day, clock="02:00:00"):
    return f"2026-01-{day:02}T{clock}Z"


def load(day, rows=None, run=None, kind="COMPLETE", job="load", name="a", seconds=60, **facets):
    """A run that takes so long to write so many rows."""
    run = run or day
    statistics = {} if rows is None else {"outputStatistics": {"rowCount": rows, "size": 10 * rows}}
    start = event("START", on(day), job, run)
    minutes, rest = divmod(seconds, 60)
    end = event(
        kind, on(day, f"02:{minutes:02}:{rest:02}"), job, run, outputs=[dataset(name, output=statistics, **facets)]
    )
    return [start, end]


def checks(day, run, success, job="test", name="a", column="x", how="input"):
    said = {"dataQualityAssertions": {"assertions": [{"assertion": "not_null", "column": column, "success": success}]}}
    read = dataset(name, **{"input": said} if how == "input" else said)
    return [event("COMPLETE", on(day, "03:00:00"), job, run, inputs=[read])]


async def ask(store, of=None, as_of="2026-02-01T00:00:00Z", first=100, after=None, **question):
    answer = await history(store, HistoryQuestion(of or ds(), parse_time(as_of).micros, **question))
    return answer, await answer.page(after, first)


def measure(entry, key=ROWS):
    [found] = [m for m in entry.measures if m.key == key] or [None]
    return found


async def test_values_against_the_median_of_those_before(graph):
    store = await graph(*(e for d, rows in enumerate([100, 102, 98, 100, 60, 100], 1) for e in load(d, rows)))
    _, page = await ask(store)
    assert [measure(e).value for e in page.rows] == [100, 60, 100, 98, 102, 100]
    assert [(m.median, m.of, m.changed) for m in map(measure, page.rows)] == [
        (100, 5, False),
        (100, 4, True),
        (100, 3, False),
        (101, 2, False),
        (100, 1, False),
        (None, 0, False),
    ]
    assert measure(page.rows[1]).change == pytest.approx(-0.4)
    assert measure(page.rows[1], ROWS._replace(name="size")).value == 600
    assert [e.role for e in page.rows] == 6 * ["PRODUCED"]
    _, page = await ask(store, threshold=0.4, previous=1)
    assert [(m.median, m.changed) for m in map(measure, page.rows)][:2] == [(60, True), (100, False)]


async def test_a_threshold_is_more_than(graph):
    store = await graph_of(*load(1, 10), *load(2, 13), *load(3, 0), *load(4, 0))
    _, page = await ask(store, previous=1)
    assert [(m.change, m.changed) for m in map(measure, page.rows)] == [
        (0, False),
        (-1, True),
        (pytest.approx(0.3), False),
        (None, False),
    ]
    _, page = await ask(await graph_of(*load(1, 0), *load(2, 5)))
    assert (measure(page.rows[0]).change, measure(page.rows[0]).changed) == (None, True)


async def test_failed_attempts_are_shown_and_not_compared(graph):
    store = await graph(
        *load(1, 100), *load(2, 3, kind="FAIL"), *load(3, 100), event("START", on(4), "load", 4, outputs=["a"])
    )
    _, page = await ask(store)
    assert [e.attempt.state for e in page.rows] == ["RUNNING", "COMPLETE", "FAIL", "COMPLETE"]
    assert [(m.median, m.of) if m else None for m in map(measure, page.rows)] == [None, (100, 1), (None, 0), (None, 0)]
    assert page.rows[0].attempt.end is None
    assert not page.rows[0].measures
    _, page = await ask(store, as_of=on(3, "02:00:30"))
    assert [e.attempt.run for e in page.rows] == [run_key(run_id(n)) for n in (2, 1)]


async def test_each_job_is_compared_with_itself(graph):
    store = await graph(*load(1, 1000, job="full"), *load(2, 10), *load(3, 11), *load(4, 1100, job="full"))
    _, page = await ask(store)
    assert [(m.median, m.changed) for m in map(measure, page.rows)] == [
        (1000, False),
        (10, False),
        (None, False),
        (None, False),
    ]


async def test_durations(graph):
    store = await graph(*load(1, seconds=60), *load(2, seconds=62), *load(3, seconds=600))
    for of in (ds(), job_key(JOBS, "load")):
        _, page = await ask(store, of)
        took = [measure(e, MeasureKey("", "duration")) for e in page.rows]
        assert [(m.value, m.median, m.changed) for m in took] == [(600, 61, True), (62, 60, False), (60, None, False)]


async def test_quality_metrics_of_columns(graph):
    def metrics(nulls):
        return {"rowCount": 9, "columnMetrics": {"x": {"nullCount": nulls, "quantiles": {"0.5": 7}}}}

    store = await graph(
        *load(1, dataQualityMetrics=metrics(1)),
        *load(2, dataQualityMetrics=metrics(4)),
        event("COMPLETE", on(3), "profile", 3, inputs=[dataset("a", input={"dataQualityMetrics": metrics(5)})]),
        event("COMPLETE", on(4), "reader", 4, inputs=["a"]),
    )
    _, page = await ask(store)
    assert [(e.role, e.attempt.job) for e in page.rows] == [
        ("CHECKED", job_key(JOBS, "profile")),
        ("PRODUCED", job_key(JOBS, "load")),
        ("PRODUCED", job_key(JOBS, "load")),
    ]
    nulls = MeasureKey("dataQualityMetrics", "nullCount", "", "x")
    assert [measure(e, nulls).value for e in page.rows] == [5, 4, 1]
    assert [measure(e, nulls).changed for e in page.rows] == [False, True, False]
    assert {m.key.name for m in page.rows[0].measures} == {"rowCount", "nullCount", "quantile 0.5"}


async def test_what_a_run_says_counts_for_the_attempt_that_says_it(graph):
    """A run that was started again: each of its attempts has its own numbers, of facets of the dataset too."""

    def metrics(rows):
        return {"rowCount": rows, "columnMetrics": {}}

    store = await graph(
        *load(1, 5, run=1, dataQualityMetrics=metrics(50)),
        *load(2, 6, run=1, dataQualityMetrics=metrics(60)),
        *load(3, run=1),
    )
    _, page = await ask(store)
    assert [(e.attempt.run, e.attempt.number) for e in page.rows] == [(run_key(run_id(1)), n) for n in (2, 1, 0)]
    assert [measure(e) and measure(e).value for e in page.rows] == [None, 6, 5]
    said = ROWS._replace(facet="dataQualityMetrics")
    assert [measure(e, said) and measure(e, said).value for e in page.rows] == [None, 60, 50]


async def test_a_job_is_measured_in_all_that_it_reads_and_writes(graph):
    store = await graph(
        event(
            "COMPLETE",
            on(1),
            "load",
            1,
            inputs=[dataset("in", input={"inputStatistics": {"rowCount": 7}})],
            outputs=[dataset(n, output={"outputStatistics": {"rowCount": k}}) for k, n in enumerate("ab")],
            run_facets={"test": {"tests": [{"name": "t", "status": "skip"}, {"name": "u", "status": "FAIL"}]}},
        )
    )
    _, page = await ask(store, job_key(JOBS, "load"))
    [entry] = page.rows
    assert entry.role == "RAN"
    assert {(m.key.facet, m.key.dataset): m.value for m in entry.measures if m.key.name == "rowCount"} == {
        ("inputStatistics", ds("in")): 7,
        ("outputStatistics", ds("a")): 0,
        ("outputStatistics", ds("b")): 1,
    }
    assert [(c.key.assertion, c.passed) for c in entry.checks] == [("t", None), ("u", False)]


@pytest.mark.parametrize("how", ["input", "dataset"])
async def test_failing_checks_since_when(graph, how):
    results = [True, False, True, False, False, False]
    store = await graph(
        *(e for day, success in enumerate(results, 1) for e in checks(day, day, success, how=how)),
        *checks(3, 30, True, column="y", how=how),
        *checks(4, 40, False, job="other", column="z", how=how),
    )
    answer, page = await ask(store)
    assert len(page.rows) == 8
    failing, cut = await answer.failing()
    assert cut is None
    assert [
        (f.key.column, format_time(f.since)[8:10], f.times, f.passed and format_time(f.passed)[8:10]) for f in failing
    ] == [
        ("x", "04", 3, "03"),
        ("z", "04", 1, None),
    ]
    assert all(f.whole for f in failing)
    answer, _ = await ask(store, as_of=on(3, "23:00:00"))
    assert await answer.failing() == ([], None)
    _, page = await ask(store, job_key(JOBS, "test"))
    assert [c.passed for e in page.rows for c in e.checks if c.key == (ds(), "not_null", "x")] == results[::-1]


async def test_a_check_that_is_no_longer_made_does_not_fail():
    gone = checks(1, 1, False, job="old")
    many = [
        event("COMPLETE", on(2, f"04:{n // 60:02}:{n % 60:02}"), "load", 100 + n, outputs=["a"]) for n in range(120)
    ]
    answer, _ = await ask(await graph_of(*gone, *many))
    assert await answer.failing() == ([], None)
    answer, _ = await ask(await graph_of(*gone, *many[:99]))
    assert len((await answer.failing())[0]) == 1


async def test_pages_have_the_numbers_of_the_whole(graph):
    links = {"symlinks": {"identifiers": [{"namespace": NS, "name": "b", "type": "TABLE"}]}}
    store = await graph(
        dataset_event("2025-12-01T00:00:00Z", "a", **links),
        *(
            e
            for d in range(1, 28)
            for e in load(d, 100 + 7 * d % 10, name="ab"[d % 2], kind="FAIL" if d % 5 == 0 else "COMPLETE")
        ),
        *(e for d in range(1, 28, 3) for e in checks(d, 100 + d, d % 2 == 0)),
        event("COMPLETE", on(28), "load", 200, inputs=["b"], outputs=["a", "b"]),
    )
    for of in (ds("a"), ds("b"), job_key(JOBS, "load")):
        _, page = await ask(store, of, previous=4)
        whole = page.rows
        assert len(whole) == (28 if of[0] == "J" else 37)
        assert [e.at for e in whole] == sorted((e.at for e in whole), reverse=True)
        for first in (1, 4, 10):
            found, after = [], None
            while rows := (await ask(store, of, first=first, after=after, previous=4))[1].rows:
                assert len(rows) <= first
                found += rows
                after = rows[-1].place
            assert found == whole


async def test_time_is_up():
    many = [event("COMPLETE", on(2, f"04:{n // 60:02}:{n % 60:02}"), "read", n, inputs=["a"]) for n in range(250)]
    answer, page = await ask(await graph_of(*load(1, 5), *many), seconds=-1)
    assert (page.rows, page.truncated) == ([], "TIME")
    assert (await answer.failing())[1] == "TIME"
    _, page = await ask(await graph_of(*load(1, 5), *many), after=page.end, seconds=-1)
    assert page.truncated == "TIME"
    _, page = await ask(await graph_of(*load(1, 5), *many), after=page.end, seconds=-1)
    assert [measure(e).value for e in page.rows] == [5]


async def test_facets_that_are_not_understood_are_passed_over():
    bad = {"dataQualityMetrics": {"rowCount": "many"}, "dataQualityAssertions": {"assertions": 7}}
    _, page = await ask(await graph_of(*load(1, **bad)))
    assert [m.key.name for m in page.rows[0].measures] == ["duration"]
    assert not page.rows[0].checks


@pytest.mark.parametrize(
    ("question", "error"),
    [
        ({"of": ds("nothing")}, NotFound),
        ({"of": column_key(ds(), "x")}, InvalidQuestion),
        ({"threshold": -0.1}, InvalidQuestion),
        ({"threshold": float("inf")}, InvalidQuestion),
        ({"threshold": float("nan")}, InvalidQuestion),
        ({"previous": 0}, InvalidQuestion),
    ],
)
async def test_wrong_questions(question, error):
    store = await graph_of(*load(1))
    with pytest.raises(error):
        await ask(store, **question)
