"""PROV-JSON: read back by an independent library, it says what the events said."""

import io
import warnings
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prov.constants import PROV_TYPE
from prov.model import ProvDocument, ProvEntity

from tests.audit.selecting import Runs, graph_of_file, runs_of
from tests.build import dataset, dataset_event, event, graph_of, run_id
from whence.audit.prov import PREFIXES, prov_rows, write_prov
from whence.audit.recorded import pages
from whence.audit.spool import spool
from whence_schemas.identity import (
    attempt_id,
    attempt_version_key,
    code_version_key,
    dataset_key,
    digest,
    job_key,
    owner_key,
    run_key,
    version_key,
)

SAMPLES = sorted((Path(__file__).parent.parent / "samples").glob("*.ndjson"))
NS = "postgres://db:5432"
PRODUCER = "https://example.org/engine"


async def prov_of(store, *runs):
    sink = io.BytesIO()
    with spool() as rows:
        async for page in pages(store, Runs(runs)):
            rows.put(prov_rows(page))
        await write_prov(rows, sink)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # the library warns of what a later version of it will refuse
        return ProvDocument.deserialize(io.BytesIO(sink.getvalue()), format="json")


async def test_a_pipeline_equals_the_same_document_made_by_hand():
    store = await graph_of(
        event(
            "START",
            "10:00:00",
            job="clean",
            run=1,
            run_facets={"processing_engine": {"_producer": PRODUCER, "version": "4"}},
        ),
        event("COMPLETE", "10:05:00", job="clean", run=1, inputs=["raw"], outputs=["trades"]),
        event(
            "COMPLETE",
            "11:00:00",
            job="sum",
            run=2,
            inputs=["trades"],
            outputs=[dataset("metrics", version={"datasetVersion": "v7"})],
            run_facets={"parent": {"run": {"runId": run_id(9)}, "job": {"namespace": "trading", "name": "dag"}}},
            job_facets={"sourceCodeLocation": {"type": "git", "url": "u", "repoUrl": "repo", "version": "abc"}},
        ),
        dataset_event("09:00:00", "metrics", ownership={"owners": [{"name": "team:quant", "type": "OWNER"}]}),
    )
    assert await prov_of(store, 1, 2) == _expected()


def _expected():
    document = ProvDocument()
    for prefix, uri in PREFIXES.items():
        document.add_namespace(prefix, uri)
    whence = document.valid_qualified_name

    def dataset_entity(name):
        said = {"prov:label": f"{NS}/{name}", "whence:namespace": NS, "whence:name": name}
        return document.entity(f"key:{dataset_key(NS, name)}", {PROV_TYPE: whence("whence:Dataset"), **said})

    def plan(name):
        said = {"prov:label": f"trading/{name}", "whence:namespace": "trading", "whence:name": name}
        types = [(PROV_TYPE, whence("prov:Plan")), (PROV_TYPE, whence("whence:Job"))]
        return document.entity(f"key:{job_key('trading', name)}", [*types, *said.items()])

    def version(of, key, name, **said):
        label = f"{NS}/{name} {said['version']}" if "version" in said else f"{NS}/{name}"
        more = {f"whence:{k}": v for k, v in said.items()} | {"whence:namespace": NS, "whence:name": name}
        kind = {PROV_TYPE: whence("whence:DatasetVersion")}
        found = document.entity(f"key:{key}", {**kind, "prov:label": label, **more})
        document.specializationOf(found, of)
        return found

    def attempt(run, job, start, end):
        said = {
            "prov:label": f"trading/{job}, run {run_id(run)}, attempt 0",
            PROV_TYPE: whence("whence:Attempt"),
            "whence:run": run_id(run),
            "whence:attempt": 0,
            "whence:state": "COMPLETE",
        }
        key = f"key:{run_key(run_id(run))}.0"
        return document.activity(key, f"2026-01-01T{start}Z", f"2026-01-01T{end}Z", said)

    raw, trades, metrics = map(dataset_entity, ("raw", "trades", "metrics"))
    clean = attempt(1, "clean", "10:00:00", "10:05:00")
    total = attempt(2, "sum", "11:00:00", "11:00:00")
    first = attempt_version_key(dataset_key(NS, "trades"), attempt_id(run_key(run_id(1)), 0))
    made = version(trades, first, "trades", basis="INFERRED")
    named = version(metrics, version_key(dataset_key(NS, "metrics"), "v7"), "metrics", basis="NAMED", version="v7")
    engine = document.agent(
        f"key:P{digest(PRODUCER)}", {"prov:label": PRODUCER, PROV_TYPE: whence("prov:SoftwareAgent")}
    )
    document.wasAssociatedWith(clean, engine, plan("clean"))
    document.wasAssociatedWith(total, None, plan("sum"))
    document.used(clean, raw, "2026-01-01T10:00:00Z", None, {"whence:basis": "UNKNOWN"})
    document.used(total, made, "2026-01-01T11:00:00Z", None, {"whence:basis": "INFERRED"})
    document.wasGeneratedBy(made, clean, "2026-01-01T10:05:00Z", None, {"whence:complete": True})
    document.wasGeneratedBy(named, total, "2026-01-01T11:00:00Z", None, {"whence:complete": True})
    document.wasDerivedFrom(made, raw, clean)
    document.wasDerivedFrom(named, made, total)
    around = document.activity(
        f"key:{run_key(run_id(9))}", None, None, {"prov:label": f"run {run_id(9)}", "whence:run": run_id(9)}
    )
    document.wasInformedBy(total, around)
    code = {"prov:label": "repo/abc", "whence:namespace": "repo", "whence:name": "abc"}
    commit = document.entity(f"key:{code_version_key('repo', 'abc')}", {PROV_TYPE: whence("whence:Code"), **code})
    document.used(total, commit)
    owner = document.agent(
        f"key:{owner_key('team:quant')}", {"prov:label": "team:quant", PROV_TYPE: whence("whence:Owner")}
    )
    document.wasAttributedTo(metrics, owner, None, {"whence:ownership": "OWNER"})
    return document


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
async def test_samples_are_read_back_and_equal(sample):
    store = await graph_of_file(sample)
    runs = await runs_of(store)
    document = await prov_of(store, *runs)
    again = ProvDocument.deserialize(content=document.serialize(format="json"), format="json")
    assert again == document
    assert len(list(document.get_records())) > len(runs)
    _check_references(document)


