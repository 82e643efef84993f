"""Where declarations and runs differ, on both stores."""

import re

import pytest

from tests.build import JOBS, NS, at, columns, dataset, dataset_event, event, job_event, run_id
from whence.analyses.drift.answer import drift
from whence_schemas.drift import DriftKind, DriftQuestion, DriftSubject
from whence_schemas.errors import InvalidQuestion, NotFound
from whence_schemas.identity import dataset_key, job_key, run_key


def ds(name):
    return dataset_key(NS, name)


def job(name="etl"):
    return job_key(JOBS, name)


def shape(**types):
    return {"fields": [{"name": name, "type": kind} for name, kind in types.items()]}


async def ask(store, clock="23:00:00", **options):
    return await drift(store, DriftQuestion(at(clock), **options))


async def findings(store, clock="23:00:00", name="etl", **options):
    """What differs of a job, by kind, subject, dataset and column."""
    found = await ask(store, clock, job=job(name), **options)
    return {
        (f.kind.value, f.subject.value, f.dataset, *filter(None, [f.field])): f
        for row in found.jobs
        for f in row.findings
    }


def ran(clock, number=1, reads=("a",), writes=("b",), name="etl", **options):
    return event("COMPLETE", clock, name, number, list(reads), list(writes), **options)


async def test_what_is_declared_and_was_never_seen(graph):
    store = await graph(
        job_event("08:00:00", inputs=["a"], outputs=["b"]),
        job_event("09:00:00", inputs=["a", "x"], outputs=["b"]),
        *(ran(f"1{n}:00:00", n) for n in range(4)),
        event("COMPLETE", "14:00:00", run=9),
        job_event("15:00:00", inputs=["a", "x"], outputs=["b"]),
    )
    found = await findings(store)
    assert list(found) == [("NOT_OBSERVED", "INPUT", ds("x"))]
    [one] = found.values()
    assert (one.since, one.runs, one.silent, one.last) == (at("09:00:00"), 4, 1, None)


async def test_what_was_seen_once_and_no_more(graph):
    store = await graph(
        job_event("08:00:00", inputs=["a", "x"], outputs=["b"]),
        *(ran(f"1{n}:00:00", n, ["a", "x"] if n == 1 else ["a"]) for n in range(6)),
    )
    [one] = (await findings(store, window=3)).values()
    assert (one.last.run, one.runs) == (run_key(run_id(1)), 4)
    assert await findings(store, window=5) == {}


async def test_what_was_seen_and_is_not_declared(graph):
    store = await graph(
        ran("07:00:00", 7, ["a", "old"]),
        job_event("08:00:00", inputs=["a"], outputs=["b"]),
        job_event("08:30:00", inputs=["a"], outputs=["b"]),
        *(ran(f"1{n}:00:00", n, ["a", "x"] if n else ["a"]) for n in range(4)),
    )
    found = await findings(store)
    assert list(found) == [("NOT_DECLARED", "INPUT", ds("x"))]  # the older run is not measured by a later declaration
    [one] = found.values()
    assert (one.since, one.runs) == (at("11:00:00"), 3)


async def test_nothing_can_be_said_before_a_run_tells_datasets(graph):
    store = await graph(
        ran("07:00:00", 7),
        job_event("08:00:00", inputs=["a", "x"], outputs=["b", "y"]),
        event("FAIL", "09:00:00", run=8),
    )
    [one] = (await findings(store)).values()
    assert (one.kind, one.subject, one.since, one.silent) == (
        DriftKind.UNCONFIRMED,
        DriftSubject.JOB,
        at("08:00:00"),
        1,
    )
    assert [f.silent for f in (await findings(store, "08:30:00")).values()] == [0]


async def test_a_job_that_declares_nothing(graph):
    store = await graph(ran("10:00:00"), ran("11:00:00", 2))
    [one] = (await findings(store)).values()
    assert (one.kind, one.runs) == (DriftKind.UNDECLARED, 2)
    assert (await ask(store, kinds=(DriftKind.NOT_OBSERVED,))).jobs == []


async def test_other_names_of_a_dataset_are_no_difference(graph):
    store = await graph(
        job_event("08:00:00", inputs=["logical"], outputs=["b"]),
        ran("10:00:00", 1, ["s3-path"]),
        dataset_event(
            "09:00:00", "s3-path", symlinks={"identifiers": [{"namespace": NS, "name": "logical", "type": "TABLE"}]}
        ),
    )
    assert await findings(store) == {}
    kept_apart = await drift(store, DriftQuestion(at("23:00:00"), job()), [re.compile("s3-path")])
    assert [f.kind for f in kept_apart.jobs[0].findings] == [DriftKind.NOT_DECLARED, DriftKind.NOT_OBSERVED]


async def test_a_container_is_seen_by_what_it_contains(graph):
    parent = {"run": {"runId": run_id(1)}, "job": {"namespace": JOBS, "name": "dag"}}
    store = await graph(
        job_event("08:00:00", "dag", inputs=["a", "x"], outputs=["b"]),
        event("COMPLETE", "10:00:00", "dag", 1),
        ran("10:10:00", 2, run_facets={"parent": parent}),
    )
    found = await findings(store, name="dag")
    assert list(found) == [("NOT_OBSERVED", "INPUT", ds("x"))]
    assert [(f.runs, f.silent) for f in found.values()] == [(0, 1)]


