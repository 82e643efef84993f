"""The spool: nothing that was appended is lost or torn, whatever becomes of the process."""

import json
import logging
import os
import resource
import signal
import stat
import subprocess
import sys
import textwrap
import threading
import time
from collections import Counter

import pytest

from whence_collector import segments
from whence_collector.drops import Drops
from whence_collector.settings import Settings
from whence_collector.spool import Spool

ROUNDS = 200


def script(folder, body, **environment):
    """A process that appends; `spool` is there for it."""
    begin = f"""
        import os, sys, threading
        from pathlib import Path
        from whence_collector.settings import Settings
        from whence_collector.spool import Spool
        spool = Spool(Settings(spool=Path({str(folder)!r}), shipper=False))
    """
    code = textwrap.dedent(begin) + textwrap.dedent(body)
    return subprocess.Popen([sys.executable, "-c", code], env={**os.environ, **environment}, stdout=subprocess.PIPE)


def finish(process, code=0):
    process.communicate(timeout=60)
    assert process.returncode == code


def test_events_wait_in_the_order_in_which_they_came(spool, lines):
    made = spool()
    expected = [b'{"n":%d}' % number for number in range(ROUNDS)]
    assert all(made.append(line) for line in expected)
    assert lines() == expected


def test_several_are_written_together_or_dropped_together(spool, lines, folder):
    made = spool()
    assert made.append(b"a", b"b")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_100, before[1]))
    try:
        assert not made.append(b"c" * 999, b"d" * 999, b"e")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert made.append(b"f")
    assert lines() == [b"a", b"b", b"f"]
    assert made.dropped == 3
    assert Drops(folder).counts() == {"disk full": 3}


def test_only_the_owner_can_read_them(spool, folder):
    folder.mkdir(mode=0o755)
    spool().append(b"{}")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_threads(spool, lines):
    made = spool()

    def work(thread):
        for number in range(ROUNDS):
            made.append(b'{"t":%d,"n":%d,"x":"%s"}' % (thread, number, b"x" * (number * 7 % 900)))

    threads = [threading.Thread(target=work, args=(thread,)) for thread in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = [json.loads(line) for line in lines()]
    for thread in range(8):
        assert [event["n"] for event in found if event["t"] == thread] == list(range(ROUNDS))


def test_many_processes(folder, lines):
    body = f"for n in range({ROUNDS}): spool.append(b'%d-%d' % (os.getpid(), n))"
    processes = [script(folder, body) for _ in range(6)]
    for process in processes:
        finish(process)
    assert Counter(lines()) == Counter(b"%d-%d" % (p.pid, n) for p in processes for n in range(ROUNDS))


def test_what_a_child_appends_after_a_fork_is_there_though_it_ends_by_exit_at_once(folder, lines):
    body = """
        for n in range(50): spool.append(b"parent-%d" % n)
        children = []
        for child in range(4):
            pid = os.fork()
            if not pid:
                for n in range(50): spool.append(b"child%d-%d" % (child, n))
                os._exit(0)
            children.append(pid)
            for n in range(50): spool.append(b"between%d-%d" % (child, n))
        for pid in children: os.waitpid(pid, 0)
    """
    finish(script(folder, body))
    expected = [b"parent-%d" % n for n in range(50)]
    expected += [
        b"%s%d-%d" % (kind, child, n) for kind in (b"child", b"between") for child in range(4) for n in range(50)
    ]
    assert Counter(lines()) == Counter(expected)


def test_a_fork_while_other_threads_append_does_not_hang_the_child(folder, lines):
    body = """
        busy = True
        def work():
            while busy: spool.append(b"thread")
        threads = [threading.Thread(target=work) for _ in range(3)]
        for thread in threads: thread.start()
        for _ in range(30):
            pid = os.fork()
            if not pid:
                spool.append(b"child")
                os._exit(0)
            assert os.waitpid(pid, 0)[1] == 0
        busy = False
    """
    finish(script(folder, body))
    assert lines().count(b"child") == 30


def test_a_killed_process_leaves_whole_lines(folder, lines):
    body = """
        sys.stdout.write("begun"); sys.stdout.flush()
        n = 0
        while True:
            spool.append(b'{"n":%d,"x":"%s"}' % (n, b"x" * (n * 31 % 5000)))
            n += 1
    """
    for round_ in range(5):
        process = script(folder, body)
        assert process.stdout.read(5) == b"begun"
        time.sleep(0.02 * round_ + 0.02)
        process.kill()
        finish(process, -signal.SIGKILL)
    found = lines()
    assert found
    assert all(line.startswith(b'{"n":') and line.endswith(b'"}') for line in found)


def test_a_signals_handler_may_append_while_its_thread_does(spool, lines):
    made = spool()
    previous = signal.signal(signal.SIGALRM, lambda *_: made.append(b"handler"))
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
        for _ in range(2_000):
            made.append(b"main")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
    counts = Counter(lines())
    assert counts[b"main"] == 2_000
    assert counts[b"handler"] > 0
    assert counts.keys() == {b"main", b"handler"}


class TimeIsUp(TimeoutError):
    """As a host's time limit raises it from a signal's handler."""


def test_a_time_limit_of_the_host_passes_through_and_leaves_whole_lines(spool, lines):
    made = spool()

    def handler(*_):
        raise TimeIsUp

    made.append(b"x" * 100)
    previous = signal.signal(signal.SIGALRM, handler)
    appended = 0
    try:
        for _ in range(50):
            try:
                signal.setitimer(signal.ITIMER_REAL, 0.0005)
                for _ in range(10_000):
                    made.append(b"x" * 100)
                    appended += 1
            except TimeIsUp:
                continue
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
    assert set(lines()) == {b"x" * 100}
    assert len(lines()) >= appended
    assert made.dropped == 0


def test_a_full_disk_drops_with_one_warning_and_a_count_and_goes_on_when_there_is_room(spool, lines, folder, caplog):
    """A limit on the size of files fails in the middle of a line, as a full disk does."""
    made = spool()
    made.append(b"a" * 99)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_150, before[1]))
    try:
        taken = [made.append(b"b" * 99) for _ in range(40)]
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert made.append(b"c" * 99)
    assert taken == [True] * 20 + [False] * 20
    assert lines() == [b"a" * 99, *[b"b" * 99] * 20, b"c" * 99]
    assert made.dropped == 20
    assert Drops(folder).counts() == {"disk full": 20}
    assert [record.levelno for record in caplog.records] == [logging.WARNING]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")
