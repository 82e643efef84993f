"""The served log, checked by tessera's `fsck` library: accepted as it is, and every forgery of it refused.

The Go program (``fsck/``) holds no code of Whence. Go fetches its libraries when it is built first. Forgeries are the
served files, changed in a folder, behind a plain HTTP server. The forger has the log's key.
"""

import asyncio
import shutil
import subprocess
from collections.abc import Callable
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from types import SimpleNamespace
from urllib.request import Request, urlopen

import pytest

from tests.build import event, payload
from tests.notary.conftest import serving
from tests.running import running
from whence.eventlog.port import NewEvent
from whence.eventlog.sqlite import SQLiteEventLog
from whence.notary.keys import KeyFile
from whence.notary.notary import Notary
from whence.transparency.checkpoint import Checkpoint
from whence.transparency.merkle import ROW, leaf_hash, root_hash
from whence.transparency.note import Signer, sign_note
from whence.transparency.tiles import bundle, tile_path

PROGRAM = Path(__file__).parent / "fsck"
SIZE = 700
KEPT = 300


@pytest.fixture(scope="module")
def fsck(tmp_path_factory):
    if not shutil.which("go"):
        pytest.skip("GO IS MISSING, so no independent program has checked the served log: install it from go.dev/dl")
    built = tmp_path_factory.mktemp("go") / "fsck"
    subprocess.run(["go", "build", "-o", built, "."], cwd=PROGRAM, check=True)

    def run(url, key, *options):
        """Whether the program accepts the log at the URL, and what it says."""
        command = [built, "-url", url, "-key", key, "-limit", "5s", *options]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert done.returncode in (0, 1), done.stderr
        assert done.stdout.startswith(("accepted", "refused: ")[done.returncode])
        return done.returncode == 0, done.stdout

    return run


