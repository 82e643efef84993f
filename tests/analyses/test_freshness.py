"""Which datasets are late, by which rhythm, and what they hold up."""

import pytest

from tests.build import NS, at, dataset, dataset_event, event, graph_of, job_event, run_id
from whence.analyses.freshness.answer import freshness
from whence.analyses.freshness.policy import parse_policy
from whence_schemas.errors import ConfigurationError, InvalidQuestion, NotFound
from whence_schemas.freshness import FreshnessQuestion, FreshnessRule, FreshnessState, RhythmBasis
from whence_schemas.identity import dataset_key, job_key, run_key
from whence_schemas.lineage import Limit
from whence_schemas.times import format_time

HOUR = 3_600_000_000
DAILY = FreshnessRule("daily", every="PT24H")


def ds(name):
    return dataset_key(NS, name)


def days(name="a", first=1, last=6, clock="02:00:00", job="load", **more):
    """A production on each day of January."""
    return [
        event("COMPLETE", f"2026-01-{day:02}T{clock}Z", job, 100 * len(job) + day, outputs=[name], **more)
        for day in range(first, last + 1)
    ]


async def ask(store, as_of="2026-01-08", first=100, after=None, **question):
    answer = await freshness(store, FreshnessQuestion(at(as_of), **question))
    return answer, await answer.page(after, first)


async def one(store, name="a", as_of="2026-01-08", **question):
    _, page = await ask(store, as_of, datasets=(ds(name),), **question)
    [(_, row)] = page.rows
    return row


def told(row):
    due = format_time(row.due)[:16] if row.due else None
    return row.state, row.rhythm and row.rhythm.basis, due, row.late_by and row.late_by / HOUR


async def test_the_usual_interval_is_inferred(graph):
    store = await graph(*days())
    row = await one(store)
    assert told(row) == ("LATE", "INFERRED", "2026-01-07T02:00", 22)
    assert row.rhythm.said == "about every 1 d in 5 intervals"
    assert row.rhythm.grace == 12 * HOUR
    assert row.last.run == run_key(run_id(406))
    assert told(await one(store, as_of="2026-01-07T14:00:00Z")) == ("FRESH", "INFERRED", "2026-01-07T02:00", None)
    assert (await one(store, as_of="2026-01-07T14:00:00.000001Z")).state == FreshnessState.LATE


@pytest.mark.parametrize(
    "times",
    [
        ["01", "02", "03"],
        ["01", "02", "08", "09", "20"],
        ["01T00:00:00", "01T00:00:01", "01T00:00:02", "01T00:00:03", "01T00:00:04"],
    ],
    ids=["too few", "irregular", "one run's parts"],
)
async def test_nothing_is_inferred_from_little(times):
    clocks = [text if "T" in text else f"{text}T00:00:00" for text in times]
    store = await graph_of(*(event("COMPLETE", f"2026-01-{c}Z", run=n, outputs=["a"]) for n, c in enumerate(clocks)))
    assert told(await one(store, as_of="2026-03-01")) == ("UNKNOWN", None, None, None)


async def test_failed_and_running_attempts_are_shown_apart(graph):
    failed = event("FAIL", "2026-01-07T03:00:00Z", "load", 50, outputs=["a"])
    running = event("START", "2026-01-07T05:00:00Z", "load", 51, outputs=["a"])
    store = await graph(*days(), failed, running)
    row = await one(store)
    assert (row.last.run, row.incomplete.run, row.incomplete_state) == (
        run_key(run_id(406)),
        run_key(run_id(51)),
        "RUNNING",
    )
    row = await one(store, as_of="2026-01-07T04:00:00Z")
    assert (row.incomplete.run, row.incomplete_state) == (run_key(run_id(50)), "FAIL")
    assert (await one(store, as_of="2026-01-07")).incomplete is None