def test_a_disk_without_any_room(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "none", disk], capture_output=True, check=False
    ).returncode:
        pytest.skip("this machine mounts nothing")
    try:
        made = Spool(Settings(spool=disk / "spool", shipper=False))
        assert made.append(b"first")
        with (disk / "filler").open("wb", buffering=0) as file:
            try:
                while file.write(b"x" * 1024):
                    pass
            except OSError:
                pass
        taken = [made.append(b"y" * 1_000) for _ in range(20)]
        assert taken.count(False) >= 16
        assert sum(Drops(disk / "spool").counts().values()) == made.dropped == taken.count(False)
        (disk / "filler").unlink()
        assert made.append(b"last")
        [segment] = segments.segments(disk / "spool")
        assert [event.line for event in segments.read(segment, 0)] == [
            b"first",
            *[b"y" * 1_000] * taken.count(True),
            b"last",
        ]
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)  # the spool has a file of it open


def test_a_full_spool_drops_and_counts(spool, folder, lines, caplog):
    made = spool(max_bytes=20_000)
    for number in range(3):  # further processes look at what waits already
        other = Spool(Settings(spool=folder, shipper=False, max_bytes=20_000))
        other.append(b"x" * 9_000 + b"%d" % number)
    assert not made.append(b"y")
    assert len(lines()) == 3
    assert Drops(folder).counts() == {"spool full": 1}
    assert "20,000 bytes wait" in caplog.text


def test_a_spool_that_cannot_be_written_raises_nothing(tmp_path, caplog):
    (tmp_path / "file").write_text("")
    made = Spool(Settings(spool=tmp_path / "file" / "spool", shipper=False))
    assert not made.append(b"x")
    assert not made.append(b"y")
    assert made.dropped == 2
    assert caplog.text.count("WHENCE_SPOOL") == 1


def test_drops_of_many_processes_are_added(folder):
    folder.mkdir()
    Drops(folder).prepare()
    body = """
        from whence_collector.drops import Drops
        drops = Drops(spool._folder)
        for n in range(100): drops.add("disk full")
        while drops._pending: drops.add("disk full", 0)
    """
    processes = [script(folder, body) for _ in range(4)]
    for process in processes:
        finish(process)
    assert Drops(folder).counts() == {"disk full": 400}


def test_a_segment_that_was_removed_is_begun_again(spool, folder, lines):
    made = spool()
    made.append(b"gone")
    [segment] = segments.segments(folder)
    segment.unlink()
    made.append(b"there")
    assert lines() == [b"there"]


def test_long_segments_are_followed_by_others(spool, folder, lines, monkeypatch):
    monkeypatch.setattr(segments, "MAX_BYTES", 1_000)
    made = spool()
    expected = [b"%d" % number * 30 for number in range(100)]
    for line in expected:
        made.append(line)
    assert len(segments.segments(folder)) > 3
    assert lines() == expected


def test_a_process_goes_on_in_the_segment_that_an_ended_one_left(spool, folder, lines):
    for number in range(5):
        finish(script(folder, f"spool.append(b'{number}')"))
    assert len(segments.segments(folder)) == 1
    assert lines() == [b"0", b"1", b"2", b"3", b"4"]


def test_no_process_goes_on_behind_a_torn_line(spool, folder, lines):
    finish(script(folder, "spool.append(b'whole')"))
    [segment] = segments.segments(folder)
    with segment.open("ab") as file:
        file.write(b'{"half')
    spool().append(b"next")
    assert len(segments.segments(folder)) == 2
    assert lines() == [b"whole", b"next"]


def test_with_fsync_too(spool, lines):
    spool(fsync=True).append(b"x")
    assert lines() == [b"x"]
