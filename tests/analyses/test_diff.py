"""What changed between two times, and between two runs, on both stores."""

import pytest

from tests.build import JOBS, NS, at, dataset, dataset_event, event, job_event, run_id, schema
from whence.analyses.diff.answer import diff
from whence.analyses.diff.runs import compare_runs, run_of_code
from whence_schemas.diff import ColumnChange, Difference, DiffQuestion, Showing
from whence_schemas.errors import InvalidQuestion, NotFound
from whence_schemas.identity import column_key, dataset_key, job_key, run_key
from whence_schemas.lineage import Granularity, Limit


def ds(name):
    return dataset_key(NS, name)


def run(number):
    return run_key(run_id(number))


def fields(**types):
    return {"fields": [{"name": name, "type": kind} for name, kind in types.items()]}


async def ask(store, name="b", earlier="10:30:00", later="23:00:00", **options):
    return await diff(store, DiffQuestion(ds(name), at(earlier), at(later), **options))


def named(rows):
    return {(row.difference.lower(), (row.after or row.before).name) for row in rows}


def told(found, edge_evidence):
    return {
        (row.difference.lower(), row.edge.kind, row.edge.target): shown
        for row, shown in zip(found.edges, edge_evidence, strict=True)
    }


async def test_what_appears_is_shown_first_by_the_run_that_showed_it_first(graph):
    store = await graph(
        *(event("COMPLETE", f"{9 + n:02}:00:00", run=n, inputs=["a", "x"][: n or 1], outputs=["b"]) for n in range(5))
    )
    found = await ask(store)
    assert named(found.nodes) == {("appeared", "x")}
    shown = told(found, await found.edge_evidence(found.edges))
    assert list(shown) == [("appeared", "READS", ds("x"))]
    [evidence] = shown.values()
    assert evidence.first == Showing(at("11:00:00"), run(2), 0)
    assert (evidence.last, evidence.without, evidence.reach) == (None, None, False)
    [of_node] = await found.node_evidence(found.nodes)
    assert of_node == evidence


async def test_what_vanishes_is_told_with_its_last_run_and_the_first_without_it(graph):
    runs = [["a", "x"], ["a", "x"], None, ["a"], ["a"]]
    store = await graph(
        *(
            event("COMPLETE", f"{9 + n:02}:00:00", run=n, inputs=names or [], outputs=["b"] if names else [])
            for n, names in enumerate(runs)
        )
    )
    found = await ask(store, earlier="09:30:00", window=2)
    [evidence] = await found.edge_evidence(found.edges)
    assert named(found.nodes) == {("vanished", "x")}
    assert evidence.last == Showing(at("10:00:00"), run(1), 0)
    assert evidence.without == Showing(at("12:00:00"), run(3), 0)  # the one in between told no datasets
    assert (await ask(store, earlier="09:30:00", window=4)).nodes == []


async def test_attempts_are_told_apart(graph):
    store = await graph(
        event("FAIL", "10:00:00", inputs=["a"], outputs=["b"]),
        event("START", "11:00:00", inputs=["a", "x"], outputs=["b"]),
    )
    found = await ask(store)
    assert [one.first for one in await found.edge_evidence(found.edges)] == [Showing(at("11:00:00"), run(1), 1)]


async def test_declarations_count_and_change_what_an_edge_rests_on(graph):
    store = await graph(
        event("COMPLETE", "10:00:00", inputs=["a"], outputs=["b"]),
        job_event("11:00:00", inputs=["a", "d"], outputs=["b"]),
        job_event("12:00:00", inputs=["a", "d"], outputs=["b"]),
    )
    found = await ask(store)
    shown = told(found, await found.edge_evidence(found.edges))
    assert {key: (one.first, one.reach) for key, one in shown.items()} == {
        ("changed", "READS", ds("a")): (Showing(at("11:00:00")), False),
        ("changed", "WRITES", ds("b")): (Showing(at("11:00:00")), False),
        ("appeared", "READS", ds("d")): (Showing(at("11:00:00")), False),
    }