async def test_names_of_one_dataset_count_together(graph):
    links = {"symlinks": {"identifiers": [{"namespace": NS, "name": "b", "type": "TABLE"}]}}
    store = await graph(
        dataset_event("2025-12-01T00:00:00Z", "a", **links), *days(last=3), *days("b", 4, 7, job="other")
    )
    for name in ("a", "b"):
        assert told(await one(store, name)) == ("FRESH", "INFERRED", "2026-01-08T02:00", None)
    _, page = await ask(store)
    assert [row.key for _, row in page.rows] == [ds("a")]
    ruled = await one(store, rules=(FreshnessRule("b", names=("b",), every="PT1H"),))
    assert (ruled.rhythm.rule, ruled.late_by) == ("b", 21 * HOUR)


async def test_an_attempt_that_wrote_two_names_counts_once():
    links = {"symlinks": {"identifiers": [{"namespace": NS, "name": "b", "type": "TABLE"}]}}
    both = [event("COMPLETE", f"2026-01-0{d}T02:00:00Z", run=d, outputs=["a", "b"]) for d in range(1, 7)]
    store = await graph_of(dataset_event("2025-12-01T00:00:00Z", "a", **links), *both)
    assert (await one(store)).rhythm.said == "about every 1 d in 5 intervals"


@pytest.mark.parametrize(
    ("rule", "as_of", "told_"),
    [
        ({"every": "PT24H"}, "2026-01-07T03:00:00Z", ("LATE", "2026-01-07T02:00", 1)),
        ({"every": "PT24H", "grace": "PT1H"}, "2026-01-07T03:00:00Z", ("FRESH", "2026-01-07T02:00", None)),
        ({"every": "P1M"}, "2026-02-06T03:00:00Z", ("LATE", "2026-02-06T02:00", 1)),
        ({"cron": "0 1 * * *", "grace": "PT2H"}, "2026-01-07T04:00:00Z", ("LATE", "2026-01-07T01:00", 3)),
        ({"cron": "0 1 * * *", "by": "06:00"}, "2026-01-07T07:00:00Z", ("LATE", "2026-01-07T06:00", 1)),
        (
            {"cron": "0 1 * * *", "by": "06:00", "zone": "Europe/Berlin"},
            "2026-01-07T07:00:00Z",
            ("LATE", "2026-01-07T05:00", 2),
        ),
        ({"cron": "0 22 * * *", "by": "06:00"}, "2026-01-07T07:00:00Z", ("LATE", "2026-01-07T06:00", 1)),
        ({"cron": "0 1 * * mon", "by": "06:00"}, "2026-01-08", ("FRESH", "2026-01-12T06:00", None)),
        ({"by": "06:00"}, "2026-01-07T06:30:00Z", ("LATE", "2026-01-07T06:00", 0.5)),
        ({"by": "01:30"}, "2026-01-07T02:30:00Z", ("LATE", "2026-01-07T01:30", 1)),
    ],
)
async def test_rules_of_a_policy(rule, as_of, told_):
    store = await graph_of(*days())
    state, basis, due, late = told(await one(store, as_of=as_of, rules=(FreshnessRule("r", **rule),)))
    assert (state, due, late) == told_
    assert basis == RhythmBasis.POLICY


async def test_the_first_rule_that_fits_holds():
    store = await graph_of(*days("sales.orders"), *days("sales.items", job="items"))
    rules = (
        FreshnessRule("no", namespaces=("mysql:*",), every="PT1H"),
        FreshnessRule("orders", names=("*.ord?rs",), every="P7D"),
        FreshnessRule("rest", namespaces=("postgres://*",), every="PT1H"),
    )
    _, page = await ask(store, rules=rules)
    assert {row.rhythm.rule: row.state for _, row in page.rows} == {"orders": "FRESH", "rest": "LATE"}


