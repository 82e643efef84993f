"""The help desk of docs/provenance.md: documents, answers recorded with run(), a bad document, and what rests on it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "docs/retrieval"


class Desk:
    """The example in a folder of its own, with a spool that nobody ships."""

    def __init__(self, folder):
        self.folder = folder
        shutil.copytree(EXAMPLE, folder / "retrieval")
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("WHENCE_", "OPENLINEAGE_"))}
        self._environment = environment | {"WHENCE_SPOOL": str(folder / "spool"), "WHENCE_SHIPPER": "no"}

    def run(self, *command):
        made = subprocess.run(
            command, cwd=self.folder, env=self._environment, capture_output=True, text=True, check=True
        )
        return made.stdout.strip()

    def do(self, *arguments):
        return self.run(sys.executable, "retrieval/helpdesk.py", *arguments)

    def provenance(self, name, *options):
        whence = Path(sys.executable).with_name("whence")
        self.run(whence, "ingest", *sorted(map(str, (self.folder / "spool").glob("*.ndjson"))))
        return json.loads(self.run(whence, "provenance", name, *options, "--json"))


@pytest.fixture
def desk(tmp_path):
    found = Desk(tmp_path)
    found.do("ingest", "retrieval/library")
    found.do("train", "retrieval/questions.txt")
    found.do("approve", "role:support-lead")
    return found


def nodes(connection):
    return [edge["node"] for edge in connection["edges"]]


def named(part, kind):
    """Names of the datasets of a kind in an answer."""
    return sorted(one["dataset"]["name"] for one in nodes(part["versions"]) if one["asset"] == kind)


def test_an_answer_leads_to_prompt_model_and_chunks_and_on_to_the_sources(desk):
    assert "25 years" in desk.do("ask", "1", "How long is the warranty on a lamp?")
    up = desk.provenance("answer-1", "--up")["upstream"]
    assert [named(up, kind) for kind in ("ANSWER", "PROMPT", "MODEL", "DOCUMENT")] == [
        ["answer-1"],
        ["quote"],
        ["word-weights"],
        ["warranty"],
    ]
    assert up["counts"]["named"] == 5
    sources = sorted(Path(one["dataset"]["name"]).name for one in nodes(up["versions"]) if one["source"])
    assert sources == ["questions.txt", "quote", "warranty.md"]
    [retrieved] = [one["retrieval"] for one in nodes(up["used"]) if one["retrieval"]]
    assert retrieved["collection"] == "library"
    assert [(chunk["rank"], chunk["id"]) for chunk in retrieved["chunks"]] == [(1, "warranty#0"), (2, "warranty#2")]
    [answering] = [one for one in nodes(up["attempts"]) if not one["distance"]]
    parameters = {one["name"]: one for one in answering["parameters"]}
    assert parameters["best"]["value"] == 2
    assert parameters["question"]["value"] is None
    assert len(parameters["question"]["sha256"]) == 64
    [decision] = nodes(up["decisions"])
    assert (decision["decision"], decision["approver"]) == ("APPROVED", "role:support-lead")


def test_which_answers_rest_on_a_bad_document_and_which_no_longer_do(desk):
    desk.do("ask", "1", "How long is the warranty on a lamp?")
    desk.do("ask", "2", "How long does a parcel take abroad?")
    desk.do("ask", "3", "Is my bulb covered by the warranty?")
    down = desk.provenance("index://helpdesk/warranty", "--down")["downstream"]
    assert named(down, "ANSWER") == ["answer-1", "answer-3"]
    [bad] = [one["version"]["label"] for one in nodes(down["versions"]) if not one["distance"]]

    page = desk.folder / "retrieval/library/warranty.md"
    page.write_text(page.read_text().replace("25 years", "2 years"))
    desk.do("ingest", "retrieval/library")
    assert "2 years" in desk.do("ask", "4", "How long is the warranty on a lamp?")
    now = desk.provenance("index://helpdesk/warranty", "--down")["downstream"]
    assert named(now, "ANSWER") == ["answer-4"]
    before = desk.provenance("index://helpdesk/warranty", "--version", bad, "--down")["downstream"]
    assert named(before, "ANSWER") == ["answer-1", "answer-3"]


def test_when_the_model_was_last_trained(desk):
    desk.do("ask", "1", "How long is the warranty on a lamp?")
    [first] = nodes(desk.provenance("answer-1", "--up")["upstream"]["models"])
    assert first["current"]
    questions = desk.folder / "retrieval/questions.txt"
    questions.write_text(questions.read_text() + "How tall is the lamp?\n")
    desk.do("train", "retrieval/questions.txt")
    [later] = nodes(desk.provenance("answer-1", "--up")["upstream"]["models"])
    assert later["trainedAt"] > first["trainedAt"]
    assert not later["current"]
