"""Reports: what is recorded to a model and to requirements, and how it is shown."""

import asyncio
import json
import re
from html.parser import HTMLParser

import pytest
import typst

from tests.audit.selecting import DEMO, Runs, events_of, runs_of, stores_of
from tests.audit.test_prov import prov_of
from tests.build import NS, dataset, event, run_id
from whence.audit.frameworks import load_framework, shipped
from whence.audit.report import render
from whence.audit.report.build import build_report
from whence.audit.report.content import EntryLink
from whence.audit.report.render import RENDERERS, render_html, render_json, render_pdf
from whence.eventlog.port import Erasure
from whence.projection.runner import Projector
from whence_schemas.errors import NotFound
from whence_schemas.facets.whence import APPROVAL, Approval
from whence_schemas.identity import dataset_key

MODEL = {"datasetType": "MODEL"}
DEMO_EVENTS = [payload for file in sorted((DEMO / "events").iterdir()) for payload in events_of(file)]


async def report_of(*documents, runs=None, frameworks=None, **more):
    """A report on all of these events, or on some runs."""
    async with stores_of(*documents) as (log, store):
        selection = Runs(await runs_of(store) if runs is None else runs)
        return await build_report(log, store, selection, shipped() if frameworks is None else frameworks, **more)


@pytest.fixture(scope="module")
def demo():
    return asyncio.run(report_of(*DEMO_EVENTS, scope=[("Scope", "everything recorded")]))


def found(report, title):
    """The finding of this title that is shown in full."""
    (finding,) = [f for s in report.sections for a in s.answers for f in a.findings if f.title == title and not f.see]
    return finding


def gap(finding, what):
    """The names of a finding's gap."""
    return [name for gap in finding.gaps if gap.what == what for name in gap.names]


# The model, on one page


def test_the_page_of_a_model_answers_its_five_questions(demo):
    (page,) = demo.models
    assert (page.name, page.version) == ("models://trading/limit-breach", "2026.11.2")
    run, data, code, approved, answers = page.findings
    (trained,) = run.tables[0].rows
    assert trained[0] == "model-platform/train-limit-breach"
    assert [(row[0].rpartition("/")[2], row[2]) for row in data.tables[0].rows] == [
        ("w.main.daily_metrics", "inferred"),
        ("w.main.processed_trades", "inferred"),
        ("w.main.raw_trades", "not known"),
    ]
    assert code.summary == (
        "Trained by https://git.example.org/trading/limit-model @ b81d4f02c6e7495aa3d05e1c9f7b62843e0d1fa9."
    )
    assert [row[:4] for row in approved.tables[0].rows] == [
        ("APPROVED", "role:model-risk-officer/4b1e", "2026.11.2", "2026-11-21 11:02:00")
    ]
    assert [row[:2] for row in answers.tables[0].rows] == [
        ("answers://desk/limit-advice-0001", "answer"),
        ("answers://desk/limit-advice-0002", "answer"),
        ("models://trading/limit-breach/evaluation", "dataset"),
    ]


async def test_entries_are_those_of_the_events(demo):
    run = demo.models[0].findings[0]
    entry = run.tables[0].rows[0][-1]
    assert isinstance(entry, EntryLink)
    event = json.loads(DEMO_EVENTS[entry.entry])
    assert event["job"]["name"] == "train-limit-breach"
    assert event["eventType"] == "COMPLETE"
    assert event["run"]["runId"] == run.tables[0].rows[0][1]


async def test_what_is_not_recorded_of_a_model_is_named():
    report = await report_of(
        event("COMPLETE", "10:00:00", job="train", run=1, inputs=["lake"], outputs=[dataset("m", datasetType=MODEL)])
    )
    _, data, code, approved, _ = report.models[0].findings
    assert gap(data, "No run that wrote it is recorded") == [f"{NS}/lake"]
    assert gap(data, "No owner is recorded") == [f"{NS}/lake"]
    assert gap(code, "No code is recorded of this job's run") == ["trading/train"]
    assert gap(approved, "No decision is recorded") == ["as of 2026-01-01 10:00:00"]


async def test_an_approval_of_another_version_than_was_read_is_told():
    decided = {"approver": "role:x", "decision": "APPROVED", "version": "1"}
    model = dataset("m", datasetType=MODEL, version={"datasetVersion": "2"})
    report = await report_of(
        event("COMPLETE", "10:00:00", job="train", run=1, outputs=[model]),
        event("COMPLETE", "11:00:00", job="approve", run=2, inputs=[model | {"inputFacets": {APPROVAL: decided}}]),
    )
    approved = report.models[0].findings[3]
    assert gap(approved, "A decision names another version than its run read") == ["2026-01-01 11:00:00"]


