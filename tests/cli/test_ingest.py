"""`whence ingest`: all forms of events, what is rejected, where events go."""

import gzip
import json
import subprocess

import pytest

from tests.build import event
from tests.cli.commands import SAMPLES, WHENCE
from tests.running import running
from whence.cli.sources import find_sources

BUILD = SAMPLES / "dbt_ol_build.ndjson"
EVENTS = [event("COMPLETE", f"10:0{n}:00", run=n, outputs=[f"table_{n}"]) for n in range(3)]
LINES = [json.dumps(found) for found in EVENTS]


def rejects(folder):
    """The lines of the one file of rejects."""
    [file] = folder.glob("whence-rejects-*.ndjson")
    return file.read_bytes().splitlines()


def names(whence):
    return {edge["node"]["name"] for edge in whence("search", "table", "--json").json["search"]["edges"]}


FORMS = {
    "events.ndjson": "\n".join(LINES),
    "events.jsonl": "\r\n".join(["", *LINES, "", ""]),
    "events.log": "\ufeff" + "\n\n".join(LINES) + "\n",
    "array.json": json.dumps(EVENTS),
    "pretty array.json": json.dumps(EVENTS, indent=2),
    "one after the other.json": "\n".join(json.dumps(found, indent=4) for found in EVENTS),
    "no suffix at all": "\n".join(LINES),
}


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("name", FORMS)
def test_takes_every_form_of_events(whence, folder, name, compressed):
    content = FORMS[name].encode()
    (folder / name).write_bytes(gzip.compress(content) if compressed else content)
    assert whence("ingest", name).out == "Events: 3 read, 3 new, 0 already there, 0 rejected\n"
    assert names(whence) == {"table_0", "table_1", "table_2"}


def test_a_single_event_over_several_lines(whence, folder):
    (folder / "event.json").write_text(json.dumps(EVENTS[0], indent=2))
    assert whence("ingest", "event.json").out.startswith("Events: 1 read, 1 new")


def test_what_openlineages_file_transport_writes(whence, folder, monkeypatch):
    from openlineage.client.run import Job, Run, RunEvent, RunState
    from openlineage.client.transport.file import FileConfig, FileTransport

    for append in (True, False):
        transport = FileTransport(FileConfig(log_file_path=str(folder / "events" / "ol.json"), append=append))
        (folder / "events").mkdir(exist_ok=True)
        for second in range(2):
            run = Run("01941f29-7c00-7e1a-8d4e-5b2f0a9c6d31")
            time = f"2026-01-01T00:00:0{second}Z"
            transport.emit(RunEvent(RunState.RUNNING, time, run, Job("ns", f"job-{append}"), "https://example.org"))
        transport.close()
    assert whence("ingest", "events").out.startswith("Events: 4 read, 4 new")


def test_events_sent_again_count_once(whence):
    whence("ingest", BUILD)
    assert whence("ingest", BUILD, BUILD).out == "Events: 28 read, 0 new, 28 already there, 0 rejected\n"


def test_a_directory_is_read_in_natural_order(folder):
    for name in ("day 10.ndjson", "day 2.ndjson", "b/day 1.jsonl.gz", "a.LOG"):
        (folder / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "in" / name).write_text(LINES[0])
    for passed_over in ("notes.txt", ".hidden/x.json", "whence-rejects-1.ndjson"):
        (folder / "in" / passed_over).parent.mkdir(parents=True, exist_ok=True)
        (folder / "in" / passed_over).write_text(LINES[0])
    places = [found.place for source in find_sources(["in"]) for found in source]
    assert places == ["in/a.LOG:1", "in/b/day 1.jsonl.gz:1", "in/day 2.ndjson:1", "in/day 10.ndjson:1"]


def test_stdin():
    lines = "\n".join(LINES).encode()
    for content in (lines, gzip.compress(lines)):
        found = subprocess.run([WHENCE, "ingest", "-"], input=content, capture_output=True, check=True)
        assert found.stdout.startswith(b"Events: 3 read, ")


def test_what_is_rejected_is_reported_and_kept_and_the_rest_goes_in(whence, folder):
    wrong = json.dumps(EVENTS[1] | {"eventTime": "yesterday"})
    (folder / "some.ndjson").write_text("\n".join([LINES[0], "{oops", "", wrong, "17", LINES[2]]))
    answer = whence("ingest", "some.ndjson", code=1)
    assert answer.out == "Events: 5 read, 2 new, 0 already there, 3 rejected\n"
    for place, reason in ((2, "JSON"), (4, "eventTime"), (5, "17")):
        [line] = [line for line in answer.err.splitlines() if line.startswith(f"some.ndjson:{place}:")]
        assert reason in line
    assert rejects(folder) == [b"{oops", wrong.encode(), b"17"]


