"""`whence audit erase`, `retention`, `hold` and `log`, on stores and against a server."""

import json
import os
import pty
import subprocess
from pathlib import Path

import pytest

from tests.build import JOBS, NS, dataset, dataset_event, event, run_id
from tests.cli.commands import WHENCE, run
from tests.running import running

MAIL = "jane.doe@example.org"
OWNER = {"ownership": {"owners": [{"name": MAIL}]}}
EVENTS = [
    event("START", "10:00:00", job=f"load {MAIL}", inputs=["a"], outputs=["b"]),
    event("COMPLETE", "10:01:00", job=f"load {MAIL}", inputs=["a"], outputs=[dataset("b", **OWNER)]),
    dataset_event("10:02:00", "b", **OWNER),
    event("COMPLETE", "11:00:00", run=2, inputs=["b"], outputs=["c"]),
]
POLICY = '[[rule]]\nid = "short"\nkeep_at_most = "P1D"\n'


@pytest.fixture(params=["stores", "server"])
def whence(request, folder):
    """A command, on a few events, on stores or a server."""
    lines = [json.dumps(document) for document in [*EVENTS, {"no": "event", "of": MAIL}]]
    Path("events.ndjson").write_text("\n".join(lines))
    if request.param == "stores":
        run("ingest", "events.ndjson", "--rejects", "rejects.ndjson", code=1)
        yield run
        return
    with running(folder) as server:
        run("ingest", "events.ndjson", "--url", server.url, "--wait", "--rejects", "rejects.ndjson", code=1)
        yield lambda *args, code=0: run("--url", server.url, *args, code=code)


def holding():
    """Files that hold the address, but for the one it came in."""
    found = [path for path in Path().rglob("*") if path.is_file() and MAIL.encode() in path.read_bytes()]
    return [str(path) for path in found if path.name != "events.ndjson"]


def test_what_would_go_is_listed_first(whence):
    told = whence("audit", "erase", "--text", MAIL, "--reason", "gdpr-17", "--rejects", "rejects.ndjson", "--dry-run")
    assert "Would go: 3" in told.out
    assert f"{JOBS}/load {MAIL}" in told.out
    assert "rejects.ndjson: 1 line would be taken out" in told.err
    assert "rejects.ndjson" in holding()
    answer = whence("audit", "erase", "--text", MAIL, "--reason", "gdpr-17", "--dry-run", "--json").json
    assert [row["index"] for row in answer["goes"]] == [0, 1, 2]


@pytest.mark.parametrize("replace", [(), ("--replace", r"jane\.doe@example\.org=person-17")], ids=["", "replace"])
def test_nothing_is_left_of_what_was_erased(whence, replace):
    asked = ("audit", "erase", "--text", MAIL, "--reason", "gdpr-17", "--asked-by", "a1", "--approved-by", "b2")
    told = whence(*asked, *replace, "--rejects", "rejects.ndjson", "--yes")
    assert "3 erased; entry 4 of the log says by whom and why." in told.out
    assert holding() == []
    assert Path("rejects.ndjson").read_bytes() == b""
    jobs = [edge["node"]["name"] for edge in whence("search", "--kind", "job", "--json").json["search"]["edges"]]
    assert jobs == (["etl", "load person-17"] if replace else ["etl"])
    whence("audit", "export", "-o", "after.zip")
    verdict = run("audit", "verify", "after.zip", "--json").json
    assert verdict["accepted"]
    assert verdict["entries"]["erased"] == 3


def test_a_rebuild_gives_the_same_graph(folder):
    Path("events.ndjson").write_text("\n".join(map(json.dumps, EVENTS)))
    run("ingest", "events.ndjson")
    run("audit", "erase", "--text", MAIL, "--reason", "gdpr-17", "--yes")
    assert "identical" in run("rebuild", "--check").out


def test_nobody_is_asked_unless_there_is_a_terminal(whence):
    refused = whence("audit", "erase", "--entry", "0-1", "--reason", "error", code=2)
    assert "say --yes" in refused.err
    assert holding()


@pytest.mark.parametrize(("answer", "code", "erased"), [(b"n\n", 1, 0), (b"y\n", 0, 1)])
def test_at_a_terminal_a_person_is_asked(folder, answer, code, erased):
    Path("events.ndjson").write_text("\n".join(map(json.dumps, EVENTS)))
    run("ingest", "events.ndjson")
    ours, theirs = pty.openpty()
    os.write(ours, answer)
    erase = [WHENCE, "audit", "erase", "--entry", "0", "--reason", "error"]
    done = subprocess.run(erase, stdin=theirs, capture_output=True, timeout=60, check=False)
    os.close(ours)
    os.close(theirs)
    assert b"Erase 1 entry?" in done.stderr
    assert done.returncode == code
    assert [found["kind"] for found in run("audit", "log", "--json").json].count("erasure") == erased