async def test_columns_and_their_types(graph):
    declared = shape(same="INT", typed="int", gone="text", untold=None)
    observed = shape(same="int", typed="decimal(10, 2)", untold="int", extra="int")
    store = await graph(
        job_event("08:00:00", inputs=[dataset("a", schema=shape(p="int", q="int"))], outputs=["b"]),
        dataset_event("08:00:00", "b", schema=declared),
        ran("10:00:00", 1, [dataset("a", schema=shape(p="text"))], [dataset("b", schema=observed)]),
    )
    found = await findings(store)
    assert found.keys() == {
        ("NOT_DECLARED", "COLUMN", ds("b"), "extra"),
        ("NOT_OBSERVED", "COLUMN", ds("b"), "gone"),
        ("TYPE", "COLUMN", ds("b"), "typed"),
        ("TYPE", "COLUMN", ds("a"), "p"),  # of what is only read, a reader may tell only what it uses
    }
    typed = found["TYPE", "COLUMN", ds("b"), "typed"]
    assert (typed.declared, typed.observed, typed.since) == ("int", "decimal(10, 2)", at("08:00:00"))
    assert found["NOT_DECLARED", "COLUMN", ds("b"), "extra"].since == at("10:00:00")


async def test_a_schema_declared_after_the_last_run_is_not_measured_by_it(graph):
    store = await graph(
        job_event("08:00:00", inputs=["a"], outputs=["b"]),
        ran("10:00:00", 1, writes=[dataset("b", schema=shape(x="int"))]),
        dataset_event("11:00:00", "b", schema=shape(x="text")),
    )
    assert await findings(store) == {}


async def test_column_lineage_is_compared_where_both_tell_it(graph):
    def derived(**sources):
        return dataset("b", columnLineage=columns(**sources))

    store = await graph(
        job_event("08:00:00", inputs=["a", "n"], outputs=[derived(x=[("a", "x")], y=[("a", "y"), ("n", "y")])]),
        ran("10:00:00", 1, ["a"], [derived(x=[("a", "x")], y=[("a", "z")])]),
        job_event("08:00:00", "other", inputs=["a"], outputs=[dataset("c", columnLineage=columns(x=[("a", "x")]))]),
        ran("10:00:00", 2, ["a"], ["c"], "other"),
    )
    found = await findings(store)
    assert {(k[0], k[1], f.field, f.source, f.source_field) for k, f in found.items()} == {
        ("NOT_OBSERVED", "INPUT", "", "", ""),  # n; so its columns are no further difference
        ("NOT_OBSERVED", "COLUMN_LINEAGE", "y", ds("a"), "y"),
        ("NOT_DECLARED", "COLUMN_LINEAGE", "y", ds("a"), "z"),
    }
    assert await findings(store, name="other") == {}


async def test_jobs_of_a_namespace_are_paged_by_name(graph):
    found = [job_event("08:00:00", f"j{n}", inputs=["x"], outputs=["b"]) for n in range(7)]
    found += [ran("10:00:00", n, ["x"] if n % 2 else ["a"], name=f"j{n}") for n in range(7)]
    elsewhere = job_event("08:00:00", "j0", inputs=["x"], outputs=["b"])
    elsewhere["job"]["namespace"] = "elsewhere"
    store = await graph(*found, elsewhere)
    whole = await ask(store, namespace=JOBS)
    assert [row.job for row in whole.jobs] == [job(f"j{n}") for n in (0, 2, 4, 6)]
    assert (whole.examined, whole.end, whole.truncated) == (7, None, None)
    paged, after, examined = [], None, 0
    while True:
        page = await ask(store, namespace=JOBS, first=3, after=after)
        paged += page.jobs
        examined += page.examined
        after = page.end
        if after is None:
            break
    assert (paged, examined) == (whole.jobs, 7)
    assert len((await ask(store)).jobs) == 5
    assert (await ask(store, namespace="none")).examined == 0


async def test_the_cost_of_a_batch_does_not_grow_with_its_jobs(graph):
    calls = []
    for count in (2, 12):
        events = [job_event("08:00:00", f"j{n}", inputs=["x"], outputs=["b"]) for n in range(count)]
        store = await graph(*events, *(ran("10:00:00", n, ["a"], ["b"], f"j{n}") for n in range(count)))
        counting = _Counting(store)
        assert (await ask(counting, namespace=JOBS)).examined == count
        calls.append(counting.calls)
        await store.clear()
    assert calls[0] == calls[1]


class _Counting:
    def __init__(self, store):
        self._store = store
        self.calls = {}

    def __getattr__(self, name):
        self.calls[name] = self.calls.get(name, 0) + 1
        return getattr(self._store, name)


async def test_what_cannot_be_asked(graph):
    store = await graph(ran("10:00:00"))
    with pytest.raises(NotFound):
        await ask(store, job=job("none"))
    with pytest.raises(InvalidQuestion, match="drift is of jobs"):
        await ask(store, job=ds("a"))
    with pytest.raises(InvalidQuestion, match="window"):
        await ask(store, window=0)
