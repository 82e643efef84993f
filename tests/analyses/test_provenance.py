"""Provenance of one version: exact attempts, code, parameters, decisions, gaps, and the other way."""

import pytest

from tests.build import JOBS, NOW, NS, dataset, dataset_event, event, graph_of, job_event, run_id
from tests.graphql.conftest import CountingStore
from whence.analyses.provenance.answer import provenance
from whence_schemas.errors import InvalidQuestion, NotFound
from whence_schemas.facets.whence import APPROVAL, CODE
from whence_schemas.identity import attempt_id, code_version_key, column_key, dataset_key, job_key, run_key, version_key
from whence_schemas.lineage import Direction, Limit
from whence_schemas.provenance import Asset, CodeUsed, GapKind, Known, ProvenanceQuestion

REPOSITORY = "https://git.example.org/models"


def ds(name):
    return dataset_key(NS, name)


def attempt(run, number=0):
    return attempt_id(run_key(run_id(run)), number)


def named(name, version, **facets):
    """A dataset in a version that has a name."""
    return dataset(name, version={"datasetVersion": version}, **facets)


def git(commit):
    return {"sourceCodeLocation": {"type": "git", "url": REPOSITORY, "repoUrl": REPOSITORY, "version": commit}}


def decided(decision, version=None, **more):
    return {
        APPROVAL: {"approver": "role:risk", "decision": decision, **({"version": version} if version else {}), **more}
    }


MODEL = {"datasetType": {"datasetType": "MODEL"}}


def desk():
    """raw -> features -> model 1 and 2 -> answer; model 2 is approved, and answers are given by it."""
    return [
        event("COMPLETE", "08:00:00", "clean", 1, ["raw"], ["features"], job_facets=git("c1")),
        event("FAIL", "08:30:00", "clean", 2, ["raw"], ["features"], job_facets=git("c2")),
        event(
            "COMPLETE",
            "09:00:00",
            "train",
            3,
            ["features"],
            [named("model", "1", **MODEL)],
            run_facets={CODE: {"dirty": True, "sourceSha256": "ab"}},
            job_facets=git("c1"),
        ),
        event("COMPLETE", "10:00:00", "train", 4, ["features"], [named("model", "2", **MODEL)], job_facets=git("c3")),
        event("COMPLETE", "10:30:00", "approve", 5, [named("model", "2", input=decided("APPROVED", reference="R-1"))]),
        event(
            "COMPLETE",
            "11:00:00",
            "advise",
            6,
            [named("model", "2"), named("manual", "m1", datasetType={"datasetType": "DOCUMENT"})],
            [dataset("advice", datasetType={"datasetType": "JOB_OUTPUT", "subType": "ANSWER"})],
        ),
    ]


async def ask(store, start, **options):
    down = options.pop("down", False)
    direction = Direction.DOWNSTREAM if down else Direction.UPSTREAM
    return await provenance(store, ProvenanceQuestion(start, **{"as_of": NOW, "direction": direction, **options}))


async def test_the_attempts_and_versions_that_a_version_rests_on(graph):
    found = await ask(await graph(*desk()), ds("advice"))
    assert {key: node.distance for key, node in found.attempts.items()} == {attempt(6): 0, attempt(4): 1, attempt(1): 2}
    known = {(edge.attempt, edge.version): edge.known for edge in found.used}
    features = next(edge.version for edge in found.generated if edge.attempt == attempt(1))
    assert known == {
        (attempt(6), version_key(ds("model"), "2")): Known.NAMED,
        (attempt(6), version_key(ds("manual"), "m1")): Known.NAMED,
        (attempt(4), features): Known.INFERRED,  # not what run 2 wrote, which failed
        (attempt(1), ds("raw")): Known.UNKNOWN,
    }
    assert found.path(ds("raw"))[1:] == [
        attempt(6),
        version_key(ds("model"), "2"),
        attempt(4),
        features,
        attempt(1),
        ds("raw"),
    ]
    counts = (await found.labels()).counts
    assert (counts.attempts, counts.runs, counts.versions, counts.datasets, counts.sources) == (3, 3, 3, 4, 2)
    assert (counts.named, counts.inferred, counts.unknown) == (2, 1, 1)
    assert (counts.models, counts.documents, counts.answers) == (1, 1, 0)