async def test_what_is_expected_and_never_came(graph):
    store = await graph(
        event("FAIL", "10:00:00", outputs=["a"]),
        job_event("10:00:00", outputs=["b"]),
        *days("c", job="gone"),
        event(
            "COMPLETE",
            "2026-01-07T03:00:00Z",
            "gone",
            9,
            outputs=[dataset("c", lifecycleStateChange={"lifecycleStateChange": "DROP"})],
        ),
    )
    _, page = await ask(store, rules=(DAILY,))
    assert {row.key: row.state for _, row in page.rows} == {ds("a"): "NEVER", ds("b"): "NEVER", ds("c"): "DROPPED"}
    assert {row.state for _, row in (await ask(store))[1].rows} == {"UNKNOWN", "DROPPED"}
    assert (await one(store, "c", as_of="2026-01-07", rules=(DAILY,))).state == FreshnessState.FRESH
    remade = await graph_of(
        event("COMPLETE", "10:00:00", outputs=[dataset("c", lifecycleStateChange={"lifecycleStateChange": "DROP"})]),
        *days("c", 2),
    )
    assert (await one(remade, "c")).state == FreshnessState.LATE


def tagged(value, key="Freshness", **more):
    return {"tags": {"tags": [{"key": key, "value": value, **more}]}}


@pytest.mark.parametrize("on", ["dataset", "job"])
async def test_a_tag_says_when(graph, on):
    said = (
        dataset_event("09:00:00", "a", **tagged("PT12H"))
        if on == "dataset"
        else job_event("09:00:00", "load", **tagged("PT12H"))
    )
    row = await one(await graph(*days(), said))
    assert told(row) == ("LATE", "TAG", "2026-01-06T14:00", 34)
    assert row.rhythm.said == "Freshness=PT12H"


@pytest.mark.parametrize("facets", [tagged("soon"), tagged("PT12H", "stale"), tagged("PT12H", field="x"), {"tags": []}])
async def test_tags_that_say_nothing(facets):
    row = await one(await graph_of(*days(), dataset_event("09:00:00", "a", **facets)))
    assert row.rhythm.basis == RhythmBasis.INFERRED


async def test_a_tagged_schedule_never_kept():
    store = await graph_of(dataset_event("09:00:00", "a", **tagged("0 6 * * *")))
    assert told(await one(store)) == ("NEVER", "TAG", None, None)


def airflow(**dag):
    return {"airflow": {"dag": {"dag_id": "load", "timetable": {}, "timetable_summary": "None", **dag}}}


@pytest.mark.parametrize(
    ("dag", "told_", "grace", "said"),
    [
        (
            {"timetable": {"expression": "0 1 * * *", "timezone": "UTC"}},
            ("LATE", "2026-01-07T01:00", 23),
            2,
            "cron 0 1 * * * UTC",
        ),
        (
            {"timetable": {"expression": "0 1 * * *", "timezone": "Europe/Berlin"}},
            ("LATE", "2026-01-07T00:00", 24),
            4,
            "cron 0 1 * * * Europe/Berlin",
        ),
        ({"schedule_interval": "@weekly"}, ("FRESH", "2026-01-11T00:00", None), None, "cron @weekly UTC"),
        ({"timetable": {"delta": 7_200.0}}, ("LATE", "2026-01-06T04:00", 44), 1, "every 2 h"),
    ],
)
async def test_the_schedule_of_the_run(graph, dag, told_, grace, said):
    store = await graph(*days(run_facets=airflow(**dag)))
    row = await one(store)
    state, basis, due, late = told(row)
    assert ((state, due, late), basis, row.rhythm.said) == (told_, "SCHEDULE", said)
    assert grace is None or row.rhythm.grace == grace * HOUR


@pytest.mark.parametrize(
    "dag", [{}, {"timetable": {"asset_condition": {}}, "timetable_summary": "Asset"}, {"timetable": 7}]
)
async def test_a_dag_without_a_schedule(dag):
    assert (await one(await graph_of(*days(run_facets=airflow(**dag))))).rhythm.basis == RhythmBasis.INFERRED


