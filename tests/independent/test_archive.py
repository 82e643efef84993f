"""Archives of a real server: accepted by ours and by the Go program, and every forgery refused by both.

The Go program (``archive/``) holds no code of Whence. Go fetches its libraries when it is built first.
"""

import json
import shutil
import subprocess
import urllib.request
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.cli.commands import SAMPLES, WHENCE, run
from tests.independent.forging import FORGERIES, Parts
from tests.running import running
from whence.notary.keys import KeyFile
from whence.transparency.note import Signer, sign_note

DEMO = Path(__file__).parents[2] / "demo" / "events"
PROGRAM = Path(__file__).parent / "archive"
KEY_FILE = Path(".whence/log.db.key")
TOTALS = "/srv/retail/data/1.53.0/mart/customer_totals"


@pytest.fixture(scope="module")
def go_program(tmp_path_factory):
    if not shutil.which("go"):
        pytest.skip("GO IS MISSING, so no independent program has verified the archives: install it from go.dev/dl")
    built = tmp_path_factory.mktemp("go") / "archive"
    subprocess.run(["go", "build", "-o", built, "."], cwd=PROGRAM, check=True)
    return built


def whence(*arguments, code=0):
    """What a command prints, in a process of its own, as an auditor would run it."""
    done = subprocess.run([WHENCE, *arguments], capture_output=True, text=True)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def ours(archive, *options, code=0):
    """The verdict of ``whence audit verify``."""
    return run("audit", "verify", archive, "--json", *options, code=code).json


def theirs(program, *arguments):
    """Whether the Go program accepts the archive, and what it says."""
    done = subprocess.run([program, *arguments], capture_output=True, text=True)
    assert done.returncode in (0, 1), done.stderr
    assert done.stdout.startswith(("refused:", "accepted:")[done.returncode == 0])
    return done.returncode == 0, done.stdout


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Archives of a log of recorded events, whose key was changed on the way; checkpoints that were kept before and
    after that; and the keys."""
    folder = tmp_path_factory.mktemp("world")
    found = SimpleNamespace(**{name: folder / f"{name}.zip" for name in ("everything", "scoped", "streamed")})
    with running(folder) as server:
        whence("ingest", "--url", server.url, "--wait", DEMO)
        found.kept = keep_checkpoint(server, folder / "kept")
        found.old_key = server.post("/api/v1/admin/log/key", {})[1]["old"]
        whence("ingest", "--url", server.url, "--wait", *sorted(SAMPLES.glob("spark_1.53.0_*.ndjson")))
        found.later = keep_checkpoint(server, folder / "later")
        whence("audit", "export", "--url", server.url, "-o", found.everything)
        options = ("--upstream-of", TOTALS, "--from-checkpoint", found.kept)
        whence("audit", "export", "--url", server.url, *options, "-o", found.scoped)
        with urllib.request.urlopen(f"{server.url}/api/v1/audit/export") as answer:
            assert answer.headers["Content-Type"] == "application/zip"
            found.streamed.write_bytes(answer.read())
    [found.signer] = KeyFile(folder / KEY_FILE).read()
    return found


def keep_checkpoint(server, path):
    """Ask for a checkpoint, and keep it."""
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{server.url}/api/v1/audit/checkpoint", b"{}", headers)
    with urllib.request.urlopen(request) as answer:
        path.write_bytes(answer.read())
    return path


@pytest.mark.parametrize("archive", ["everything", "scoped", "streamed"])
@pytest.mark.parametrize("kept", ["kept", "later"])
def test_an_archive_is_accepted_by_both(world, go_program, archive, kept):
    path, kept = getattr(world, archive), getattr(world, kept)
    verdict = ours(path, "--key", world.signer.verifier_key, "--checkpoint", kept)
    assert verdict["accepted"]
    assert {"checkpoint", "manifest", "entries", "seal", "key", "kept-checkpoint"} <= checks(verdict["proved"])
    accepted, said = theirs(go_program, "-key", world.signer.verifier_key, "-checkpoint", kept, path)
    assert accepted, said
    assert f"{verdict['entries']['opened']} of {verdict['entries']['total']} entries opened" in said


def checks(statements):
    return {statement["check"] for statement in statements}


def test_who_trusts_the_key_before_accepts_what_the_next_one_signed(world, go_program):
    assert "key" in checks(ours(world.scoped, "--key", world.old_key)["proved"])
    assert theirs(go_program, "-key", world.old_key, world.scoped)[0]


def test_a_scope_opens_what_is_in_it_and_withholds_the_rest(world):
    counts = ours(world.scoped)["entries"]
    assert 0 < counts["opened"] < counts["total"]
    assert counts["opened"] + counts["withheld"] == counts["total"]


@pytest.mark.parametrize("forgery", FORGERIES)
@pytest.mark.parametrize("archive", ["everything", "scoped"])
def test_a_forgery_is_refused_by_both(world, go_program, tmp_path, archive, forgery):
    """Even of who holds the log's key, and repairs the manifest with its signature."""
    forge, check = FORGERIES[forgery]
    parts = Parts(getattr(world, archive))
    forge(parts)
    forged = parts.write(tmp_path / "forged.zip", world.signer)
    verdict = ours(forged, code=1)
    assert check in checks(verdict["failures"])
    assert "manifest" not in checks(verdict["failures"])  # it was repaired: the forgery itself was found
    accepted, said = theirs(go_program, forged)
    assert not accepted
    assert not said.startswith("refused: manifest")