async def test_code_is_that_of_each_attempt(graph):
    store = await graph(*desk())
    found = await ask(store, ds("model"), version="1")
    labels = await found.labels()
    code = labels.code[attempt(3)]
    assert (code.versions, code.dirty, code.facet.sourceSha256) == ((code_version_key(REPOSITORY, "c1"),), True, "ab")
    assert [(row.key, row.attempts, row.dirty) for row in labels.codes] == [(code_version_key(REPOSITORY, "c1"), 2, 1)]
    assert (labels.counts.code_versions, labels.counts.dirty, labels.counts.without_code) == (1, 1, 0)
    gaps = (await (await ask(store, ds("advice"))).labels()).gaps
    assert [(gap.kind, gap.node) for gap in gaps] == [(GapKind.NO_CODE, attempt(6))]


async def test_a_run_that_was_started_again_with_other_code(graph):
    store = await graph(
        event("START", "08:00:00", "train", 1, outputs=["model"], job_facets=git("old")),
        event("FAIL", "08:10:00", "train", 1),
        event("START", "08:20:00", "train", 1, job_facets=git("new")),
        event("COMPLETE", "08:30:00", "train", 1, outputs=["model"]),
        event("COMPLETE", "09:00:00", "use", 2, ["model"]),
    )
    found = await ask(store, run_key(run_id(2)))
    assert [node.key for node in found.attempts.values()] == [attempt(2), attempt(1, 1)]
    assert (await found.labels()).code == {attempt(1, 1): CodeUsed((code_version_key(REPOSITORY, "new"),))}
    failed = await ask(store, ds("model"), run=run_key(run_id(1)), as_of=NOW)
    assert list(failed.attempts) == [attempt(1, 1)]


async def test_decisions_are_on_the_version_that_was_read(graph):
    store = await graph(
        *desk(),
        event("COMPLETE", "10:40:00", "approve", 7, [named("model", "1", input=decided("REJECTED", "9"))]),
        event("COMPLETE", "10:50:00", "approve", 8, [dataset("model", input=decided("WITHDRAWN"))]),
    )
    [first, second] = await (await ask(store, ds("model"))).decisions()
    assert (first.approval.decision, first.approval.reference, first.agrees) == ("APPROVED", "R-1", True)
    assert (second.approval.decision, second.use.run) == ("WITHDRAWN", run_key(run_id(8)))  # of 2, by inference
    [other] = await (await ask(store, ds("model"), version="1")).decisions()
    assert (other.approval.decision, other.agrees) == ("REJECTED", False)
    early = await ask(store, ds("model"), as_of=NOW - 1, version="2")
    assert len(await early.decisions()) == 2
    assert await (await ask(store, ds("features"))).decisions() == []


async def test_what_rests_on_a_version_and_when_models_were_trained(graph):
    store = await graph(*desk())
    found = await ask(store, ds("features"), down=True)
    labels = await found.labels()
    assert (labels.counts.models, labels.counts.answers) == (1, 1)
    assert {key: node.distance for key, node in found.attempts.items()} == {
        attempt(3): 1,
        attempt(4): 1,
        attempt(5): 2,
        attempt(6): 2,
    }
    assert list(labels.assets.values()).count(Asset.ANSWER) == 1
    [model] = await found.models()
    assert (model.key, model.trained.label, model.current) == (ds("model"), "2", True)
    [old] = await (await ask(store, ds("model"), version="1", down=True)).models()
    assert (old.trained.label, old.current) == ("2", False)
    assert list((await ask(store, ds("model"), version="1", down=True)).attempts) == []
    assert list((await ask(store, ds("raw"), down=True)).attempts)[:2] == sorted([attempt(1), attempt(2)])
    assert list((await ask(store, ds("manual"), down=True)).attempts) == [attempt(6)]


async def test_a_version_that_others_write_but_of_which_no_producer_is_known_is_a_gap(graph):
    store = await graph(
        event("COMPLETE", "09:00:00", "read", 1, ["t", named("t2", "7")], ["out"]),
        event("COMPLETE", "10:00:00", "write", 2, outputs=["t", named("t2", "8")]),
    )
    labels = await (await ask(store, ds("out"))).labels()
    assert (labels.counts.sources, labels.counts.unknown) == (0, 1)
    gaps = {gap.node for gap in labels.gaps if gap.kind == GapKind.NO_PRODUCER}
    assert gaps == {ds("t"), version_key(ds("t2"), "7")}


async def test_declared_writers_are_writers_too(graph):
    store = await graph(
        event("COMPLETE", "09:00:00", "read", 1, ["t"], ["out"]), job_event("08:00:00", "write", outputs=["t"])
    )
    assert (await (await ask(store, ds("out"))).labels()).counts.sources == 0