def _check_references(document):
    """What a relation names is declared."""
    declared = {record.identifier for record in document.get_records() if record.is_element()}
    for record in document.get_records():
        if record.is_relation():
            ends = [value for name, value in record.formal_attributes if "time" not in name.localpart.lower()]
            assert {end for end in ends if end is not None} <= declared


names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(namespace=names, name=names, job=names, version=names, owner=names, producer=names)
async def test_any_name_is_read_back(namespace, name, job, version, owner, producer):
    facets = {"version": {"datasetVersion": version}, "ownership": {"owners": [{"name": owner}]}}
    run_facets = {"processing_engine": {"_producer": producer, "version": "4"}}
    made = event("COMPLETE", "10:00:00", job=job, outputs=[dataset(name, namespace, **facets)], run_facets=run_facets)
    document = await prov_of(await graph_of(made), 1)
    (found,) = document.get_record(f"key:{version_key(dataset_key(namespace, name), version)}")
    assert isinstance(found, ProvEntity)
    assert found.get_attribute("whence:namespace") == {namespace}
    assert found.get_attribute("whence:name") == {name}
    assert found.get_attribute("whence:version") == {version}
    labels = {record.label for record in document.get_records() if record.is_element()}
    assert {owner, producer} <= labels
    _check_references(document)


async def test_what_a_failed_attempt_and_its_retry_wrote_are_two_versions():
    store = await graph_of(
        event("START", "10:00:00"),
        event("FAIL", "10:01:00", outputs=["out"]),
        event("START", "10:02:00"),
        event("COMPLETE", "10:03:00", outputs=["out"]),
    )
    document = await prov_of(store, 1)
    made = [r for r in document.get_records() if r.get_type().localpart == "Generation"]
    assert {(str(r.args[1]).rpartition(".")[2], *r.get_attribute("whence:complete")) for r in made} == {
        ("0", False),
        ("1", True),
    }
    assert len({r.args[0] for r in made}) == 2


async def test_a_dropped_dataset_was_not_generated():
    dropped = dataset("out", lifecycleStateChange={"lifecycleStateChange": "DROP"})
    store = await graph_of(event("COMPLETE", "10:00:00", outputs=[dropped]))
    assert not [r for r in (await prov_of(store, 1)).get_records() if r.get_type().localpart == "Generation"]


async def test_nothing_selected_is_an_empty_document():
    assert await prov_of(await graph_of()) == ProvDocument()