def test_taking_an_archive_apart_and_putting_it_together_is_no_forgery(world, go_program, tmp_path):
    """So that it is the forgeries that are refused, and not how they are written."""
    same = Parts(world.everything).write(tmp_path / "same.zip", world.signer)
    assert ours(same)["accepted"]
    assert theirs(go_program, same)[0]


@pytest.mark.parametrize("name", ["report.html", "tables/attempts.csv", "prov.json", "README.txt"])
def test_a_changed_report_is_refused_by_both_where_the_forger_lacks_the_key(world, go_program, tmp_path, name):
    parts = Parts(world.scoped)
    parts.files[name] = parts.files[name].replace(b"e", b"E", 1)
    forged = parts.write(tmp_path / "forged.zip", Signer.generate(world.signer.name))
    assert "manifest" in checks(ours(forged, code=1)["failures"])
    accepted, said = theirs(go_program, forged)
    assert not accepted
    assert said.startswith("refused: manifest")


def test_a_truncated_archive_is_refused_by_both(world, go_program, tmp_path):
    whole = world.everything.read_bytes()
    cut = tmp_path / "cut.zip"
    for length in (0, 100, len(whole) // 2, len(whole) - 1):
        cut.write_bytes(whole[:length])
        assert checks(ours(cut, code=1)["failures"]) == {"archive"}
        assert not theirs(go_program, cut)[0]


def test_a_forked_history_is_refused_by_both(world, go_program, tmp_path):
    """Another history, signed by the very key: nothing is wrong with it, but for the checkpoint that was kept."""
    KeyFile(tmp_path / KEY_FILE).write([world.signer])
    fork = tmp_path / "fork.zip"
    with running(tmp_path) as server:
        whence("ingest", "--url", server.url, "--wait", *sorted(SAMPLES.glob("*.ndjson")))
        whence("audit", "export", "--url", server.url, "--from-checkpoint", world.later, "-o", fork)
    assert ours(fork, "--key", world.signer.verifier_key)["accepted"]
    assert theirs(go_program, "-key", world.signer.verifier_key, fork)[0]
    verdict = ours(fork, "--checkpoint", world.later, code=1)
    assert checks(verdict["failures"]) == {"kept-checkpoint"}
    assert "history" in verdict["failures"][0]["text"]
    accepted, said = theirs(go_program, "-checkpoint", world.later, fork)
    assert not accepted
    assert said.startswith("refused: history")


def test_another_key_is_told_and_refused_by_both_who_know_the_right_one(world, go_program, tmp_path):
    forger = Signer.generate(world.signer.name)
    parts = Parts(world.everything)
    parts.files["keys.json"] = json.dumps({"keys": [forger.verifier_key], "vouching": []}).encode()
    parts.files["consistency.json"] = b"[]"
    text = parts.files["checkpoint"].decode().partition("\n\n")[0] + "\n"
    parts.files["checkpoint"] = sign_note(text, [forger])
    forged = parts.write(tmp_path / "forged.zip", forger)
    assert "key" in checks(ours(forged)["notProved"])
    for option, value in (("key", world.signer.verifier_key), ("checkpoint", world.kept)):
        assert not ours(forged, f"--{option}", value, code=1)["accepted"]
        assert not theirs(go_program, f"-{option}", value, forged)[0]


def test_the_readme_tells_how_to_work_out_the_seal(world):
    seal = json.loads(Parts(world.scoped).payload(-1))
    lines = "".join(f"{entry['index']}\n" for entry in Parts(world.scoped).entries[:-1])
    assert sha256(lines.encode()).hexdigest() == seal["indices"]
    assert len(lines.splitlines()) == seal["entries"]
