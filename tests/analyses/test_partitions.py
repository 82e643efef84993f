"""Which partitions there are, and which are missing."""

import pytest

from tests.build import JOBS, NS, at, dataset, dataset_event, event, graph_of, run_id
from whence.analyses.partitions.answer import partitions
from whence_schemas.errors import InvalidQuestion, NotFound
from whence_schemas.identity import column_key, dataset_key, job_key, run_key
from whence_schemas.partitions import PartitionQuestion, PartitionStep

LETTERS = {"PRESENT": "#", "PARTIAL": "%", "RUNNING": "r", "FAILED": "f", "MISSING": "."}


def ds(name="a"):
    return dataset_key(NS, name)


def nominal(start, end=None):
    return {"nominalTime": {"nominalStartTime": start, **({"nominalEndTime": end} if end else {})}}


def made(day, run=None, kind="COMPLETE", outputs=("a",), job="load", **more):
    """A run for a day of January, at its end."""
    facets = {"run_facets": nominal(f"2026-01-{day:02}T00:00:00Z")} | more
    return event(kind, f"2026-01-{day + 1:02}T02:00:00Z", job, run or day, outputs=outputs, **facets)


def written(partition, on, run, kind="COMPLETE", job="load", **more):
    """A run that wrote one partition, or several."""
    found = partition if isinstance(partition, list) else [partition]
    said = [{"dimensions": p} if isinstance(p, dict) else {"identifier": p} for p in found]
    subset = {"subset": {"outputCondition": {"type": "partition", "partitions": said}}}
    return event(kind, f"{on}T02:00:00Z", job, run, outputs=[dataset("a", output=subset)], **more)


async def ask(store, of=None, start="2026-01-01", end="2026-02-01", as_of="2026-03-01", **question):
    return await partitions(store, PartitionQuestion(of or ds(), at(start), at(end), at(as_of), **question))


def drawn(answer):
    """The expected partitions, one letter each."""
    return "".join(LETTERS[row.tried.state] for row in answer.rows if row.expected)


async def test_days_by_nominal_time(graph):
    store = await graph(*(made(day) for day in range(1, 11) if day not in (4, 7, 8)))
    answer = await ask(store, end="2026-01-12")
    assert drawn(answer) == "###.##..##."
    assert (answer.said, answer.step, answer.basis, answer.zone) == ("every day", "DAY", "INFERRED", "UTC")
    assert [row.label for row in answer.rows][:2] == ["2026-01-01", "2026-01-02"]
    assert answer.rows[0].tried.attempt.run == run_key(run_id(1))
    assert answer.rows[3].tried == ("MISSING", None, 0)
    assert drawn(await ask(store, job_key(JOBS, "load"), end="2026-01-12")) == "###.##..##."
    assert (answer.notes, answer.truncated) == ([], None)


async def test_states_and_the_run_that_tells(graph):
    store = await graph(
        made(1),
        event("FAIL", "2026-01-02T05:00:00Z", "load", 20, outputs=["a"], run_facets=nominal("2026-01-01T00:00:00Z")),
        made(2, kind="FAIL"),
        made(2, 21, "ABORT"),
        made(3, 30, "FAIL"),
        made(3, 31, "START"),
        made(4, 40, "FAIL"),
        made(4, 41, "COMPLETE"),
        made(6),
    )
    answer = await ask(store, end="2026-01-07")
    assert drawn(answer) == "#fr#.#"
    assert [row.tried.tries for row in answer.rows] == [2, 2, 2, 2, 0, 1]
    runs = [row.tried.attempt and row.tried.attempt.run for row in answer.rows]
    wanted = [1, None, 31, 41, None, 6]
    assert [run for run, n in zip(runs, wanted, strict=True) if n] == [run_key(run_id(n)) for n in wanted if n]


async def test_as_of_counts_what_was_known_then(graph):
    store = await graph(
        event("START", "2026-01-02T01:00:00Z", "load", 1, outputs=["a"], run_facets=nominal("2026-01-01T00:00:00Z")),
        made(1, 1),
        *(made(day) for day in (2, 3, 5)),
    )
    assert drawn(await ask(store, as_of="2026-01-04T12:00:00Z")) == "###"
    assert drawn(await ask(store, as_of="2026-01-05T00:00:00Z")) == "###."
    assert drawn(await ask(store, as_of="2026-01-02T01:30:00Z", step=PartitionStep.DAY)) == "r"