def test_mended_rejects_can_be_ingested(whence, folder):
    (folder / "array.json").write_text(json.dumps([EVENTS[0], EVENTS[1] | {"eventTime": "never"}], indent=2))
    answer = whence("ingest", "array.json", "--rejects", "bad.ndjson", code=1)
    assert "array.json:25: eventTime" in answer.err
    (folder / "bad.ndjson").write_text((folder / "bad.ndjson").read_text().replace("never", "2026-01-01T00:00:00Z"))
    assert whence("ingest", "bad.ndjson").out.startswith("Events: 1 read, 1 new")


def test_only_the_first_rejects_are_shown(whence, folder):
    (folder / "bad.ndjson").write_text("{oops\n" * 30)
    answer = whence("ingest", "bad.ndjson", code=1)
    assert "bad.ndjson:20" in answer.err
    assert "bad.ndjson:21" not in answer.err
    assert "... and 10 more" in answer.err
    assert len(rejects(folder)) == 30


def test_a_report_for_programs(whence, folder):
    (folder / "some.ndjson").write_text("\n".join([LINES[0], LINES[0], "{oops"]))
    answer = whence("ingest", "some.ndjson", "--json", code=1)
    report = answer.json
    [reject] = report.pop("rejects")
    assert report.pop("rejectsFile").startswith("whence-rejects-")
    assert report == {"read": 3, "accepted": 2, "new": 1, "duplicates": 1, "rejected": 1}
    assert reject["place"] == "some.ndjson:3"
    assert answer.err == ""


@pytest.mark.parametrize(
    ("content", "accepted", "reason"),
    [
        (gzip.compress("\n".join(LINES).encode())[:-20], None, "cannot be read on"),
        (f"[{LINES[0]},\n{LINES[1]},".encode(), 2, "array has no end"),
        (f"[{LINES[0]},\n{LINES[1]}".encode(), 2, "array has no end"),
        (f"[{LINES[0]},,{LINES[1]}]".encode(), 2, ""),
        (f"[{LINES[0]}] {LINES[1][:-9]}".encode(), 1, "JSON"),
    ],
)
def test_a_damaged_file_gives_what_is_whole_and_a_reject(whence, folder, content, accepted, reason):
    (folder / "cut.json").write_bytes(content)
    answer = whence("ingest", "cut.json", code=1 if reason else 0)
    assert reason in answer.err
    if accepted is not None:
        assert f"{accepted} new" in answer.out


def test_a_line_without_end_does_not_fill_the_memory(whence, folder, monkeypatch):
    monkeypatch.setattr("whence.cli.sources.MAX_EVENT_BYTES", 10_000)
    (folder / "long.ndjson").write_text("\n".join([LINES[0], "x" * 30_000, LINES[1]]))
    (folder / "long.json").write_text(f'[{LINES[2]}, "{"x" * 600_000}')
    answer = whence("ingest", "long.ndjson", "long.json", code=1)
    assert "long.ndjson:2: the line is longer" in answer.err
    assert "long.json:1: from here on no value ends" in answer.err
    assert answer.out.startswith("Events: 5 read, 3 new")


@pytest.mark.parametrize("path", ["missing.ndjson", "empty"])
def test_a_path_without_events_is_a_wrong_call(whence, folder, path):
    (folder / "empty").mkdir()
    assert path in whence("ingest", path, code=2).err


def test_a_large_file_goes_in_by_batches(whence, folder, monkeypatch):
    monkeypatch.setattr("whence.cli.sending.BATCH_EVENTS", 10)
    (folder / "many.ndjson").write_text("\n".join(json.dumps(event("COMPLETE", "10:00:00", run=n)) for n in range(95)))
    assert whence("ingest", "many.ndjson").out.startswith("Events: 95 read, 95 new")


def test_flags_redact_what_is_ingested(whence, folder):
    (folder / "rules.toml").write_text('[[rule]]\nname = "secrets"\nmatch = "table_\\\\d"\n')
    (folder / "events.ndjson").write_text(LINES[0])
    answer = whence("ingest", "events.ndjson", "--redact", "nowhere.toml", code=2)
    assert "nowhere.toml" in answer.err


def test_a_running_server_is_pointed_to(whence, folder):
    with running(folder) as server:
        answer = whence("ingest", BUILD, code=1)
        assert "--url" in answer.err
        assert whence("ingest", "--url", server.url, "--wait", BUILD).out.startswith("Events: 14 read, ")
        assert len(whence("search", "--json").json["search"]["edges"]) == 11  # of the same stores, while it runs


def test_rejects_of_a_server_have_their_places(whence, folder, server):
    wrong = json.dumps(EVENTS[1] | {"eventTime": "yesterday"})
    (folder / "some.ndjson").write_text("\n".join([LINES[0], "{oops", wrong, LINES[2]]))
    answer = whence("ingest", "--url", server, "some.ndjson", code=1)
    assert "some.ndjson:2: " in answer.err
    assert "some.ndjson:3: eventTime: " in answer.err
    assert rejects(folder) == [b"{oops", wrong.encode()]