async def test_an_approval_of_an_earlier_version_does_not_count_for_a_later_one():
    def model(version):
        return dataset("m", datasetType=MODEL, version={"datasetVersion": version})

    decided = {"inputFacets": {APPROVAL: {"approver": "role:x", "decision": "APPROVED"}}}
    report = await report_of(
        event("COMPLETE", "10:00:00", job="train", run=1, outputs=[model("1")]),
        event("COMPLETE", "11:00:00", job="approve", run=2, inputs=[model("1") | decided]),
        event("COMPLETE", "12:00:00", job="train", run=3, outputs=[model("2")]),
    )
    assert report.models[0].version == "2"
    assert gap(report.models[0].findings[3], "No decision is recorded") == ["2"]


async def test_answers_that_rest_on_another_version_are_not_listed():
    def model(version):
        return dataset("m", datasetType=MODEL, version={"datasetVersion": version})

    answer = {"datasetType": "JOB_OUTPUT", "subType": "ANSWER"}
    report = await report_of(
        event("COMPLETE", "10:00:00", job="train", run=1, outputs=[model("1")]),
        event("COMPLETE", "11:00:00", job="train", run=2, outputs=[model("2")]),
        event(
            "COMPLETE", "12:00:00", job="a", run=3, inputs=[model("1")], outputs=[dataset("old", datasetType=answer)]
        ),
        event(
            "COMPLETE", "12:00:00", job="a", run=4, inputs=[model("2")], outputs=[dataset("new", datasetType=answer)]
        ),
    )
    assert [row[0] for row in report.models[0].findings[4].tables[0].rows] == [f"{NS}/new"]


async def test_a_model_can_be_chosen():
    documents = [
        event("COMPLETE", "10:00:00", job=name, run=run, outputs=[dataset(name, datasetType=MODEL)])
        for run, name in enumerate(("one", "two"), 1)
    ]
    report = await report_of(*documents, models=[dataset_key(NS, "two")])
    assert [page.name for page in report.models] == [f"{NS}/two"]


async def test_the_attempt_is_the_one_that_wrote_the_version():
    model = dataset("m", datasetType=MODEL)
    report = await report_of(
        event("START", "10:00:00", job="train"),
        event("COMPLETE", "10:01:00", job="train", outputs=[model]),
        event("START", "10:02:00", job="train"),
        event("FAIL", "10:03:00", job="train", outputs=[model]),
    )
    page = report.models[0]
    assert page.version == "as of 2026-01-01 10:01:00"
    assert page.findings[0].tables[0].rows[0][2:4] == ("1", "COMPLETE")


async def test_a_model_that_no_run_wrote_has_no_page():
    failed = event("FAIL", "10:00:00", job="train", run=1, outputs=[dataset("m", datasetType=MODEL)])
    with pytest.raises(NotFound, match=f"no run is recorded that wrote a version of {NS}/m completely"):
        await report_of(failed, models=[dataset_key(NS, "m")])
    with pytest.raises(NotFound, match="is not in the graph"):
        await report_of(failed, models=[dataset_key(NS, "n")])
    assert (await report_of(failed)).models == []


# Findings


async def test_runs_without_end_or_start_are_named():
    report = await report_of(
        event("START", "10:00:00", job="open", run=1),
        event("COMPLETE", "10:00:00", job="headless", run=2),
        event("START", "10:00:00", job="whole", run=3),
        event("COMPLETE", "10:01:00", job="whole", run=3),
        event("START", "10:02:00", job="whole", run=3),
        event("FAIL", "10:03:00", job="whole", run=3),
    )
    coverage = found(report, "Events recorded of each run")
    assert "6 events of 4 attempts" in coverage.summary
    assert gap(coverage, "The end of this run is not recorded") == [f"trading/open, run {run_id(1)}"]
    assert gap(coverage, "The start of this run is not recorded") == [f"trading/headless, run {run_id(2)}"]


async def test_sources_from_outside_are_those_that_no_job_writes():
    report = await report_of(
        event("COMPLETE", "10:00:00", job="load", run=1, inputs=["bought"], outputs=["own"]),
        event("COMPLETE", "11:00:00", job="use", run=2, inputs=["own"]),
        runs=[2, 1],
    )
    assert [row[0] for row in found(report, "Sources from outside").tables[0].rows] == [f"{NS}/bought"]
    only = await report_of(
        event("COMPLETE", "10:00:00", job="load", run=1, inputs=["bought"], outputs=["own"]),
        event("COMPLETE", "11:00:00", job="use", run=2, inputs=["own"]),
        runs=[2],
    )
    assert found(only, "Sources from outside").tables == []  # its writer is out of scope, and yet known