async def test_what_only_comes_into_reach_is_marked(graph):
    store = await graph(
        event("COMPLETE", "09:00:00", "early", 1, ["w"], ["x"]),
        event("COMPLETE", "10:00:00", run=2, inputs=["a"], outputs=["b"]),
        event("COMPLETE", "11:00:00", run=3, inputs=["a", "x"], outputs=["b"]),
    )
    found = await ask(store)
    assert named(found.nodes) == {("appeared", "x"), ("appeared", "w"), ("appeared", "early")}
    shown = told(found, await found.edge_evidence(found.edges))
    assert {key[1:]: one.reach for key, one in shown.items()} == {
        ("READS", ds("x")): False,
        ("WRITES", ds("x")): True,
        ("READS", ds("w")): True,
    }
    nodes = dict(zip((row.key for row in found.nodes), await found.node_evidence(found.nodes), strict=True))
    assert nodes[ds("x")].first == Showing(at("11:00:00"), run(3), 0)
    assert nodes[ds("w")].reach


async def test_other_names_are_a_change_of_the_dataset(graph):
    store = await graph(
        event("COMPLETE", "10:00:00", inputs=["a"], outputs=["b"]),
        dataset_event("11:00:00", "b", symlinks={"identifiers": [{"namespace": NS, "name": "c", "type": "TABLE"}]}),
    )
    found = await ask(store)
    assert named(found.nodes) == {("changed", "b")}
    assert found.nodes[0].after.names == ((NS, "c"),)
    assert found.edges == []


async def test_transformations_of_columns(graph):
    def made(kind):
        source = {"namespace": NS, "name": "a", "field": "x", "transformations": [{"type": "DIRECT", "subtype": kind}]}
        return dataset("b", columnLineage={"fields": {"y": {"inputFields": [source]}}})

    store = await graph(
        event("COMPLETE", "10:00:00", run=1, inputs=["a"], outputs=[made("IDENTITY")]),
        event("COMPLETE", "11:00:00", run=2, inputs=["a"], outputs=[made("AGGREGATION")]),
        event("COMPLETE", "12:00:00", run=3, inputs=["a"], outputs=[made("AGGREGATION")]),
    )
    found = await ask(store, granularity=Granularity.COLUMN, window=1)
    [row] = found.edges
    assert (row.difference, row.edge.source) == (Difference.CHANGED, column_key(ds("b"), "y"))
    assert ("IDENTITY" in row.before.transformations, "AGGREGATION" in row.after.transformations) == (True, True)
    [shown] = await found.edge_evidence([row])
    assert (shown.first.run, shown.last.run, shown.without.run) == (run(2), run(1), run(2))
    assert (await ask(store, granularity=Granularity.COLUMN, earlier="11:30:00", window=1)).edges == []


async def test_columns_added_dropped_retyped_and_reordered(graph):
    def shaped(*columns):
        listed = [{"name": name, "type": kind, "ordinal_position": n} for n, (name, kind) in enumerate(columns)]
        return dataset("b", schema={"fields": listed})

    nested = {"name": "s", "type": "struct", "fields": [{"name": "in", "type": "int"}]}
    other = {"name": "s", "type": "struct", "fields": [{"name": "in", "type": "long"}]}
    store = await graph(
        event("COMPLETE", "10:00:00", run=1, outputs=[shaped(("p", "int"), ("q", "INT"), ("gone", "text"))]),
        event("COMPLETE", "11:00:00", run=2, outputs=[shaped(("q", "int"), ("p", "text"), ("new", None))]),
        event("COMPLETE", "10:00:00", run=3, outputs=[dataset("c", schema={"fields": [nested]})]),
        event("COMPLETE", "12:00:00", run=4, outputs=[dataset("c", schema={"fields": [other]})]),
    )
    rows = (await (await ask(store)).assets()).columns
    assert [(r.path, r.change, r.before, r.after) for r in rows] == [
        ("", ColumnChange.REORDERED, "p, q", "q, p"),
        ("gone", ColumnChange.DROPPED, "text", None),
        ("new", ColumnChange.ADDED, None, None),
        ("p", ColumnChange.RETYPED, "int", "text"),
    ]
    assert {tuple(row.said) for row in rows} == {(at("11:00:00"), run(2))}
    [inner] = (await (await ask(store, "c")).assets()).columns
    assert (inner.path, inner.before, inner.after, inner.said.unit) == ("s.in", "int", "long", run(4))


