"""`whence audit report` and `whence audit frameworks`, on stores and on a server."""

import json
import re

import pytest

from tests.audit.selecting import DEMO
from tests.audit.test_frameworks import MINE
from tests.cli.commands import WHENCE, run
from tests.running import running

EVENTS = [DEMO / "events" / "1-dbt-build.ndjson", DEMO / "events" / "4-model.ndjson"]


@pytest.fixture(scope="module")
def model_server(tmp_path_factory):
    """The address of a server that knows a model."""
    import subprocess

    with running(tmp_path_factory.mktemp("server")) as server:
        ingest = [WHENCE, "ingest", "--url", server.url, "--wait", *EVENTS]
        subprocess.run(ingest, check=True, capture_output=True)
        yield server.url


@pytest.fixture(params=["stores", "server"])
def audit(request):
    """`whence audit` on what is known of a model."""
    if request.param == "server":
        url = request.getfixturevalue("model_server")
        return lambda *args, code=0: run("--url", url, "audit", *args, code=code)
    run("ingest", *EVENTS)
    return lambda *args, code=0: run("audit", *args, code=code)


def test_all_that_is_shipped(audit, folder):
    answer = audit("report", "-o", "all.html")
    assert "all.html" in answer.out
    html = (folder / "all.html").read_text()
    assert "EU AI Act" in html
    assert "NIST AI RMF" in html
    assert "Model models://trading/limit-breach, version 2026.11.2" in html
    assert re.search(r"<pre>whence/[0-9a-f]{16}\n\d+\n", html)


def test_a_model_on_one_page(audit, folder):
    audit("report", "--model", "limit-breach", "-o", "model.json")
    report = json.loads((folder / "model.json").read_text())
    assert [page["name"] for page in report["models"]] == ["models://trading/limit-breach"]
    assert report["sections"] == []
    assert report["scope"] == [
        ["All runs of", "dataset models://trading/limit-breach"],
        ["All upstream of", "dataset models://trading/limit-breach"],
    ]
    assert report["log"]["checkpoint_size"] == report["log"]["size"]


def test_a_framework_of_ones_own_as_pdf(audit, folder):
    (folder / "mine.toml").write_text(MINE)
    audit(
        "report", "--framework", "mine.toml", "--framework", "nist-ai-rmf", "--job", "train-limit-breach", "-o", "r.pdf"
    )
    assert (folder / "r.pdf").read_bytes().startswith(b"%PDF-")


def test_a_scope_limits_the_runs(audit, folder):
    audit("report", "--framework", "eu-ai-act", "--job", "approve-limit-breach", "-o", "r.json")
    report = json.loads((folder / "r.json").read_text())
    coverage = next(
        f["summary"] for a in report["sections"][0]["answers"] for f in a["findings"] if f["title"].startswith("Events")
    )
    assert coverage.startswith("2 events of 1 attempt of runs")


@pytest.mark.parametrize(
    ("args", "code", "told"),
    [
        (["--framework", "gdpr"], 2, "there is no framework 'gdpr'"),
        (["-o", "report.docx"], 2, "ends in one of .html, .pdf, .json"),
        (["--model", "nothing"], 1, "there is no dataset nothing"),
        (["--since", "yesterday"], 2, "--since"),
        (["-o", "no/such/folder/r.html"], 2, "cannot be written"),
    ],
)
def test_what_cannot_be_is_told(audit, args, code, told):
    assert told in audit("report", *args, code=code).err.replace("\n", " ")


def test_there_is_nothing_to_report_on_yet(folder):
    assert "there is no event log" in run("audit", "report", code=2).err
    assert list(folder.iterdir()) == []


def test_frameworks():
    answer = run("audit", "frameworks")
    assert "eu-ai-act" in answer.out
    listed = run("audit", "frameworks", "--json").json
    assert [framework["id"] for framework in listed] == ["eu-ai-act", "nist-ai-rmf"]
    assert listed[0]["requirement"][0]["source"] == "Article 10"