@pytest.mark.parametrize(
    ("options", "entries"),
    [
        (("--entry", "0", "--entry", "2-3"), [0, 2, 3]),
        (("--run", run_id(1)), [0, 1]),
        (("--job", "etl"), [3]),
        (("--dataset", f"{NS}/c"), [3]),
        (("--declaration", f"{NS}/b"), [2]),
        (("--pattern", "[Ll]oad .*@"), [0, 1]),
        (("--text", MAIL, "--dataset", "b"), [0, 1, 2]),
        (("--until", "2020-01-01"), []),
    ],
    ids=str,
)
def test_what_is_chosen(whence, options, entries):
    answer = whence("audit", "erase", *options, "--reason", "error", "--dry-run", "--json").json
    assert [row["index"] for row in answer["goes"]] == entries


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        ((), 2, "nothing is chosen"),
        (("--entry", "x"), 2, "--entry x"),
        (("--text", "x", "--replace", "x"), 2, "REGEX=TEXT"),
        (("--text", "x", "--rules", "missing.toml"), 2, "missing.toml"),
        (("--text", "x", "--rejects", "missing"), 2, "there is no such file"),
        (("--text", "nowhere"), 1, "nothing is chosen that can be erased"),
        (("--run", run_id(7)), 1, "there is no run"),
        (("--declaration", run_id(2)), 2, "is a run"),
    ],
    ids=str,
)
def test_what_cannot_be_understood(whence, options, code, message):
    assert message in whence("audit", "erase", *options, "--reason", "error", "--yes", code=code).err
    assert whence("audit", "log", "--json").json == []


def test_reasons_are_codes(folder):
    refused = run("audit", "erase", "--text", "x", "--reason", "because", code=2)
    assert "gdpr-17 (a person asked)" in refused.err


def test_a_hold_wins(whence):
    assert "Legal hold 4 is in force" in whence("audit", "hold", "add", "--dataset", "c", "--reason", "case 17").out
    assert f"dataset {NS}/c" in whence("audit", "hold", "list").out
    refused = whence("audit", "erase", "--run", run_id(2), "--reason", "error", "--yes", code=1)
    assert f"legal hold 4 on dataset {NS}/c (case 17)" in refused.err
    assert "Released: legal hold 4" in whence("audit", "hold", "release", 4, "--reason", "over").out
    assert whence("audit", "hold", "list", "--json").json == []
    assert "1 erased" in whence("audit", "erase", "--run", run_id(2), "--reason", "error", "--yes").out


@pytest.mark.parametrize(
    "scope", [(), ("--run", "a", "--namespace", "b"), ("--entry", "x")], ids=["nothing", "two", "no range"]
)
def test_a_hold_is_on_one_thing(whence, scope):
    whence("audit", "hold", "add", *scope, "--reason", "x", code=2)
    assert whence("audit", "log", "--json").json == []


def test_a_retention_policy_is_tried_and_applied(whence):
    Path("policy.toml").write_text(POLICY)
    assert "Nothing goes." in whence("audit", "retention", "--policy", "policy.toml").err
    assert whence("audit", "log", "--json").json == []
    assert "in force" in whence("audit", "retention", "--policy", "policy.toml", "--apply").err
    [found] = whence("audit", "log", "--json").json
    assert found["content"]["text"] == POLICY
    Path("policy.toml").write_text(POLICY.replace("P1D", "1 day"))
    refused = whence("audit", "retention", "--policy", "policy.toml", code=2)
    assert "policy.toml: rule 1: keep_at_most: " in refused.err


def test_the_log_tells_what_was_done(whence):
    whence("audit", "hold", "add", "--entry", "0-1", "--reason", "case 17")
    whence("audit", "erase", "--entry", "2", "--reason", "contract", "--asked-by", "k1", "--yes")
    whence("audit", "export", "-o", "all.zip")
    whence("audit", "rotate-key")
    told = whence("audit", "log").out
    for sentence in (
        "added on entries 0 to 1: case 17",
        "erase 1 entries: contract, asked by k1",
        "entry 2: contract, asked by k1",
        "7 entries",
        "a new key signs for the log",
    ):
        assert sentence in told
    kinds = [found["kind"] for found in whence("audit", "log", "--json").json]
    assert kinds == ["key", "export", "erasure", "request", "hold"]
    page = whence("audit", "log", "--json", "--limit", 2, "--before", 8).json
    assert [found["kind"] for found in page] == ["export", "erasure"]


def test_keys_and_rules_are_recorded(folder):
    Path("events.ndjson").write_text("\n".join(map(json.dumps, EVENTS)))
    Path("rules.toml").write_text('[[rule]]\nid = "x"\nvalues = ["secret"]\n')
    run("key", "create", "early")  # before there is a log
    for _ in range(2):
        run("ingest", "events.ndjson", "--redact", "rules.toml")
    run("ingest", "events.ndjson")
    secret = run("key", "create", "me", "--scope", "audit").out.strip()
    run("key", "revoke", secret.split("_")[1])
    found = run("audit", "log", "--json").json
    assert [record["kind"] for record in found] == ["access", "access", "access", "policy", "policy"]
    assert [record["content"]["scopes"] for record in found[:3]] == [[], ["audit"], ["ingest", "read"]]
    assert [record["content"]["text"] for record in found[3:]] == ["", Path("rules.toml").read_text()]
    told = run("audit", "log").out
    assert f"key {secret.split('_')[1]}: revoked" in told
    assert "redaction: none from now on" in told
    assert "early" not in told


def test_with_keys_two_of_them_are_named(folder):
    Path("events.ndjson").write_text("\n".join(map(json.dumps, EVENTS)))
    run("ingest", "events.ndjson")
    one, two = (run("key", "create", name).out.split("_")[1] for name in "ab")
    erase = ("audit", "erase", "--entry", "0", "--reason", "error", "--yes", "--asked-by", one)
    assert "is no API key" in run(*erase, code=1).err
    assert "may not approve its own" in run(*erase, "--approved-by", one, code=1).err
    assert "1 erased" in run(*erase, "--approved-by", two).out