def deployed(clock, number, query, commit, dirty=False, **facets):
    location = {"type": "git", "url": "u", "repoUrl": "repo", "path": "p", "version": commit}
    job = {"sql": {"query": query}, "sourceCodeLocation": location, **facets}
    return event(
        "COMPLETE",
        clock,
        run=number,
        outputs=["b"],
        job_facets=job,
        run_facets={"whence_code": {"dirty": dirty, "sourceSha256": "0a", "version": "v"}},
    )


async def test_code_and_other_facets(graph):
    store = await graph(
        deployed("10:00:00", 1, "select 1\nfrom a", "c1", documentation={"description": "old", "_producer": "p1"}),
        deployed(
            "11:00:00", 2, "select 2\nfrom a", "c2", True, documentation={"description": "old", "_producer": "p2"}
        ),
        deployed(
            "12:00:00", 3, "select 2\nfrom a", "c2", True, documentation={"description": "new", "_producer": "p2"}
        ),
    )
    assets = await (await ask(store)).assets()
    [code] = assets.code
    assert (code.before.commit, code.before.dirty, code.after.commit, code.after.dirty) == ("c1", False, "c2", True)
    assert (code.job, code.after.repository, code.after.version) == (job_key(JOBS, "etl"), "repo", "v")
    [text] = code.texts
    assert text == ("sql", "@@ -1,2 +1,2 @@\n-select 1\n+select 2\n from a", False)
    assert tuple(code.said) == (at("11:00:00"), run(2))
    [facet] = assets.facets
    assert (facet.facet, facet.difference, facet.said.unit) == ("documentation", Difference.CHANGED, run(3))
    assert (await (await ask(store, later="11:30:00")).assets()).facets == []  # another producer says the same


async def test_a_diff_says_that_it_is_cut_and_what_it_cannot_do(graph):
    store = await graph(event("COMPLETE", "10:00:00", inputs=["a"], outputs=["b"]))
    found = await ask(store, max_nodes=1)
    assert found.truncated == Limit.NODES
    assert "not compared" in found.notes[-1]
    assert (await ask(store)).nodes == []
    with pytest.raises(InvalidQuestion, match="exchange"):
        await ask(store, earlier="12:00:00", later="11:00:00")
    with pytest.raises(InvalidQuestion, match="two runs"):
        await ask(store, granularity=Granularity.RUN)
    with pytest.raises(NotFound):
        await ask(store, name="none")


# Runs


async def compared(store, before=1, after=2):
    return await compare_runs(store, run(before), run(after))


