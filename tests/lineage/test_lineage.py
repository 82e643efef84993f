"""Lineage: what is live when, names of one dataset, versions, columns, limits."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.build import (
    JOBS,
    NOW,
    NS,
    ask,
    columns,
    dataset,
    dataset_event,
    event,
    graph_of,
    job_event,
)
from whence.lineage.answer import lineage
from whence.lineage.names import MAX_NAMES
from whence_schemas.errors import InvalidQuestion, NotFound
from whence_schemas.identity import dataset_key, job_key
from whence_schemas.lineage import Granularity, Limit, Question


def pipeline():
    """raw_trades -> processed_trades -> daily_metrics, one run of each job."""
    return [
        event("COMPLETE", "10:00:00", job="clean", run=1, inputs=["raw_trades"], outputs=["processed_trades"]),
        event("COMPLETE", "11:00:00", job="sum", run=2, inputs=["processed_trades"], outputs=["daily_metrics"]),
    ]


async def test_upstream_and_downstream():
    store = await graph_of(*pipeline())
    assert (await ask(store, "processed_trades", down=False)).names == {"processed_trades", "clean", "raw_trades"}
    assert (await ask(store, "processed_trades", up=False)).names == {"processed_trades", "sum", "daily_metrics"}


async def test_depth_counts_steps_from_dataset_to_dataset():
    store = await graph_of(*pipeline())
    assert (await ask(store, "daily_metrics", depth=0)).names == {"daily_metrics"}
    assert (await ask(store, "daily_metrics", depth=1)).names == {"daily_metrics", "sum", "processed_trades"}
    answer = await ask(store, "daily_metrics", depth=2)
    assert {n.name: n.distance for n in answer.graph.nodes.values()} == {
        "daily_metrics": 0,
        "sum": 1,
        "processed_trades": 1,
        "clean": 2,
        "raw_trades": 2,
    }


async def test_cycles_end():
    store = await graph_of(
        event("COMPLETE", "10:00:00", job="one", run=1, inputs=["a"], outputs=["b"]),
        event("COMPLETE", "11:00:00", job="two", run=2, inputs=["b"], outputs=["a"]),
    )
    assert (await ask(store, "a")).names == {"a", "b", "one", "two"}


async def test_edges_out_of_the_window_are_history():
    runs = [event("COMPLETE", f"{h}:00:00", run=h, inputs=["new"], outputs=["out"]) for h in range(11, 21)]
    store = await graph_of(event("COMPLETE", "10:00:00", run=10, inputs=["old"], outputs=["out"]), *runs)
    assert "old" not in (await ask(store, "out")).names
    assert "old" in (await ask(store, "out", window=11)).names
    assert "old" in (await ask(store, "out", at="12:00:00")).names
    assert (await ask(store, "out", at="09:00:00")).names == {"out"}


async def test_an_edge_tells_how_often_and_since_when_it_was_seen():
    store = await graph_of(
        event("COMPLETE", "10:00:00", run=1, inputs=["a"], outputs=["out"]),
        event("FAIL", "11:00:00", run=2, inputs=["a"], outputs=["out"]),
        event("COMPLETE", "12:00:00", run=3, inputs=["b"], outputs=["out"]),
        job_event("09:00:00", inputs=["a"], outputs=["out"]),
    )
    seen = (await ask(store, "out")).edge("etl", "a").seen
    assert (seen.attempts, seen.of, seen.failed, seen.declared) == (2, 3, 1, True)
    assert seen.last - seen.first == 2 * 3600 * 10**6


async def test_events_of_the_future_pin_nothing():
    store = await graph_of(
        event("COMPLETE", "10:00:00", run=1, inputs=["a"], outputs=["out"]),
        event("COMPLETE", "9999-12-31T00:00:00Z", run=2, inputs=["b"], outputs=["out"]),
    )
    assert (await ask(store, "out", window=1)).names == {"a", "etl", "out"}


async def test_a_declaration_replaces_the_one_before_from_its_time_on():
    store = await graph_of(
        job_event("10:00:00", inputs=["a"], outputs=["out"]), job_event("12:00:00", inputs=["b"], outputs=["out"])
    )
    assert (await ask(store, "out", at="11:00:00")).names == {"a", "etl", "out"}
    answer = await ask(store, "out")
    assert answer.names == {"b", "etl", "out"}
    assert answer.edge("etl", "b").seen[:4] == (0, 0, 0, True)


async def test_a_dataset_declares_its_own_sources():
    facet = {"inputs": [{"type": "DATASET", "namespace": NS, "name": "source"}]}
    store = await graph_of(dataset_event("10:00:00", "report", lineage=facet))
    assert (await ask(store, "report")).edges == {("report", "DERIVED_FROM", "source")}
    assert (await ask(store, "source")).edges == {("report", "DERIVED_FROM", "source")}


class TestNames:
    def symlinks(self, *names: str):
        return {"identifiers": [{"namespace": "hive", "name": name, "type": "TABLE"} for name in names]}

    async def test_symlinks_join_names_at_no_cost_in_depth(self):
        store = await graph_of(
            event("COMPLETE", "10:00:00", job="w", run=1, outputs=[dataset("path/t", symlinks=self.symlinks("db.t"))]),
            event("COMPLETE", "11:00:00", job="r", run=2, inputs=[dataset("db.t", "hive")], outputs=["out"]),
        )
        answer = await ask(store, "out", depth=1)
        assert ("hive", "db.t") in [(n.namespace, n.name) for n in answer.graph.nodes.values()]
        assert (await ask(store, "out", depth=2)).names >= {"w", "r"}
        (table,) = [n for n in answer.graph.nodes.values() if n.name == "db.t"]
        assert table.names == ((NS, "path/t"),)

    async def test_a_claim_holds_until_the_next_one(self):
        store = await graph_of(
            dataset_event("10:00:00", "p", symlinks=self.symlinks("t")),
            dataset_event("12:00:00", "p", symlinks=self.symlinks("u")),
            event("COMPLETE", "09:00:00", job="reader", inputs=[dataset("t", "hive")]),
        )
        assert "reader" in (await ask(store, "p", at="11:00:00")).names
        assert "reader" not in (await ask(store, "p", at="13:00:00")).names

    async def test_a_rename_holds_from_its_time_on(self):
        rename = {"lifecycleStateChange": "RENAME", "previousIdentifier": {"namespace": NS, "name": "old"}}
        store = await graph_of(
            event("COMPLETE", "09:00:00", job="w", run=1, outputs=["old"]),
            event("COMPLETE", "10:00:00", job="mv", run=2, outputs=[dataset("new", lifecycleStateChange=rename)]),
            dataset_event("11:00:00", "new", lifecycleStateChange={"lifecycleStateChange": "ALTER"}),
        )
        assert "w" in (await ask(store, "new")).names
        assert "w" not in (await ask(store, "new", at="09:30:00")).names

    async def test_too_many_names_are_reported_and_not_joined(self):
        many = [f"t{number}" for number in range(MAX_NAMES + 1)]
        store = await graph_of(dataset_event("10:00:00", "p", symlinks=self.symlinks(*many)))
        answer = await ask(store, "p")
        assert answer.names == {"p"}
        assert "not joined" in answer.graph.notes[0]

    async def test_a_never_alias_rule_keeps_names_apart(self):
        store = await graph_of(dataset_event("10:00:00", "p", symlinks=self.symlinks("tmp.t")))
        question = Question(dataset_key(NS, "p"), NOW)
        (joined,) = (await lineage(store, question)).nodes.values()
        assert len(joined.names) == 1
        apart = await lineage(store, question, [re.compile(r"hive/tmp\.")])
        assert [node.names for node in apart.nodes.values()] == [()]
        assert "never_alias" in apart.notes[0]


class TestFlows:
    """Which inputs feed which output: `lineage` before `columnLineage` before all x all."""

    async def test_column_lineage_tells_the_outputs_of_one_job_apart(self):
        store = await graph_of(
            event(
                "COMPLETE",
                "10:00:00",
                inputs=["a", "b", "control"],
                outputs=[
                    dataset("x", columnLineage=columns(v=[("a", "v")])),
                    dataset("y", columnLineage=columns(v=[("b", "v")])),
                ],
            )
        )
        assert (await ask(store, "x", down=False)).names == {"x", "etl", "a", "control"}
        assert (await ask(store, "b", up=False)).names == {"b", "etl", "y"}

    async def test_an_input_of_the_only_output_is_never_lost(self):
        store = await graph_of(
            event(
                "COMPLETE",
                "10:00:00",
                inputs=["a", "filter"],
                outputs=[dataset("x", columnLineage=columns(v=[("a", "v")]))],
            )
        )
        assert "filter" in (await ask(store, "x")).names

    async def test_the_lineage_facet_goes_first(self):
        source = {"type": "DATASET", "namespace": NS, "name": "a", "field": "v"}
        entries = [
            {"type": "DATASET", "namespace": NS, "name": "x", "inputs": [], "fields": {"v": {"inputs": [source]}}},
            {"type": "DATASET", "namespace": NS, "name": "y", "inputs": []},
        ]
        store = await graph_of(
            event(
                "COMPLETE",
                "10:00:00",
                inputs=["a", "b"],
                outputs=[dataset("x", columnLineage=columns(v=[("b", "v")])), "y"],
                job_facets={"lineage": {"entries": entries}},
            )
        )
        assert (await ask(store, "x", down=False)).names == {"x", "etl", "a"}
        assert (await ask(store, "y", down=False)).names == {"y", "etl"}
        assert (await ask(store, "x", field="v")).edges == {("x.v", "DERIVED_FROM", "a.v")}

    async def test_the_lineage_facet_may_speak_of_other_jobs(self):
        entries = [
            {
                "type": "JOB",
                "namespace": JOBS,
                "name": "other",
                "inputs": [{"type": "DATASET", "namespace": NS, "name": "a"}],
            }
        ]
        store = await graph_of(job_event("10:00:00", lineage={"entries": entries}))
        assert ("other", "READS", "a") in (await ask(store, "a")).edges


class TestColumns:
    async def test_a_columns_origin_and_what_derives_from_it(self):
        total = {"fields": {}, "dataset": [{"namespace": NS, "name": "processed_trades", "field": "symbol"}]}
        total["fields"] = columns(total=[("processed_trades", "notional")])["fields"]
        store = await graph_of(
            event(
                "COMPLETE",
                "10:00:00",
                job="clean",
                run=1,
                outputs=[dataset("processed_trades", columnLineage=columns(notional=[("raw", "px"), ("raw", "qty")]))],
            ),
            event("COMPLETE", "11:00:00", job="sum", run=2, outputs=[dataset("daily_metrics", columnLineage=total)]),
        )
        origin = await ask(store, "daily_metrics", field="total")
        assert origin.names == {
            "daily_metrics.total",
            "processed_trades.notional",
            "processed_trades.symbol",
            "raw.px",
            "raw.qty",
        }
        assert (await ask(store, "processed_trades", field="symbol", up=False)).names == {
            "processed_trades.symbol",
            "daily_metrics.total",
        }

    async def test_masking_and_kind_of_a_transformation_come_back(self):
        facet = columns(hash=[("t", "email")])
        said = [{"type": "DIRECT", "subtype": "TRANSFORMATION", "description": "sha256", "masking": True}]
        facet["fields"]["hash"]["inputFields"][0]["transformations"] = said
        store = await graph_of(event("COMPLETE", "10:00:00", outputs=[dataset("safe", columnLineage=facet)]))
        edge = (await ask(store, "safe", field="hash")).edge("safe.hash", "t.email")
        assert '"masking":true' in edge.transformations

    async def test_column_edges_live_with_their_jobs_edge(self):
        store = await graph_of(
            event("COMPLETE", "10:00:00", run=1, outputs=[dataset("t", columnLineage=columns(v=[("a", "x")]))]),
            event("COMPLETE", "11:00:00", run=2, outputs=[dataset("t", columnLineage=columns(v=[("a", "y")]))]),
        )
        assert (await ask(store, "t", field="v", window=1)).names == {"t.v", "a.y"}
        assert (await ask(store, "t", field="v")).names == {"t.v", "a.x", "a.y"}

    async def test_all_columns_of_a_dataset(self):
        store = await graph_of(
            event("COMPLETE", "10:00:00", outputs=[dataset("t", columnLineage=columns(a=[("s", "x")], b=[("s", "x")]))])
        )
        down = await ask(store, "s", granularity=Granularity.COLUMN)
        assert down.names == {"s.x", "t.a", "t.b"}


class TestRuns:
    async def test_the_version_that_an_input_names(self):
        store = await graph_of(
            event("COMPLETE", "10:00:00", job="w", run=1, outputs=[dataset("t", version={"datasetVersion": "v1"})]),
            event("COMPLETE", "11:00:00", job="w", run=2, outputs=[dataset("t", version={"datasetVersion": "v2"})]),
            event("COMPLETE", "12:00:00", job="r", run=3, inputs=[dataset("t", version={"datasetVersion": "v1"})]),
        )
        answer = await ask(store, run=3)
        assert "run 1" in answer.names
        assert "run 2" not in answer.names
        assert answer.edge("run 3", "t").basis == "NAMED"

    async def test_a_version_that_nobody_names_follows_from_times(self):
        store = await graph_of(
            event("COMPLETE", "10:00:00", job="w", run=1, outputs=["t"]),
            event("START", "10:30:00", job="r", run=3, inputs=["t"]),
            event("COMPLETE", "11:00:00", job="w", run=2, outputs=["t"]),
            event("COMPLETE", "12:00:00", job="r", run=3, outputs=["out"]),
        )
        answer = await ask(store, run=3)
        assert "run 1" in answer.names
        assert answer.edge("run 3", "t").basis == "INFERRED"
        assert "run 3" in (await ask(store, run=1)).names
        assert "run 3" not in (await ask(store, run=2)).names

    async def test_partitions_must_overlap(self):
        def part(day: str):
            return {"type": "partition", "partitions": [{"dimensions": {"day": day}}]}

        def written(day: str):
            return dataset("t", output={"subset": {"outputCondition": part(day)}})

        store = await graph_of(
            event("COMPLETE", "10:00:00", job="w", run=1, outputs=[written("mon")]),
            event("COMPLETE", "11:00:00", job="w", run=2, outputs=[written("tue")]),
            event(
                "COMPLETE",
                "12:00:00",
                job="r",
                run=3,
                inputs=[dataset("t", input={"subset": {"inputCondition": part("mon")}})],
            ),
        )
        assert (await ask(store, run=3)).names >= {"run 1", "run 3"}
        assert "run 2" not in (await ask(store, run=3)).names

    async def test_a_drop_ends_the_current_version(self):
        drop = {"lifecycleStateChange": "DROP"}
        store = await graph_of(
            event("COMPLETE", "10:00:00", job="w", run=1, outputs=["t"]),
            event("COMPLETE", "11:00:00", job="d", run=2, outputs=[dataset("t", lifecycleStateChange=drop)]),
            event("COMPLETE", "12:00:00", job="r", run=3, inputs=["t"]),
        )
        assert "run 1" not in (await ask(store, run=3)).names


class TestLimits:
    async def test_an_answer_that_was_cut_says_so(self):
        store = await graph_of(
            *(event("COMPLETE", "10:00:00", job=f"j{n}", run=n, inputs=["a"], outputs=[f"b{n}"]) for n in range(50))
        )
        assert (await ask(store, "a", max_nodes=10, depth=5)).graph.truncated == Limit.NODES
        assert len((await ask(store, "a", max_nodes=10, depth=5)).graph.nodes) == 10
        assert (await ask(store, "a", max_nodes=101)).graph.truncated is None
        assert (await ask(store, "a", seconds=0.0)).graph.truncated == Limit.TIME
        assert (await ask(store, "a")).graph.truncated is None

    async def test_what_is_not_there(self):
        store = await graph_of(*pipeline())
        with pytest.raises(NotFound, match="search"):
            await ask(store, "nothing")

    @pytest.mark.parametrize("wrong", [{"depth": -1}, {"window": 0}, {"window": 10**9}])
    async def test_bad_questions(self, wrong):
        store = await graph_of(*pipeline())
        with pytest.raises(InvalidQuestion, match="must lie between"):
            await ask(store, "raw_trades", **wrong)

    async def test_a_job_has_no_column_lineage_of_its_own(self):
        store = await graph_of(*pipeline())
        with pytest.raises(InvalidQuestion, match="dataset"):
            await lineage(store, Question(job_key(JOBS, "sum"), NOW, granularity=Granularity.COLUMN))


NAMES = st.sampled_from("abcdef")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sets(NAMES, max_size=3), st.sets(NAMES, max_size=2)), min_size=1, max_size=8))
async def test_upstream_and_downstream_mirror_each_other(jobs):
    """A dataset is upstream of another exactly if that one is downstream of it, and both match a plain search."""
    store = await graph_of(
        *(
            event("COMPLETE", "10:00:00", job=f"j{n}", run=n, inputs=sorted(i), outputs=sorted(o))
            for n, (i, o) in enumerate(jobs)
        )
    )
    known = sorted({name for inputs, outputs in jobs for name in inputs | outputs})
    upstream = {name: _datasets(await ask(store, name, down=False)) for name in known}
    downstream = {name: _datasets(await ask(store, name, up=False)) for name in known}
    assert upstream == {name: _reach(name, jobs) for name in known}
    assert {(a, b) for a in known for b in upstream[a]} == {(a, b) for b in known for a in downstream[b]}


def _datasets(answer):
    return {node.name for node in answer.graph.nodes.values() if node.kind == "DATASET"}


def _reach(name, jobs):
    found, todo = {name}, [name]
    while todo:
        here = todo.pop()
        for inputs, outputs in jobs:
            if here in outputs:
                todo += inputs - found
                found |= inputs
    return found