async def test_runs_that_failed_before_they_told_what_they_write(graph):
    store = await graph(made(1), made(2, kind="FAIL", outputs=()), made(3), made(4, outputs=()))
    assert drawn(await ask(store, end="2026-01-05")) == "#f#."
    assert drawn(await ask(store, job_key(JOBS, "load"), end="2026-01-05")) == "#f##"


async def test_backfills_count_for_what_they_fill(graph):
    late = [
        event(
            "COMPLETE",
            "2026-02-20T00:00:00Z",
            "load",
            90 + d,
            outputs=["a"],
            run_facets=nominal(f"2026-01-0{d}T00:00:00Z"),
        )
        for d in (2, 3)
    ]
    store = await graph(made(1), made(5), *late)
    assert drawn(await ask(store, end="2026-01-06")) == "###.#"
    assert drawn(await ask(store, end="2026-01-06", as_of="2026-02-01")) == "#...#"


async def test_names_of_one_dataset_count_together(graph):
    links = {"symlinks": {"identifiers": [{"namespace": NS, "name": "b", "type": "TABLE"}]}}
    store = await graph(
        dataset_event("2025-12-01T00:00:00Z", "a", **links), made(1), made(2, outputs=["b"], job="other"), made(4)
    )
    for name in "ab":
        assert drawn(await ask(store, ds(name), end="2026-01-05")) == "##.#"


@pytest.mark.parametrize(
    ("step", "starts", "range_", "picture"),
    [
        (
            "HOUR",
            ["2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z", "2026-01-01T04:00:00Z"],
            ("2026-01-01", "2026-01-01T06:00:00Z"),
            "##..#.",
        ),
        ("DAY", ["2026-01-01T06:00:00Z", "2026-01-02T06:00:00Z"], ("2026-01-01", "2026-01-04"), "##."),
        ("WEEK", ["2026-01-05T00:00:00Z", "2026-01-19T00:00:00Z"], ("2026-01-01", "2026-01-27"), "#.#."),
        ("MONTH", ["2025-11-01T00:00:00Z", "2026-01-01T00:00:00Z"], ("2025-11-01", "2026-02-02"), "#.#."),
    ],
)
async def test_the_rhythm_is_found_out(step, starts, range_, picture):
    store = await graph_of(
        *(
            event("COMPLETE", "2026-02-03T00:00:00Z", "load", n, outputs=["a"], run_facets=nominal(s))
            for n, s in enumerate(starts)
        )
    )
    answer = await ask(store, start=range_[0], end=range_[1], as_of="2026-04-01")
    assert (answer.step, answer.basis, drawn(answer)) == (step, "INFERRED", picture)


async def test_the_length_of_nominal_times_is_recorded(graph):
    facets = [nominal(f"2026-01-{d:02}T00:00:00Z", f"2026-01-{d + 7:02}T00:00:00Z") for d in (5, 12)]
    store = await graph(*(made(5, n, run_facets=f) for n, f in enumerate(facets)))
    answer = await ask(store)
    assert (answer.step, answer.basis, drawn(answer)) == ("WEEK", "RECORDED", "##..")
    one = await graph_of(made(5, run_facets=nominal("2026-01-05T00:00:00+01:00", "2026-01-06T00:00:00+01:00")))
    answer = await ask(one, zone="Europe/Berlin", end="2026-01-08")
    assert (answer.step, answer.basis, answer.zone) == ("DAY", "RECORDED", "Europe/Berlin")
    assert [row.label for row in answer.rows] == [f"2026-01-0{d}" for d in range(2, 9)]
    assert drawn(answer) == "...#..."


def airflow(expression, run_type="scheduled", zone="UTC", **run):
    timetable = {"expression": expression, "timezone": zone}
    return {"airflow": {"dag": {"dag_id": "load", "timetable": timetable}, "dagRun": {"run_type": run_type, **run}}}


async def test_airflows_schedule_is_recorded(graph):
    """Weekdays: nothing is missing on a weekend."""
    store = await graph(
        *(made(d, run_facets=nominal(f"2026-01-{d:02}T00:00:00Z") | airflow("0 0 * * 1-5")) for d in (1, 2, 5, 7)),
        event(
            "COMPLETE",
            "2026-01-08T10:00:00Z",
            "load",
            99,
            outputs=["a"],
            run_facets=nominal("2026-01-08T09:59:58.123Z") | airflow("0 0 * * 1-5", "manual"),
        ),
    )
    answer = await ask(store, end="2026-01-10")
    assert (answer.said, answer.basis, drawn(answer)) == ("cron 0 0 * * 1-5", "RECORDED", "###.#..")
    assert [row.label for row in answer.rows if not row.expected] == ["2026-01-08 09:59"]
    assert "1 lie beside" in answer.notes[0]


