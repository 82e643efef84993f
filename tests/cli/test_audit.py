"""`whence audit export` and `whence audit verify`, on stores and against a server."""

import json
import socketserver
import threading
from pathlib import Path

import pytest

from tests.cli.commands import SAMPLES, run
from tests.independent.forging import Parts
from whence.notary.keys import KeyFile
from whence.transparency.note import Signer

TOTALS = "/srv/retail/data/1.53.0/mart/customer_totals"


def files(folder="."):
    return sorted(path.name for path in Path(folder).iterdir() if not path.name.startswith(".whence"))


def test_everything_is_exported_and_verified(pipeline):
    told = pipeline("audit", "export", "-o", "all.zip")
    assert told.out.startswith("all.zip: ")
    assert "whence audit verify all.zip" in told.err
    assert files() == ["all.zip"]
    shown = run("audit", "verify", "all.zip")
    assert shown.out.startswith("all.zip: accepted, ")
    assert "0 withheld" in shown.out
    assert shown.out.index("Proved") < shown.out.index("Not proved")


@pytest.mark.parametrize(
    "options",
    [("--dataset", TOTALS), ("--job", "retail_etl"), ("--upstream-of", TOTALS), ("--since", "2020-01-01")],
    ids=lambda options: options[0],
)
def test_a_scope_is_exported(pipeline, options):
    manifest = pipeline("audit", "export", *options, "-o", "some.zip", "--json").json
    assert 0 < manifest["counts"]["entries"] < manifest["counts"]["log"]
    verdict = run("audit", "verify", "some.zip", "--json").json
    assert verdict["accepted"]
    assert verdict["scope"] == manifest["scope"]
    assert verdict["entries"]["opened"] == manifest["counts"]["entries"] + 1


def test_options_are_taken_together(pipeline):
    counts = [
        pipeline("audit", "export", *options, "-o", f"{number}.zip", "--json").json["counts"]["entries"]
        for number, options in enumerate(
            [
                ("--dataset", TOTALS),
                ("--dataset", TOTALS, "--job", "retail_etl"),
                ("--dataset", TOTALS, "--until", "2020-01-01"),
            ]
        )
    ]
    assert counts[1] > counts[0] > counts[2] == 0


def test_the_archive_has_a_name_of_its_own(pipeline):
    pipeline("audit", "export", "--dataset", TOTALS)
    [name] = files()
    assert name.startswith("whence-evidence-20")


def test_evidence_is_not_written_over(pipeline):
    Path("all.zip").write_text("evidence")
    assert "all.zip is there already" in pipeline("audit", "export", "-o", "all.zip", code=2).err
    assert Path("all.zip").read_text() == "evidence"


@pytest.mark.parametrize(
    ("options", "code", "told"),
    [
        (("--dataset", "nothing"), 1, "there is no dataset nothing"),
        (("--since", "yesterday"), 2, "--since: 'yesterday' is not an ISO 8601 date"),
        (("--since", "2026-01-02", "--until", "2026-01-01"), 2, "the time range is empty"),
        (("--from-checkpoint", "missing"), 2, "--from-checkpoint missing"),
        (("-o", "no/such/folder/a.zip"), 2, "no/such/folder/a.zip cannot be written: No such file or directory"),
    ],
)
def test_nothing_is_left_of_what_cannot_be_exported(pipeline, options, code, told):
    assert told in pipeline("audit", "export", *options, code=code).err
    assert files() == []


@pytest.mark.parametrize(
    ("ending", "told"),
    [(b"", "broke the archive off"), (b"0\r\n\r\n", "is no archive, or was cut off")],
    ids=["connection lost", "only the beginning"],
)
def test_nothing_is_left_of_a_download_that_breaks_off(ending, told):
    class Half(socketserver.BaseRequestHandler):
        def handle(self):
            self.request.recv(2**16)
            head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            self.request.sendall(head + b"4\r\nPK\x03\x04\r\n" + ending)

    with socketserver.TCPServer(("127.0.0.1", 0), Half) as broken:
        thread = threading.Thread(target=broken.handle_request)
        thread.start()
        url = f"http://127.0.0.1:{broken.server_address[1]}"
        assert told in run("--url", url, "audit", "export", "-o", "all.zip", code=1).err
        thread.join()
    assert files() == []


def test_without_a_log_there_is_nothing_to_export():
    assert "there is no event log" in run("audit", "export", code=2).err
    assert files() == []


@pytest.fixture
def exported():
    """An archive of a log of its own, and the key that signed it."""
    run("ingest", SAMPLES / "spark_1.53.0_etl.ndjson")
    run("audit", "export", "-o", "all.zip")
    [signer] = KeyFile(Path(".whence/log.db.key")).read()
    return signer


def test_verification_opens_no_store(exported):
    for path in Path(".whence").iterdir():
        path.unlink()
    run("audit", "verify", "all.zip")
    assert list(Path(".whence").iterdir()) == []


def test_a_key_that_is_trusted(exported):
    assert "The key you trust" in run("audit", "verify", "all.zip", "--key", exported.verifier_key).out
    other = Signer.generate("example.com/log").verifier_key
    shown = run("audit", "verify", "all.zip", "--key", other, code=1).out
    assert shown.startswith("all.zip: refused")
    assert "What is wrong" in shown


def test_all_that_is_wrong_is_told(exported):
    parts = Parts(Path("all.zip"))
    for entry in parts.events():
        entry["payload"] = entry["salt"]
    parts.write(Path("forged.zip"), exported)
    shown = run("audit", "verify", "forged.zip", code=1)
    assert "more; --json lists them" in shown.out
    document = run("audit", "verify", "forged.zip", "--json", code=1).json
    assert len(document["failures"]) == len(parts.events())
    assert not document["accepted"]


def test_an_archive_does_not_steer_the_terminal_of_its_reader(exported):
    parts = Parts(Path("all.zip"))
    parts.files["\x1b[2J\x1b[Hall.zip: accepted"] = b""
    parts.write(Path("forged.zip"), exported)
    shown = run("audit", "verify", "forged.zip", code=1).out
    assert "\x1b" not in shown
    assert "all.zip: accepted" in shown


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("missing.zip",), "missing.zip cannot be read: No such file or directory"),
        (("all.zip", "--key", "nonsense"), "is no verifier key"),
        (("all.zip", "--checkpoint", "missing"), "--checkpoint missing cannot be read"),
        (("all.zip", "--tsa-certificate", "missing"), "--tsa-certificate missing cannot be read"),
        (("all.zip", "--tsa-certificate", "all.zip"), "no certificate in PEM"),
    ],
)
def test_what_verification_was_called_with_wrongly(exported, options, told):
    assert told in run("audit", "verify", *options, code=2).err


def test_what_is_no_archive_is_refused():
    Path("a.zip").write_text(json.dumps({}))
    assert "a.zip is no archive" in run("audit", "verify", "a.zip", code=1).out