async def test_the_current_version_at_a_time(graph):
    store = await graph(*desk(), event("FAIL", "12:00:00", "train", 9, outputs=[named("model", "3")]))

    async def current(at, name="model"):
        found = await ask(store, ds(name), as_of=NOW - 151 * 86_400_000_000 + at * 3_600_000_000)
        return [node.label for node in found.versions.values() if not node.distance], found.notes

    assert await current(9.5) == (["1"], [])
    assert await current(11) == (["2"], [])
    assert await current(13) == (
        ["2"],
        ["model was written again since, by an attempt that failed or has not ended: it does not count"],
    )
    failed = await ask(store, ds("model"), version="3")
    assert {gap.kind for gap in (await failed.labels()).gaps} == {GapKind.INCOMPLETE, GapKind.NO_CODE}


async def test_a_dropped_dataset_has_no_current_version(graph):
    gone = dataset("t", lifecycleStateChange={"lifecycleStateChange": "DROP"})
    found = await ask(
        await graph(event("COMPLETE", "09:00:00", outputs=["t"]), event("COMPLETE", "10:00:00", run=2, outputs=[gone])),
        ds("t"),
    )
    assert (found.versions, found.attempts) == ({}, {})
    assert "dropped" in found.notes[0]


async def test_jobs_and_runs_with_what_they_contain(graph):
    inside = {"parent": {"run": {"runId": run_id(1)}, "job": {"namespace": JOBS, "name": "dag"}}}
    store = await graph(
        event("START", "09:00:00", "dag", 1),
        event("COMPLETE", "09:10:00", "dag.task", 2, ["a"], ["b"], run_facets=inside),
        event("COMPLETE", "09:20:00", "dag", 1),
    )
    for start in (run_key(run_id(1)), job_key(JOBS, "dag")):
        found = await ask(store, start)
        assert {key: node.distance for key, node in found.attempts.items()} == {attempt(1): 0, attempt(2): 0}
        assert [node.dataset for node in found.versions.values()] == [ds("a")]
    down = await ask(store, run_key(run_id(1)), down=True)
    assert [node.dataset for node in down.versions.values()] == [ds("b")]


async def test_an_answer_that_was_cut_says_so_and_has_whole_paths(graph):
    store = await graph(*(event("COMPLETE", "10:00:00", f"j{n}", n, ["a"], [f"b{n}"]) for n in range(50)))
    found = await ask(store, ds("a"), down=True, max_nodes=11)
    assert (found.truncated, len(found.attempts) + len(found.versions)) == (Limit.NODES, 11)
    assert all(found.path(key)[0] == ds("a") for key in (*found.attempts, *found.versions))
    assert all(edge.version in found.versions and edge.attempt in found.attempts for edge in found.generated)
    assert (await ask(store, ds("a"), down=True, seconds=0.0)).truncated == Limit.TIME
    assert (await ask(store, ds("a"), down=True)).truncated is None


async def test_wide_answers_take_no_more_calls_than_narrow_ones():
    calls = []
    for width in (2, 40):
        store = CountingStore(
            await graph_of(
                *(
                    event("COMPLETE", "10:00:00", f"j{n}", n, ["a", named("v", str(n))], [f"b{n}"])
                    for n in range(width)
                ),
                event("COMPLETE", "11:00:00", "join", 99, [f"b{n}" for n in range(width)], ["end"]),
            )
        )
        for start, down in (("end", False), ("a", True)):
            found = await ask(store, ds(start), down=down)
            assert len(found.attempts) == width + 1
            await found.labels()
            await found.decisions()
            await found.models()
        calls.append(dict(store.calls))
    assert calls[0] == calls[1]


@pytest.mark.parametrize(
    ("start", "options", "error", "message"),
    [
        (ds("nothing"), {}, NotFound, "search"),
        (ds("model"), {"version": "99"}, NotFound, "version 99 of model is not known"),
        (ds("model"), {"run": run_key(run_id(1))}, NotFound, "this run produced"),
        (ds("model"), {"run": "Rx", "version": "1"}, InvalidQuestion, "not both"),
        (run_key(run_id(1)), {"version": "1"}, InvalidQuestion, "go with a dataset"),
        (run_key(run_id(1)), {"as_of": 0}, NotFound, "no attempt"),
        (job_key(JOBS, "train"), {"as_of": 0}, NotFound, "no run"),
        (column_key(ds("c"), "x"), {}, InvalidQuestion, "of a column"),
        (ds("model"), {"depth": -1}, InvalidQuestion, "must lie between"),
        (ds("model"), {"direction": Direction.BOTH}, InvalidQuestion, "UPSTREAM or DOWNSTREAM"),
    ],
)
async def test_wrong_questions(graph, start, options, error, message):
    columns = dataset_event("07:00:00", "c", schema={"fields": [{"name": "x"}]})
    with pytest.raises(error, match=message):
        await ask(await graph(*desk(), columns), start, **options)