async def test_airflows_zone(graph):
    """Midnight in Berlin is told in UTC, over a change of the clocks."""
    starts = ["2026-03-27T23:00:00Z", "2026-03-28T23:00:00Z", "2026-03-30T22:00:00Z"]
    facets = [nominal(start) | airflow("@daily", zone="Europe/Berlin") for start in starts]
    store = await graph(
        *(event("COMPLETE", "2026-04-01T00:00:00Z", run=n, outputs=["a"], run_facets=f) for n, f in enumerate(facets))
    )
    answer = await ask(store, start="2026-03-27T23:00:00Z", end="2026-04-01", as_of="2026-05-01")
    assert (answer.zone, drawn(answer)) == ("Europe/Berlin", "##.#.")
    answer = await ask(
        store, start="2026-03-27T23:00:00Z", end="2026-04-01", as_of="2026-05-01", step=PartitionStep.DAY
    )
    assert [row.label for row in answer.rows][1:4] == ["2026-03-29", "2026-03-30", "2026-03-31"]
    assert drawn(answer) == "##.#."


async def test_a_step_that_is_given(graph):
    store = await graph(made(1))
    answer = await ask(store, end="2026-01-04", step=PartitionStep.DAY)
    assert (answer.basis, drawn(answer)) == ("GIVEN", "#..")
    answer = await ask(store, end="2026-01-04")
    assert (answer.basis, answer.said, drawn(answer)) == (None, "", "")
    assert [row.tried.state for row in answer.rows] == ["PRESENT"]
    assert "One partition was seen" in answer.notes[0]
    assert "No run since then" in (await ask(store, start="2026-01-20")).notes[0]


async def test_partitions_that_runs_name(graph):
    store = await graph(
        written({"date": "2026-01-01"}, "2026-01-02", 1),
        written(["2026-01-02", "2026-01-03"], "2026-01-04", 2),
        written("date=2026-01-05", "2026-01-06", 3, "FAIL"),
    )
    answer = await ask(store, end="2026-01-07")
    assert (answer.step, drawn(answer)) == ("DAY", "###.f.")
    path = event(
        "COMPLETE",
        "2026-01-07T00:00:00Z",
        run=9,
        outputs=[
            dataset(
                "a",
                output={"subset": {"outputCondition": {"type": "location", "locations": ["/lake/a/month=2026-01"]}}},
            )
        ],
    )
    answer = await ask(await graph_of(path))
    assert (answer.step, answer.basis, drawn(answer), answer.rows[0].label) == ("MONTH", "INFERRED", "#", "2026-01")


async def test_the_partition_of_the_orchestrator(graph):
    def dagster(key):
        return {"whence_dagster": {"runId": "x", "jobName": "load", "partitionKey": key}}

    store = await graph(
        *(made(d, run_facets=dagster(f"2026-01-0{d}")) for d in (1, 3)),
        made(2, 20, run_facets=dagster("2026-01-02|eu")),
        made(5, run_facets=airflow("@daily", partition_key="2026-01-05")),
    )
    answer = await ask(store, end="2026-01-06")
    assert drawn(answer) == "###.#"
    assert [key.key for key in answer.rows[1].keys] == ["eu"]


async def test_the_nominal_time_of_a_run_around_it(graph):
    """Of the query in an application in a task, only the task says for which day it is."""

    def inside(run, job):
        return {"parent": {"run": {"runId": run_id(run)}, "job": {"namespace": "x", "name": job}}}

    def day(d):
        return [
            event(
                "COMPLETE", f"2026-01-0{d}T10:00:00Z", "task", 100 + d, run_facets=nominal(f"2026-01-0{d}T00:00:00Z")
            ),
            event("COMPLETE", f"2026-01-0{d}T10:00:00Z", "app", 200 + d, run_facets=inside(100 + d, "task")),
            event(
                "COMPLETE",
                f"2026-01-0{d}T10:00:00Z",
                "query",
                300 + d,
                outputs=["a"],
                run_facets=inside(200 + d, "app"),
            ),
        ]

    store = await graph(*day(1), *day(2), *day(4))
    assert drawn(await ask(store, end="2026-01-05")) == "##.#"