async def test_the_schedule_of_a_run_around_it(graph):
    """A query in an application in a task: only the task knows the schedule."""
    scheduled = airflow(timetable={"expression": "0 1 * * *", "timezone": "UTC"})

    def inside(run, job):
        return {"parent": {"run": {"runId": run_id(run)}, "job": {"namespace": "x", "name": job}}}

    store = await graph(
        *days(run_facets=inside(1, "app")),
        event("COMPLETE", "10:00:00", "app", 1, run_facets=inside(2, "task")),
        event("COMPLETE", "10:00:00", "task", 2, run_facets=scheduled),
    )
    assert (await one(store)).rhythm.basis == RhythmBasis.SCHEDULE


async def test_late_events_change_the_answer_as_if_they_had_come_in_time(graph):
    events = days(last=7)
    store = await graph(*events[:2], *events[3:], events[2])
    assert told(await one(store)) == ("FRESH", "INFERRED", "2026-01-08T02:00", None)


async def test_what_is_held_up(graph):
    own = {"ownership": {"owners": [{"name": "ann"}]}}
    store = await graph(
        *days(),
        event("COMPLETE", "10:00:00", "m", 1, ["a"], [dataset("b", **own)], job_facets=own),
        event("COMPLETE", "10:00:00", "n", 2, ["b", "x"], ["c", "b"]),
        event("COMPLETE", "10:00:00", "report", 3, ["c"]),
        *days("x", job="load x"),
        dataset_event("10:00:00", "a", ownership={"owners": [{"name": "bob"}]}),
    )
    answer, page = await ask(store)
    assert [row.key for _, row in page.rows if row.state == "LATE"] == [ds("a"), ds("x")]
    held = await answer.held_up(ds("a"))
    assert held.datasets == [(ds("b"), 1), (ds("c"), 2)]
    assert held.jobs == 3
    assert held.owners == [("bob", 0, 1), ("ann", 1, 2)]
    assert held.truncated is None
    held = await answer.held_up(ds("x"))
    assert held.datasets == sorted([(ds("b"), 1), (ds("c"), 1)])
    assert held.jobs == 2


async def test_what_is_held_up_is_cut():
    wide = [event("COMPLETE", "10:00:00", f"m{n}", n, ["a"], [f"b{n}"]) for n in range(9)]
    answer, _ = await ask(await graph_of(*days(), *wide, *days("b1", job="deep")), max_nodes=5)
    assert (await answer.held_up(ds("a"))).truncated == Limit.NODES


async def test_each_of_many_tells_its_share(monkeypatch):
    monkeypatch.setattr("whence.analyses.freshness.held_up._EACH", 3)
    chain = [event("COMPLETE", "10:00:00", f"m{n}", n, [f"b{n}"], [f"b{n + 1}"]) for n in range(9)]
    late = [e for n in range(4) for e in days(f"b{n}", job=f"j{n}", last=4)]
    answer, page = await ask(await graph_of(*chain, *late), max_nodes=20)
    held = {row.key: await answer.held_up(row.key) for _, row in page.rows if row.state == "LATE"}
    assert [(len(held[ds(f"b{n}")].datasets), held[ds(f"b{n}")].truncated) for n in range(4)] == [
        (5, Limit.NODES),
        (5, Limit.NODES),
        (5, Limit.NODES),
        (5, Limit.NODES),
    ]
    answer, _ = await ask(await graph_of(*chain, *late), datasets=(ds("b0"),), max_nodes=20)
    assert (len((await answer.held_up(ds("b0"))).datasets), (await answer.held_up(ds("b0"))).truncated) == (9, None)


async def test_pages_and_counts(graph):
    events = [e for n in range(7) for e in days(f"t{n}", last=6 if n % 2 else 7, job=f"j{n}")]
    store = await graph(*events, dataset_event("10:00:00", "other", "mysql://x"))
    _, page = await ask(store, first=50, namespace=NS)
    whole = page.rows
    assert [row.key for _, row in whole] == [ds(f"t{n}") for n in range(7)]
    for first in (1, 3):
        found, after = [], None
        while rows := (await ask(store, first=first, after=after, namespace=NS))[1].rows:
            assert len(rows) <= first
            found += rows
            after = rows[-1][0]
        assert found == whole
    behind = (FreshnessState.LATE, FreshnessState.NEVER)
    answer, page = await ask(store, states=behind)
    assert [row.key for _, row in page.rows] == [ds(f"t{n}") for n in (1, 3, 5)]
    counts = await answer.counts()
    assert {s: n for s, n in counts.states.items() if n} == {"FRESH": 4, "LATE": 3, "UNKNOWN": 1}
    assert counts.truncated is None