async def test_checks_said_of_a_dataset_and_of_the_input_count_once():
    said = {"assertions": [{"assertion": "not_null", "success": True}, {"assertion": "unique", "success": False}]}
    both = dataset("t", dataQualityAssertions=said, input={"dataQualityAssertions": said})
    only = dataset("u", dataQualityAssertions=said)
    report = await report_of(event("COMPLETE", "10:00:00", inputs=[both, only]))
    assert found(report, "Data-quality checks").tables[0].rows == [(f"{NS}/t", "1", "1"), (f"{NS}/u", "1", "1")]


async def test_retention_says_how_far_back_the_events_reach():
    report = await report_of(event("COMPLETE", "10:00:00"))
    retained = found(report, "Retained events")
    assert "received at 2026-11-21 12:00:00 UTC" in retained.summary


async def test_changes_of_code_and_schema_are_counted():
    def run(number, commit, field):
        code = {"sourceCodeLocation": {"type": "git", "url": "u", "repoUrl": "repo", "version": commit}}
        out = dataset("out", schema={"fields": [{"name": field}]})
        return event("COMPLETE", f"1{number}:00:00", run=number, outputs=[out], job_facets=code)

    report = await report_of(run(1, "aa", "x"), run(2, "bb", "x"), run(3, "bb", "y"))
    data, work = found(report, "Changes over time").tables
    assert data.rows[0][:3] == (f"{NS}/out", "3", "2")
    assert work.rows == [("trading/etl", "2", "1")]
    codes = found(report, "Code versions").tables[0].rows
    assert codes == [
        ("trading/etl", "repo @ aa", "2026-01-01 11:00:00"),
        ("trading/etl", "repo @ bb", "2026-01-01 12:00:00"),
    ]


async def test_lists_are_cut_and_say_so():
    report = await report_of(event("COMPLETE", "10:00:00", inputs=[f"t{number:03}" for number in range(130)]))
    sources = found(report, "Sources from outside")
    assert (len(sources.tables[0].rows), sources.tables[0].more) == (20, 110)
    assert (len(sources.gaps[0].names), sources.gaps[0].more) == (20, 110)
    assert b"and 110 more" in render_html(report)


async def test_a_finding_is_shown_in_full_once():
    framework = load_framework("nist-ai-rmf")
    report = await report_of(event("COMPLETE", "10:00:00"), frameworks=[framework, framework])
    first, second = report.sections
    assert not any(finding.see for finding in first.answers[0].findings)
    assert all(finding.see for answer in second.answers for finding in answer.findings)


async def test_nothing_recorded_is_a_report_too():
    report = await report_of()
    assert report.models == []
    assert gap(found(report, "Approvals"), "No dataset in scope has the type MODEL")
    for renderer in RENDERERS.values():
        assert renderer(report)


# How it is shown


