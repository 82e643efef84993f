"""The shipper as a process: started by the transport, as a service, once; and what it says of itself."""

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.collectors.backend import backend, until
from whence_collector import segments, starting
from whence_collector.drops import Drops
from whence_collector.settings import _SOURCES, Settings, spools
from whence_collector.ship import main
from whence_collector.spool import Spool
from whence_collector.state import State
from whence_collector.status import status

EMIT = """
import os, sys, time
from whence_collector import SpoolTransport
transport = SpoolTransport()
for n in range(int(sys.argv[1])):
    transport.emit({"n": n, "pid": os.getpid()})
"""


@pytest.fixture
def server():
    with backend() as server:
        yield server


@pytest.fixture
def place(folder, server):
    """The environment of processes that use this spool and server; shippers that they started are ended."""
    yield {**os.environ, "WHENCE_SPOOL": str(folder), "WHENCE_URL": server.url}
    if status(folder).running:
        os.kill(State.load(folder).pid, signal.SIGKILL)
        until(lambda: not status(folder).running)


def emit(place, count=3, code="", **options):
    return subprocess.run(
        [sys.executable, "-c", EMIT + textwrap.dedent(code), str(count)],
        env=place, timeout=60, capture_output=True, text=True, check=False, **options,
    )  # fmt: skip


def test_events_arrive_though_the_process_ended_by_exit_at_once(place, server, folder):
    done = emit(place, 5, "os._exit(3)")
    assert (done.returncode, done.stdout, done.stderr) == (3, "", "")
    until(lambda: len(server.events) == 5)
    until(lambda: not segments.segments(folder))


def test_the_shipper_is_no_child_has_no_terminal_and_keeps_no_folder_or_file(place, server, folder, tmp_path):
    """A process that reads all of its child's output, and one that waits for all children, must not wait for it."""
    begun = time.monotonic()
    emit(place, 1, "open('file', 'w')\nos.set_inheritable(3, True)", cwd=tmp_path)
    assert time.monotonic() - begun < 30
    until(lambda: server.events)
    proc = Path(f"/proc/{State.load(folder).pid}")
    if proc.exists():  # Linux
        links = []
        for link in (proc / "fd").iterdir():
            with suppress(FileNotFoundError):  # it was closed meanwhile
                links.append(str(link.readlink()))
        assert str((proc / "cwd").readlink()) == "/"
        assert not [link for link in links if str(tmp_path) in link and not link.startswith(str(folder))]
        assert os.getsid(State.load(folder).pid) != os.getsid(0)


def test_its_key_is_not_seen_in_the_list_of_processes(place, server, folder):
    emit({**place, "WHENCE_KEY": "very-secret-key"}, 1)
    until(lambda: server.events)
    assert server.requests[0][1]["Authorization"] == "Bearer very-secret-key"
    command = Path(f"/proc/{State.load(folder).pid}/cmdline")
    if command.exists():
        assert b"very-secret-key" not in command.read_bytes()
    assert "very-secret-key" not in (folder / "shipper.json").read_text()