async def test_time_is_up(graph):
    elsewhere = [dataset_event("10:00:00", f"a{n}", NS + "0") for n in range(3)]
    store = await graph(*elsewhere, *days("b"))
    answer, page = await ask(store, first=1, namespace=NS, seconds=-1)
    assert (page.rows, page.truncated, page.end.name) == ([], Limit.TIME, "a0")
    assert (await answer.counts()).truncated == Limit.TIME
    for name in ("a1", "a2", "b"):
        _, page = await ask(store, first=1, after=page.end, namespace=NS, seconds=-1)
        assert page.end.name == name
    assert [row.key for _, row in page.rows] == [ds("b")]
    assert page.truncated is None


async def test_a_page_costs_a_fixed_number_of_calls():
    class Counting:
        def __init__(self, store):
            self.store, self.calls = store, 0

        def __getattr__(self, name):
            self.calls += 1
            return getattr(self.store, name)

    calls = []
    for n in (1, 30):
        own = {"ownership": {"owners": [{"name": "ann"}]}}
        chain = [event("COMPLETE", "10:00:00", f"m{k}", k, [f"t{k}"], [dataset(f"u{k}", **own)]) for k in range(n)]
        store = Counting(await graph_of(*chain, *(e for k in range(n) for e in days(f"t{k}", job=f"load {k:03}"))))
        answer, page = await ask(store)
        for _, row in page.rows:
            await answer.held_up(row.key)
        assert sum(row.state == "LATE" for _, row in page.rows) == n
        calls.append(store.calls)
    assert calls[0] == calls[1]
    assert calls[0] < 25


async def test_wrong_questions():
    store = await graph_of(*days())
    with pytest.raises(NotFound, match="dataset 2"):
        await ask(store, datasets=(ds("a"), ds("nothing")))
    with pytest.raises(InvalidQuestion, match="freshness is that of datasets"):
        await ask(store, datasets=(job_key("x", "y"),))
    with pytest.raises(InvalidQuestion, match="the policy: rule 1: every"):
        await ask(store, rules=(FreshnessRule("r", every="daily"),))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x", "is no TOML"),
        ("", "it has no rule"),
        ("[[rule]]\nevery = 'PT1H'", "rule 1: id: Field required"),
        ("[[rule]]\nid = 'a'", "rule 1: it does not say when"),
        ("[[rule]]\nid = 'a'\nevery = 'PT1H'\ncron = '* * * * *'", "every goes without cron"),
        ("[[rule]]\nid = 'a'\ncron = '@daily'", "say with by, or grace"),
        ("[[rule]]\nid = 'a'\ncron = '* * * *'\nby = '06:00'", "is no cron schedule"),
        ("[[rule]]\nid = 'a'\nby = '25:00'", "is no clock time"),
        ("[[rule]]\nid = 'a'\nby = '06:00'\nzone = 'Mars'", "no time zone 'Mars'"),
        ("[[rule]]\nid = 'a'\nevery = 'PT1H'\nwhen = 1", "rule 1: when: Extra inputs"),
        ("[[rule]]\nid = 'a'\nevery = 'PT1H'\n[[rule]]\nid = 'a'\nevery = 'PT1H'", "rule 2: an earlier rule"),
    ],
)
def test_policies_that_make_no_sense(text, message):
    with pytest.raises(ConfigurationError, match=message):
        parse_policy(text, "p.toml")


def test_a_policy_may_have_tomls_own_clock_time():
    [rule] = parse_policy("[[rule]]\nid = 'a'\nby = 06:30:00", "p.toml").rule
    assert rule.expectation().rhythm.said == "daily by 06:30 UTC"