class Page(HTMLParser):
    """Tags, attributes and text of an HTML page."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.attributes, self.text = [], [], ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, *attribute) for attribute in attrs]

    def handle_data(self, data):
        self.text += data


def test_no_rendering_gives_a_verdict(demo):
    template = render._PACKAGE.joinpath("report.typ").read_text()  # of what the PDF says the rest is in the JSON
    for text in (render_html(demo).decode(), render_json(demo).decode(), template):
        assert not re.search(r"complian|complies|conform|fulfil|satisfie", text, re.IGNORECASE)


def test_html_is_one_file_without_scripts(demo):
    page = Page(render_html(demo).decode())
    assert not {"script", "link", "img", "iframe", "object", "form"} & set(page.tags)
    assert not [a for a in page.attributes if a[1] == "src" or a[1].startswith("on")]
    assert "@import" not in page.text
    ids = [value for _, name, value in page.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    assert {value[1:] for _, name, value in page.attributes if name == "href" and value[0] == "#"} <= set(ids)


async def test_names_are_shown_and_never_run():
    evil = '<script>alert(1)</script> #panic() $x$ `"{{ 7 * 7 }}'
    report = await report_of(event("COMPLETE", "10:00:00", inputs=[evil]), frameworks=[load_framework("eu-ai-act")])
    html = render_html(report).decode()
    assert "<script" not in html
    assert f"{NS}/{evil}" in Page(html).text
    assert render_pdf(report).startswith(b"%PDF-")


@pytest.mark.parametrize("name", ["漢字", "😀", "\ue000", "a\x00b", "\u202eevil", "line\nbreak", "x" * 3000, "عربى"])
async def test_any_name_can_be_printed(name):
    report = await report_of(
        event("COMPLETE", "10:00:00", inputs=[dataset(name)], outputs=[dataset(name, datasetType=MODEL)])
    )
    assert render_pdf(report).startswith(b"%PDF-")
    assert render_html(report)


def test_pdf_is_the_same_each_time_and_for_archives(demo):
    pdf = render_pdf(demo)
    assert pdf == render_pdf(demo)
    assert b"<pdfaid:part>2</pdfaid:part>" in pdf
    assert b"<pdfuaid:part>1</pdfuaid:part>" in pdf


async def test_the_page_of_a_model_is_one_page():
    sources = [dataset(f"a_rather_long_schema.with_a_long_table_name_{number}") for number in range(40)]
    answers = [dataset(f"answer-{number}", datasetType={"datasetType": "ANSWER"}) for number in range(40)]
    model = dataset("a_model_with_a_long_name_that_fills_a_line", datasetType=MODEL)
    decided = model | {"inputFacets": {APPROVAL: {"approver": "role:x", "decision": "REJECTED"}}}
    report = await report_of(
        *(event("COMPLETE", "09:00:00", job=f"load_{n}", run=100 + n, outputs=[s]) for n, s in enumerate(sources[:20])),
        event("COMPLETE", "10:00:00", job="train", run=1, inputs=sources, outputs=[model]),
        *(event("COMPLETE", f"11:{n:02}:00", job="approve", run=10 + n, inputs=[decided]) for n in range(9)),
        event("COMPLETE", "12:00:00", job="answer", run=2, inputs=[model], outputs=answers),
        frameworks=[],
    )
    source = render._PACKAGE.joinpath("report.typ").read_bytes()
    data = {"report": render_json(report).decode()}
    assert len(typst.compile(source, format="png", ppi=20, sys_inputs=data)) == 3  # the first page, this, the limits


async def test_entries_are_links_where_the_server_is_known():
    model = dataset("m", datasetType=MODEL)
    trained = event("COMPLETE", "10:00:00", job="train", outputs=[model])
    served = render_html(await report_of(trained, server="https://w.example")).decode()
    assert 'href="https://w.example/api/v1/log/entries/0"' in served
    assert 'href="/api' not in render_html(await report_of(trained)).decode()


async def test_an_erased_event_is_told_by_its_tombstone():
    async with stores_of(
        event("START", "10:00:00", job="kept", run=1),
        event("COMPLETE", "10:01:00", job="kept", run=1),
        event("COMPLETE", "11:00:00", job="gone", run=2),
    ) as (log, store):
        erased = [Erasure(0, "gdpr-17", "asked", "approved"), Erasure(2, "gdpr-17", "asked", "approved")]
        await log.erase(erased)
        await Projector(log, store).catch_up()
        report = await build_report(log, store, Runs([1, 2]), shipped())
        assert await prov_of(store, 1, 2)
    finding = found(report, "Erasures")
    rows = {(row[1], *row[2:]) for row in finding.tables[0].rows}
    assert rows == {(EntryLink(index), "gdpr-17", "asked", "approved") for index in (0, 2)}
    assert "Of 2 events the content was erased." in found(report, "Retained events").summary
    coverage = found(report, "Events recorded of each run")
    assert "3 events of 1 attempt" in coverage.summary
    assert gap(coverage, "The start of this run is not recorded") == [f"trading/kept, run {run_id(1)}"]


async def test_a_checkpoint_stands_in_the_annex():
    note = (
        "whence/0011223344556677\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n— whence/0011223344556677 Az3g\n"
    )
    report = await report_of(
        event("COMPLETE", "10:00:00", inputs=["a"]), checkpoint=note.encode(), server="https://w.example"
    )
    assert report.log.checkpoint_size == 1
    html = render_html(report).decode()
    assert note.rstrip("\n") in html
    assert "https://w.example/api/v1/log/proofs/inclusion?index=57&amp;size=1" in html


def test_the_schema_of_the_approval_facet_is_that_of_its_model():
    schema = json.loads((DEMO.parent / "schemas/json/WhenceApprovalInputDatasetFacet.json").read_text())
    definition = schema["$defs"]["WhenceApprovalInputDatasetFacet"]["allOf"][1]
    assert definition["properties"].keys() == Approval.model_fields.keys()
    assert set(definition["required"]) == {name for name, field in Approval.model_fields.items() if field.is_required()}
    assert list(schema["properties"]) == [APPROVAL]
    inputs = [source for payload in DEMO_EVENTS for source in json.loads(payload).get("inputs", [])]
    sent = next(facets[APPROVAL] for source in inputs if APPROVAL in (facets := source.get("inputFacets", {})))
    assert sent["_schemaURL"] == schema["$id"]
    assert sent.keys() - {"_producer", "_schemaURL"} <= definition["properties"].keys()
    assert sent["decision"] in definition["properties"]["decision"]["enum"]