async def test_keys_beside_the_time(graph):
    def regions(day, *keys, kind="COMPLETE", run=None):
        return written(
            [{"date": f"2026-01-{day:02}", "region": key} for key in keys], f"2026-01-{day + 1:02}", run or day, kind
        )

    store = await graph(
        regions(1, "eu"),
        regions(2, "eu", "us"),
        regions(3, "us"),
        regions(3, "eu", kind="FAIL", run=33),
        regions(5, "eu"),
        regions(6, "us", "eu", "asia"),
    )
    answer = await ask(store, end="2026-01-07")
    assert drawn(answer) == "##%.%#"
    keys = [{key.key.removeprefix("region="): LETTERS[key.tried.state] for key in row.keys} for row in answer.rows]
    assert keys == [
        {"eu": "#"},
        {"eu": "#", "us": "#"},
        {"eu": "f", "us": "#"},
        {"eu": ".", "us": "."},
        {"eu": "#", "us": "."},
        {"asia": "#", "eu": "#", "us": "#"},
    ]
    answer = await ask(store, end="2026-01-07", window=1)
    assert drawn(answer) == "##%.%#"
    assert [[key.key[-2:] for key in row.keys] for row in answer.rows][3:5] == [["us"], ["eu", "us"]]


async def test_keys_of_a_day_that_is_not_over():
    store = await graph_of(
        *(
            written([{"date": f"2026-01-0{d}", "region": k} for k in ("eu", "us")], f"2026-01-0{d + 1}", d)
            for d in (1, 2)
        ),
        written({"date": "2026-01-03", "region": "eu"}, "2026-01-03", 3),
    )
    answer = await ask(store, as_of="2026-01-03T12:00:00Z")
    assert drawn(answer) == "###"
    answer = await ask(store, as_of="2026-01-04T02:00:00Z")
    assert drawn(answer) == "##%"


async def test_keys_with_the_runs_nominal_time():
    store = await graph_of(
        *(
            written(k, f"2026-01-0{d + 1}", 10 * d + n, run_facets=nominal(f"2026-01-0{d}T00:00:00Z"))
            for d in (1, 2)
            for n, k in enumerate(["eu", "us"])
            if (d, k) != (2, "us")
        )
    )
    answer = await ask(store, end="2026-01-03")
    assert [(key.key, key.tried.state) for key in answer.rows[1].keys] == [("eu", "PRESENT"), ("us", "MISSING")]


async def test_what_was_dropped_is_not_there(graph):
    gone = dataset("a", lifecycleStateChange={"lifecycleStateChange": "DROP"})
    store = await graph(
        made(1), made(2), event("COMPLETE", "2026-01-03T12:00:00Z", "drop", 9, outputs=[gone]), made(3), made(5)
    )
    assert drawn(await ask(store, end="2026-01-06")) == "..#.#"


async def test_many_runs_are_read_in_pages(graph):
    hours = [f"2026-01-{1 + n // 24:02}T{n % 24:02}:00:00Z" for n in range(600)]
    events = [
        event(
            "COMPLETE",
            f"2026-01-{1 + (n + 1) // 24:02}T{(n + 1) % 24:02}:10:00Z",
            "load",
            n,
            outputs=["a"],
            run_facets=nominal(hour),
        )
        for n, hour in enumerate(hours)
        if n not in (7, 300, 599)
    ]
    answer = await ask(await graph(*events), end="2026-01-26")
    assert answer.step == "HOUR"
    assert [n for n, letter in enumerate(drawn(answer)) if letter == "."] == [7, 300, 599]
    cut = await ask(await graph_of(*events), end="2026-01-26", seconds=-1)
    assert cut.truncated == "TIME"


@pytest.mark.parametrize(
    ("question", "error"),
    [
        ({"of": ds("nothing")}, NotFound),
        ({"of": column_key(ds(), "x")}, InvalidQuestion),
        ({"end": "2026-01-01"}, InvalidQuestion),
        ({"zone": "Mars"}, InvalidQuestion),
        ({"window": 0}, InvalidQuestion),
        ({"start": "2000-01-01", "step": PartitionStep.HOUR}, InvalidQuestion),
    ],
)
async def test_wrong_questions(question, error):
    store = await graph_of(made(1), made(2))
    with pytest.raises(error):
        await ask(store, **question)