def test_of_many_processes_one_starts_it(place, server, folder):
    running = [subprocess.Popen([sys.executable, "-c", EMIT + "\ntime.sleep(1)", "20"], env=place) for _ in range(5)]
    for process in running:
        assert process.wait(60) == 0
    until(lambda: len(server.events) == 100)
    found = subprocess.run(["ps", "-ww", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert sum("whence_collector.ship" in line and str(folder) in line for line in found.splitlines()) == 1
    assert len({json.loads(event)["pid"] for event in server.events}) == 5
    for process in running:
        own = [json.loads(event)["n"] for event in server.events if json.loads(event)["pid"] == process.pid]
        assert own == list(range(20))


def test_a_killed_shipper_is_followed_by_another(place, server, folder, monkeypatch):
    monkeypatch.setattr(starting, "PAUSE_SECONDS", 0)
    made = Spool(Settings(url=server.url, spool=folder))
    killed = set()
    for number in range(4):
        made.append(b"%d" % number)
        until(lambda last=b"%d" % number: server.events[-1:] == [last])
        assert status(folder).running
        killed.add(State.load(folder).pid)
        os.kill(State.load(folder).pid, signal.SIGKILL)
        until(lambda: not status(folder).running)
    assert len(killed) == 4
    made.flush(0)


def test_after_a_wrong_key_the_next_process_with_the_right_one_sends_all(place, server, folder):
    server.answer = (401, "application/problem+json", b'{"detail": "a key is needed"}')
    emit({**place, "WHENCE_KEY": "wrong"}, 2)
    until(lambda: State.load(folder).error == "401: a key is needed")
    until(lambda: not status(folder).running)
    server.answer = None
    emit({**place, "WHENCE_KEY": "right"}, 2)
    until(lambda: len(server.events) == 4)
    assert server.requests[-1][1]["Authorization"] == "Bearer right"


def test_where_the_whole_folder_was_removed_all_is_begun_again(place, server, folder, monkeypatch):
    monkeypatch.setattr(starting, "PAUSE_SECONDS", 0)
    made = Spool(Settings(url=server.url, spool=folder))
    made.append(b"1")
    until(lambda: server.events == [b"1"])
    first = State.load(folder).pid
    until(lambda: shutil.rmtree(folder, ignore_errors=True) or not folder.exists())  # the shipper may write its state
    made.append(b"2")
    until(lambda: server.events == [b"1", b"2"])
    until(lambda: State.load(folder).pid != first and status(folder).running)
    made.flush(0)


def test_it_goes_when_nobody_has_needed_it_for_a_while(place, server, folder, spool):
    made = spool()
    made.append(b"1")
    lock = os.open(folder / "shipper.lock", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    code = f"from whence_collector import ship; ship.IDLE_SECONDS = 0.3; ship.detached('{lock}')"
    process = subprocess.Popen([sys.executable, "-c", code], env=place, pass_fds=(lock,))
    os.close(lock)
    until(lambda: server.events == [b"1"])
    time.sleep(1)
    assert process.poll() is None  # somebody may still write
    made.append(b"2")
    made.flush(5)
    assert process.wait(30) == 0
    assert server.events == [b"1", b"2"]
    assert not status(folder).running


def test_a_service_sends_for_others_and_ends_when_asked_with_what_waits(place, server, folder, spool):
    process = subprocess.Popen([sys.executable, "-m", "whence_collector.ship"], env=place)
    until(lambda: status(folder).running and State.load(folder).pid == process.pid)
    made = spool()
    made.append(b"1")
    until(lambda: server.events == [b"1"])
    made.append(b"2")
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0
    assert server.events == [b"1", b"2"]


def test_a_service_whose_server_is_away_ends_in_time_when_asked(place, server, folder, spool):
    server.hangs = True
    spool().append(b"1")
    process = subprocess.Popen([sys.executable, "-m", "whence_collector.ship"], env=place)
    until(lambda: server.requests)
    begun = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 1
    assert time.monotonic() - begun < 5
    assert status(folder).waiting == 1


def test_a_flush_at_exit_waits_until_everything_was_sent(place, server):
    begun = time.monotonic()
    emit({**place, "WHENCE_FLUSH_SECONDS": "2"}, 4)
    assert len(server.events) == 4
    assert time.monotonic() - begun < 20


def test_a_flush_at_exit_gives_up_after_two_seconds(place, server, folder):
    server.hangs = True
    code = "begun = time.monotonic(); print(transport.close(60), time.monotonic() - begun < 3)"
    done = emit({**place, "WHENCE_FLUSH_SECONDS": "60"}, 4, code)
    assert (done.returncode, done.stdout) == (0, "False True\n")
    assert status(folder).waiting == 4


def run(monkeypatch, place, *arguments):
    for name in ("WHENCE_SPOOL", "WHENCE_URL"):
        monkeypatch.setenv(name, place[name])
    return main(list(arguments))


def test_once_sends_what_waits(place, server, spool, monkeypatch, folder):
    for number in range(3):
        spool().append(b"%d" % number)
    assert run(monkeypatch, place, "--once") == 0
    assert sorted(server.events) == [b"0", b"1", b"2"]
    assert run(monkeypatch, place, "--once") == 0


def test_once_fails_when_something_still_waits(place, server, spool, monkeypatch, capsys):
    spool().append(b"1")
    server.answer = (503, "application/json", b'{"detail": "the log is full"}')
    assert run(monkeypatch, place, "--once", "--timeout", "0.5") == 1
    assert "the log is full" in capsys.readouterr().err


def test_once_waits_for_a_shipper_that_is_at_work(place, server, monkeypatch, folder):
    emit(place, 30)
    assert run(monkeypatch, place, "--once") == 0
    assert len(server.events) == 30


def test_a_spool_that_cannot_be_used(place, monkeypatch, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main(["--once", "--spool", str(tmp_path / "file" / "spool")]) == 2
    assert "cannot be used" in capsys.readouterr().err


def test_status(place, server, spool, monkeypatch, capsys, folder):
    server.refuses = b"bad"
    made = spool()
    made.append(b'"good"')
    made.append(b'"bad"')
    assert run(monkeypatch, place, "--once") == 0
    made.append(b'"later"')
    made.drop("disk full", "")
    server.answer = (503, "application/json", b'{"detail": "the log is full"}')
    assert run(monkeypatch, place, "--once", "--timeout", "0.1") == 1
    capsys.readouterr()
    assert run(monkeypatch, place, "--status") == 0
    text = capsys.readouterr().out
    assert f"Spool {folder}" in text
    assert f"server    {server.url}" in text
    assert "shipper   not running" in text
    assert "waiting   1 event, 7 bytes" in text
    assert "sent      1 event, the last" in text
    assert "dropped   1 event: disk full" in text
    assert "refused   1 event by the server" in text
    assert "ago: 503: the log is full" in text
    assert run(monkeypatch, place, "--status", "--json") == 0
    [found] = json.loads(capsys.readouterr().out)
    assert (found["waiting"], found["dropped"], found["shipper"]["refused"]) == (1, {"disk full": 1}, 1)


def test_each_server_has_a_default_spool_and_the_status_shows_all(monkeypatch, capsys):
    for url in ("http://127.0.0.1:1", "https://user:pw@whence.example/base/"):
        monkeypatch.setenv("WHENCE_URL", url)
        folder = Settings.load().spool
        assert folder.parent == spools()
        assert "pw" not in folder.name
        Drops(folder).counts()
        folder.mkdir(parents=True)
    assert main(["--status"]) == 0
    assert capsys.readouterr().out.count("Spool ") == 2


def test_settings_that_cannot_be_used_are_told_and_the_defaults_taken(monkeypatch, caplog):
    monkeypatch.setenv("WHENCE_SPOOL_MAX_BYTES", "much")
    monkeypatch.setenv("WHENCE_SPOOL_FSYNC", "perhaps")
    monkeypatch.setenv("WHENCE_URL", "whence.example")
    found = Settings.load({"max_days": 3, "flush": 60})
    assert (found.max_bytes, found.fsync, found.url) == (2**30, False, "http://127.0.0.1:5000")
    assert (found.max_days, found.flush) == (3, 2)
    assert len(caplog.records) == 3


def test_the_readme_lists_all_settings():
    readme = (Path(__file__).parents[1] / "README.md").read_text()
    for name, (variable, _) in _SOURCES.items():
        assert f"| `{variable}` | `{name}` |" in readme