async def test_two_runs(graph):
    def ran(clock, number, rows, version, inputs, **parameters):
        listed = [{"name": name, "value": value} for name, value in parameters.items()]
        listed.append({"name": "secret", "sha256": f"{number:064x}"})
        return event(
            "COMPLETE",
            clock,
            run=number,
            inputs=[dataset("a", version={"datasetVersion": version}), *inputs],
            outputs=[dataset("b", schema=schema("x"), output={"outputStatistics": {"rowCount": rows}})],
            run_facets={"whence_parameters": {"parameters": listed}, "custom": {"n": number}},
        )

    store = await graph(
        event("COMPLETE", "09:00:00", "src", 9, outputs=[dataset("a", version={"datasetVersion": "v1"})]),
        ran("10:00:00", 1, 10, "v1", ["old"], limit=1, same=[1]),
        ran("11:00:00", 2, 20, "v2", ["new"], limit=2, same=[1], more=None),
    )
    found = await compared(store)
    uses = {(use.dataset, use.role): use for use in found.uses}
    read = uses[ds("a"), "CONSUMED"]
    assert (read.before.label, read.before.basis, read.after.label) == ("v1", "NAMED", "v2")
    assert read.before.produced == at("09:00:00")
    wrote = uses[ds("b"), "PRODUCED"]
    assert (wrote.difference, wrote.before.rows, wrote.after.rows) == (Difference.CHANGED, 10, 20)
    assert uses[ds("old"), "CONSUMED"].difference == Difference.VANISHED
    assert uses[ds("new"), "CONSUMED"].difference == Difference.APPEARED
    assert {(p.name, p.before, p.after) for p in found.parameters if p.name != "secret"} == {
        ("limit", b"1", b"2"),
        ("more", None, b"null"),
    }
    [secret] = [p for p in found.parameters if p.name == "secret"]
    assert b"sha256" in secret.before
    assert [(f.facet, f.entity) for f in found.facets] == [("custom", run(2))]
    assert (found.columns, found.code, found.flows, found.notes) == ([], [], [], [])


async def test_versions_of_code_are_compared_by_their_newest_runs(graph):
    store = await graph(
        *(deployed(f"1{n}:00:00", n, f"select {commit}", commit) for n, commit in enumerate(["c1x", "c1x", "c2", "c2"]))
    )
    job = job_key(JOBS, "etl")
    keys = [await run_of_code(store, job, commit, at("23:00:00")) for commit in ("c1", "c2")]
    assert keys == [run(1), run(3)]
    assert await run_of_code(store, job, "c2", at("12:30:00")) == run(2)
    [code] = (await compare_runs(store, *keys)).code
    assert (code.before.commit, code.after.commit, code.texts[0].facet) == ("c1x", "c2", "sql")
    with pytest.raises(NotFound, match="c3"):
        await run_of_code(store, job, "c3", at("23:00:00"))


async def test_airflow_configuration_and_what_runs_contain(graph):
    def dag(clock, number, conf):
        return event("COMPLETE", clock, "dag", number, run_facets={"airflowDagRun": {"dagRun": {"conf": conf}}})

    def task(clock, number, job, of, kind="COMPLETE"):
        parent = {"run": {"runId": run_id(of)}, "job": {"namespace": JOBS, "name": "dag"}}
        return event(kind, clock, job, number, inputs=["a"], run_facets={"parent": parent})

    store = await graph(
        dag("10:00:00", 1, {"day": 1}),
        dag("11:00:00", 2, {"day": 2}),
        *(task("10:00:00", 10, "t1", 1), task("10:00:00", 11, "t2", 1), task("11:00:00", 12, "t2", 2, "FAIL")),
        *(task("10:00:00", 13, "t4", 1), task("11:00:00", 14, "t4", 2), task("11:00:00", 15, "t3", 2)),
    )
    found = await compared(store)
    assert [(p.name, p.before, p.after) for p in found.parameters] == [("day", b"1", b"2")]
    assert {(p.job, p.difference, p.before, p.after) for p in found.parts} == {
        (job_key(JOBS, "t1"), Difference.VANISHED, run(10), None),
        (job_key(JOBS, "t2"), Difference.CHANGED, run(11), run(12)),
        (job_key(JOBS, "t3"), Difference.APPEARED, None, run(15)),
    }


async def test_runs_of_two_jobs_and_unknown_ones(graph):
    store = await graph(
        event("COMPLETE", "10:00:00", "one", 1, outputs=["b"]), event("COMPLETE", "11:00:00", "two", 2, outputs=["b"])
    )
    assert (await compared(store)).notes == ["the runs are of two jobs"]
    with pytest.raises(NotFound, match="one of the runs"):
        await compared(store, after=3)