def tiles_of(leaves):
    """All files of a log but the checkpoint, by path."""
    files = {}
    rows = [leaves[n : n + ROW] for n in range(0, len(leaves), ROW)]
    for number, row in enumerate(rows):
        files[f"tile/entries/{_name(number, row)}"] = bundle(row)
    level, hashes = 0, [leaf_hash(leaf) for leaf in leaves]
    while hashes:
        for number, first in enumerate(range(0, len(hashes), ROW)):
            row = hashes[first : first + ROW]
            files[f"tile/{level}/{_name(number, row)}"] = b"".join(row)
        hashes = [root_hash(hashes[n : n + ROW]) for n in range(0, len(hashes) // ROW * ROW, ROW)]
        level += 1
    return files


def _name(number, row):
    return tile_path(number) + ("" if len(row) == ROW else f".p/{len(row)}")


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    """What a real server serves of a log over tile boundaries; a checkpoint kept before it had grown; the key."""
    folder = tmp_path_factory.mktemp("served")
    events = [payload(event("COMPLETE", "10:00:00", run=n)) for n in range(SIZE)]
    with running(folder) as server:
        for first, end in ((0, KEPT), (KEPT, SIZE)):
            assert server.post("/api/v1/lineage/batch", b"[%b]" % b",".join(events[first:end]))[0] == 200
            note = read(server.url, "api/v1/audit/checkpoint", b'{"timestamp": false}')
            if end == KEPT:
                (folder / "kept").write_bytes(note)
        served = {path: read(server.url, path) for path in tiles_of([b""] * SIZE)}
    [signer] = KeyFile(folder / ".whence" / "log.db.key").read()
    return SimpleNamespace(signer=signer, kept=folder / "kept", files={**served, "checkpoint": note})


def read(url, path, body=None):
    with urlopen(Request(f"{url}/{path}", body, {"Content-Type": "application/json"} if body else {})) as answer:
        return answer.read()


def leaves_of(files):
    """The leaves in bundles, in order."""
    leaves = []
    for path in sorted(path for path in files if path.startswith("tile/entries/")):
        content = files[path]
        while content:
            length = int.from_bytes(content[:2], "big")
            leaves.append(content[2 : 2 + length])
            content = content[2 + length :]
    return leaves


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


@contextmanager
def served(files, folder):
    """A plain HTTP server over these files; its URL."""
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    with serving(partial(_Quiet, directory=folder)) as url:
        yield url


def test_what_a_server_serves_is_what_its_leaves_make(log):
    leaves = leaves_of(log.files)
    assert len(set(leaves)) == SIZE
    assert tiles_of(leaves) == {path: content for path, content in log.files.items() if path != "checkpoint"}


def test_the_served_log_is_accepted(fsck, log, tmp_path):
    with served(log.files, tmp_path) as url:
        assert fsck(url, log.signer.verifier_key, "-kept", log.kept) == (True, "accepted\n")


def test_a_running_server_is_accepted_beyond_65536_entries(fsck, tmp_path):
    """Three levels of tiles; built directly through the log, and read from a server."""

    async def build():
        made = await SQLiteEventLog.open(tmp_path / ".whence" / "log.db")
        await made.append([NewEvent(b'{"n":%d}' % n, "Rrun", b"{}") for n in range(66_000)])
        notary = await Notary.open(made, KeyFile(tmp_path / ".whence" / "log.db.key"))
        await notary.publish()
        await made.close()
        return notary.verifier_key

    key = asyncio.run(build())
    with running(tmp_path) as server:
        assert fsck(f"{server.url}/", key) == (True, "accepted\n")


def resigned(log, leaves, signer):
    """The whole log, made anew of other leaves, and signed."""
    checkpoint = Checkpoint(log.signer.name, len(leaves), root_hash([leaf_hash(leaf) for leaf in leaves]))
    return {**tiles_of(leaves), "checkpoint": sign_note(checkpoint.text(), [signer])}


def truncated_tile(log):
    return {**log.files, "tile/0/001": log.files["tile/0/001"][:-32]}


def truncated_bundle(log):
    return {**log.files, "tile/entries/001": log.files["tile/entries/001"][:-1]}


def missing_bundle(log):
    return {path: content for path, content in log.files.items() if path != "tile/entries/001"}


def changed_leaf(log):
    content = log.files["tile/entries/000"]
    digit = content.index(b'"c":"') + 5
    other = b"1" if content[digit : digit + 1] == b"0" else b"0"
    return {**log.files, "tile/entries/000": content[:digit] + other + content[digit + 1 :]}


def changed_leaf_and_its_tiles(log):
    leaves = leaves_of(log.files)
    leaves[5] = leaves[6]
    return {**tiles_of(leaves), "checkpoint": log.files["checkpoint"]}


def swapped_order(log):
    leaves = leaves_of(log.files)
    leaves[1], leaves[2] = leaves[2], leaves[1]
    return {**tiles_of(leaves), "checkpoint": log.files["checkpoint"]}


def removed_last_event(log):
    return {**tiles_of(leaves_of(log.files)[:-1]), "checkpoint": log.files["checkpoint"]}


def forged_signature(log):
    return resigned(log, leaves_of(log.files), Signer.generate(log.signer.name))


def forked_history(log):
    leaves = leaves_of(log.files)
    leaves[5] = leaves[6]
    return resigned(log, leaves, log.signer)


FORGERIES: list[Callable[[SimpleNamespace], dict[str, bytes]]] = [
    truncated_tile,
    truncated_bundle,
    missing_bundle,
    changed_leaf,
    changed_leaf_and_its_tiles,
    swapped_order,
    removed_last_event,
    forged_signature,
]


@pytest.mark.parametrize("forgery", FORGERIES)
def test_every_forgery_is_refused(fsck, log, tmp_path, forgery):
    with served(forgery(log), tmp_path) as url:
        accepted, said = fsck(url, log.signer.verifier_key)
        assert not accepted, said


def test_a_forked_history_is_refused_by_who_kept_a_checkpoint_and_by_nobody_else(fsck, log, tmp_path):
    """It is consistent in itself, and signed by the log's own key."""
    with served(forked_history(log), tmp_path) as url:
        accepted, said = fsck(url, log.signer.verifier_key, "-kept", log.kept)
        assert (accepted, said.partition(":")[2].strip()[:28]) == (False, "log consistency check failed")
        assert fsck(url, log.signer.verifier_key) == (True, "accepted\n")
