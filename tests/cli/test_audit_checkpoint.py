"""`whence audit checkpoint` and `whence audit rotate-key`, with the stores of this folder and with a server."""

from tests.cli.commands import PIPELINE, run
from tests.notary.conftest import authority  # noqa: F401  # a fixture
from tests.running import running
from whence.notary.keys import KeyFile
from whence.transparency.checkpoint import Checkpoint
from whence.transparency.note import Verifier, open_note


def opened(text, *keys):
    return Checkpoint.parse(open_note(text.encode(), [Verifier.parse(key) for key in keys])[0])


def key_of(folder):
    [signer] = KeyFile(folder / ".whence" / "log.db.key").read()
    return signer.verifier_key


def test_a_checkpoint_of_the_stores_here(folder):
    run("ingest", *PIPELINE)
    answer = run("audit", "checkpoint")
    checkpoint = opened(answer.out, key_of(folder))
    assert checkpoint.size > 10
    assert answer.err == ""
    assert run("audit", "checkpoint").out == answer.out


def test_a_changed_key_signs_from_now_on(folder):
    run("ingest", *PIPELINE)
    before = opened(run("audit", "checkpoint").out, key_of(folder))
    answer = run("audit", "rotate-key")
    key = answer.out.strip()
    assert key == key_of(folder)
    assert "Tell those who verify" in answer.err
    after = opened(run("audit", "checkpoint").out, key)
    assert after == before._replace(size=before.size + 1, root=after.root)


def test_without_a_log_there_is_nothing_to_sign(folder):
    for command in ("checkpoint", "rotate-key"):
        assert "there is no event log" in run("audit", command, code=2).err
    assert not (folder / ".whence").exists()


def test_a_missing_key_is_told_and_none_made(folder):
    run("ingest", *PIPELINE)
    run("audit", "checkpoint")
    (folder / ".whence" / "log.db.key").unlink()
    assert "Restore it from a backup" in run("audit", "checkpoint", code=2).err
    assert not (folder / ".whence" / "log.db.key").exists()


def test_a_stamp_wants_an_authority(folder, monkeypatch, authority):  # noqa: F811
    run("ingest", *PIPELINE)
    assert "set WHENCE_TIMESTAMP_URL" in run("audit", "checkpoint", "--timestamp", code=1).err
    monkeypatch.setenv("WHENCE_TIMESTAMP_URL", authority.url)
    run("audit", "checkpoint", "--timestamp")
    assert authority.asked == 1


def test_a_server_makes_checkpoints_and_changes_its_key(folder):
    with running(folder) as server:
        first = run("audit", "checkpoint", "--url", server.url).out
        old = key_of(folder)
        assert opened(first, old).size == 0
        new = run("audit", "rotate-key", "--url", server.url).out.strip()
        assert opened(run("audit", "checkpoint", "--url", server.url).out, new).size == 1
        assert new == key_of(folder) != old
        assert "set WHENCE_TIMESTAMP_URL" in run("audit", "checkpoint", "--timestamp", "--url", server.url, code=1).err
        assert "use it: --url" in run("audit", "checkpoint", code=1).err
