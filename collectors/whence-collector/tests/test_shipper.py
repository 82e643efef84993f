"""The shipper: what waits arrives, in order, byte for byte, and goes only when it was acknowledged."""

import json
import os
import random
import subprocess
import sys
import time

import pytest

from tests.collectors.backend import backend
from tests.running import RunningServer
from whence_collector import segments, shipper
from whence_collector.sending import Sender, Unavailable
from whence_collector.shipper import Shipper
from whence_collector.status import status


@pytest.fixture
def server():
    with backend() as server:
        yield server


@pytest.fixture
def ship(folder, server):
    """Makes shippers of the spool."""

    def ship(max_days=7, timeout=5):
        return Shipper(folder, Sender(server.url, "a-key", timeout), server.url, max_days)

    return ship


def event(number, **more):
    """A valid event."""
    return json.dumps(
        {
            "eventType": "COMPLETE",
            "eventTime": f"2026-01-01T00:00:{number % 60:02}Z",
            "run": {"runId": f"01941f29-7c00-7e1a-8d4e-{number:012x}"},
            "job": {"namespace": "n", "name": "j"},
            "producer": "urn:x",
            "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
            **more,
        }
    ).encode()


def drain(made):
    while made.step():
        pass


def test_events_arrive_in_order_and_byte_for_byte(spool, ship, server, folder):
    sent = [b'{"n": %d,  "x": "\\u00e9\xc3\xa9"}' % number for number in range(1_234)]
    made = spool()
    for line in sent:
        made.append(line)
    drain(ship())
    assert server.events == sent
    assert {path for path, _ in server.requests} == {"/api/v1/lineage/batch"}
    assert len(server.requests) == 3
    assert all(headers["Content-Encoding"] == "gzip" for _, headers in server.requests)
    assert all(headers["Authorization"] == "Bearer a-key" for _, headers in server.requests)


def test_batches_are_limited_in_bytes_but_for_one_long_event(spool, ship, server):
    made = spool()
    sent = [b'{"x":"%s"}' % (b"x" * size) for size in (400_000, 400_000, 400_000, 3_000_000, 10)]
    for line in sent:
        made.append(line)
    drain(ship())
    assert server.events == sent
    assert len(server.requests) == 4


def test_what_was_acknowledged_goes_when_nobody_writes_any_more(spool, ship, server, folder):
    made = spool()
    made.append(b"{}")
    shipping = ship()
    drain(shipping)
    assert len(segments.segments(folder)) == 1
    made.append(b'{"n":2}')
    made.flush(0)
    drain(shipping)
    assert segments.segments(folder) == []
    assert server.events == [b"{}", b'{"n":2}']
    assert shipping.state.offsets == {}


def test_a_server_without_batches_gets_events_one_by_one(spool, ship, server):
    server.has_batches = False
    made = spool()
    for number in range(5):
        made.append(b"%d" % number)
    shipping = ship()
    drain(shipping)
    made.append(b"5")
    drain(shipping)
    assert server.events == [b"%d" % number for number in range(6)]
    assert [path.rpartition("/")[2] for path, _ in server.requests] == ["batch", *["lineage"] * 6]


@pytest.mark.parametrize(
    "answer",
    [
        (503, "application/json", b"{}"),
        (500, "text/html", b"oops"),
        (429, "application/json", b"{}"),
        (401, "application/problem+json", b'{"detail": "a key is needed"}'),
        (403, "application/json", b"{}"),
        (404, "text/html", b"nothing here"),
        (400, "text/html", b"The plain HTTP request was sent to HTTPS port"),
        (200, "text/html", b"<h1>Welcome</h1>"),
        (200, "application/json", b"{}"),
        (200, "application/json", b'{"status": "success", "failed_events": [1]}'),
        (302, "text/plain", b""),
        (307, "text/plain", b""),
    ],
)
def test_what_is_no_acknowledgement_keeps_everything(answer, spool, ship, server, lines):
    made = spool()
    for number in range(3):
        made.append(b"%d" % number)
    made.flush(0)
    server.answer = answer
    shipping = ship()
    for _ in range(3):
        with pytest.raises(Unavailable):
            shipping.step()
    assert lines() == [b"0", b"1", b"2"]
    assert shipping.state.error
    server.answer = None
    drain(shipping)
    assert server.events == [b"0", b"1", b"2"]
    assert lines() == []
    assert (shipping.state.error, shipping.state.refused) == ("", 0)


@pytest.mark.parametrize(
    "answer", [(200, "text/html", b"<h1>Log in</h1>"), (302, "text/plain", b""), (503, "a/b", b"")]
)
def test_nor_does_it_where_there_are_no_batches(answer, spool, ship, server, lines):
    server.has_batches = False
    made = spool()
    made.append(b"0")
    shipping = ship()
    drain(shipping)
    made.append(b"1")
    made.flush(0)
    server.answer = answer
    with pytest.raises(Unavailable):
        shipping.step()
    server.answer = None
    drain(shipping)
    assert server.events == [b"0", b"1"]
    assert lines() == []


def test_an_event_that_was_set_aside_before_a_crash_is_not_set_aside_twice(spool, ship, server, folder):
    server.refuses = b"bad"
    made = spool()
    made.append(b'"bad"')
    drain(ship())
    (folder / "shipper.json").unlink()  # the crash came before it was written
    made.append(b'"bad too"')
    drain(ship())
    aside = [json.loads(line)["event"] for line in (folder / shipper.REFUSED).read_text().splitlines()]
    assert aside == ['"bad"', '"bad too"']


def test_a_server_that_hangs_keeps_everything(spool, ship, server, lines):
    spool().append(b'"x"')
    server.hangs = True
    with pytest.raises(Unavailable, match="timed out"):
        ship(timeout=0.2).step()
    assert lines() == [b'"x"']


def test_pauses_grow_up_to_half_a_minute_and_are_never_alike(spool, ship, server):
    spool().append(b'"x"')
    server.answer = (503, "application/json", b"{}")
    shipping = ship()
    pauses = []
    for _ in range(12):
        with pytest.raises(Unavailable):
            shipping.step()
        pauses.append(shipping.pause())
    assert pauses[0] < 1
    assert 15 <= pauses[-1] <= 30
    assert pauses[-1] != pauses[-2]
    assert shipping.pause(wanted=1_000) == 30


@pytest.mark.parametrize("batches", [True, False])
def test_a_refused_event_is_set_aside_with_the_reason_and_the_others_go_on(batches, spool, ship, server, folder):
    server.has_batches = batches
    server.refuses = b"bad"
    made = spool()
    for number in range(10):
        made.append(b'"bad%d"' % number if number in (0, 3, 9) else b'"%d"' % number)
    made.flush(0)
    shipping = ship()
    drain(shipping)
    assert server.events == [b'"%d"' % number for number in range(10) if number not in (0, 3, 9)]
    aside = [json.loads(line) for line in (folder / shipper.REFUSED).read_text().splitlines()]
    assert [entry["event"] for entry in aside] == ['"bad0"', '"bad3"', '"bad9"']
    assert all("it is refused" in entry["reason"] for entry in aside)
    assert (shipping.state.sent, shipping.state.refused) == (7, 3)
    assert segments.segments(folder) == []


def test_what_a_server_wants_later_is_sent_again_alone(spool, ship, server):
    server.busy_with = b"busy"
    made = spool()
    for line in (b'"a"', b'"busy"', b'"c"'):
        made.append(line)
    shipping = ship()
    with pytest.raises(Unavailable, match="not now"):
        shipping.step()
    server.busy_with = b""
    drain(shipping)
    assert server.events == [b'"a"', b'"c"', b'"busy"']
    assert shipping.state.sent == 3


def test_a_line_that_is_no_json_does_not_hold_up_the_others(spool, folder, tmp_path):
    """As after a crash of the machine, which may leave blocks of zeros. Whence refuses a batch with it as a whole."""
    made = spool()
    for line in (event(1), b'{"x":\0\0\0', event(2)):
        made.append(line)
    server = RunningServer(tmp_path).start()
    try:
        shipping = Shipper(folder, Sender(server.url), server.url, 7)
        drain(shipping)
        assert server.settle()["log"]["size"] == 2
    finally:
        server.stop()
    assert shipping.state.refused == 1


def test_a_torn_line_is_counted_and_never_sent(spool, ship, server, folder):
    made = spool()
    made.append(b'"whole"')
    made.flush(0)
    [segment] = segments.segments(folder)
    with segment.open("ab") as file:
        file.write(b'{"half')
    shipping = ship()
    drain(shipping)
    assert server.events == [b'"whole"']
    assert shipping.state.torn == 1
    assert segments.segments(folder) == []


def test_half_a_line_of_a_process_that_still_writes_is_waited_for(spool, ship, server, folder):
    made = spool()
    made.append(b'"whole"')
    [segment] = segments.segments(folder)
    with segment.open("ab", buffering=0) as file:
        file.write(b'"ha')
        shipping = ship()
        drain(shipping)
        assert server.events == [b'"whole"']
        file.write(b'lf"\n')
    drain(shipping)
    assert server.events == [b'"whole"', b'"half"']
    assert shipping.state.torn == 0


def test_what_has_waited_for_too_long_goes_and_is_counted(spool, ship, server, folder):
    made = spool()
    made.append(b'"old"')
    made.append(b'"older"')
    made.flush(0)
    [segment] = segments.segments(folder)
    then = int((time.time() - 2 * 86_400) * 1000)
    segment.rename(folder / f"{then:013d}{segment.name[13:]}")
    made.append(b'"new"')
    server.answer = (503, "application/json", b"{}")
    shipping = ship(max_days=1)
    with pytest.raises(Unavailable):
        shipping.step()
    server.answer = None
    drain(shipping)
    assert server.events == [b'"new"']
    assert shipping.state.expired == 2


def test_without_its_state_everything_is_sent_again(spool, ship, server, folder):
    made = spool()
    for number in range(3):
        made.append(b"%d" % number)
    drain(ship())
    (folder / "shipper.json").write_text("{torn")
    drain(ship())
    assert server.events == [b"0", b"1", b"2"] * 2


def test_where_the_state_cannot_be_written_acknowledged_segments_go_all_the_same(spool, ship, server, folder):
    made = spool()
    made.append(b'"x"')
    made.flush(0)
    (folder / "shipper.json.new").mkdir()
    drain(ship())
    assert segments.segments(folder) == []


def test_files_of_processes_that_were_killed_before_they_wrote_go(ship, server, folder):
    folder.mkdir()
    old, new = folder / "old.new", folder / "new.new"
    old.write_text("")
    new.write_text("")
    os.utime(old, (0, 0))
    ship()
    assert not old.exists()
    assert new.exists()


LOOP = """
import sys
from pathlib import Path
from whence_collector.sending import Sender, Unavailable
from whence_collector.shipper import Shipper
folder, url = Path(sys.argv[1]), sys.argv[2]
made = Shipper(folder, Sender(url), url, 7)
sys.stdout.write("up")
sys.stdout.flush()
while True:
    try:
        made.step()
    except Unavailable:
        pass
"""


def test_killed_again_and_again_it_loses_and_doubles_nothing(spool, folder, tmp_path, monkeypatch):
    """A real server that keeps each event once, and refuses some; a shipper that is killed at any point."""
    chance = random.Random(4)
    server = RunningServer(tmp_path).start()
    try:
        made = spool()
        written = 0
        for _ in range(12):
            process = subprocess.Popen([sys.executable, "-c", LOOP, str(folder), server.url], stdout=subprocess.PIPE)
            assert process.stdout.read(2) == b"up"
            for _ in range(150):
                made.append(event(written) if written % 50 else b'{"no event": %d}' % written)
                written += 1
            time.sleep(chance.uniform(0.0, 0.12))
            process.kill()
            process.communicate()
        made.flush(0)
        last = Shipper(folder, Sender(server.url), server.url, 7)
        drain(last)
        assert server.settle()["log"]["size"] == written - written // 50
    finally:
        server.stop()
    aside = [json.loads(json.loads(line)["event"]) for line in (folder / shipper.REFUSED).read_text().splitlines()]
    assert [entry["no event"] for entry in aside] == [number for number in range(written) if number % 50 == 0]
    assert segments.segments(folder) == []


def test_a_server_that_goes_and_comes_back_gets_everything(spool, folder, tmp_path):
    server = RunningServer(tmp_path).start()
    url = server.url
    made = spool()
    for number in range(20):
        made.append(event(number))
    shipping = Shipper(folder, Sender(url), url, 7)
    drain(shipping)
    server.kill()
    for number in range(20, 40):
        made.append(event(number))
    with pytest.raises(Unavailable):
        shipping.step()
    again = RunningServer(tmp_path, WHENCE_PORT=url.rpartition(":")[2]).start()
    try:
        drain(shipping)
        assert again.settle()["log"]["size"] == 40
    finally:
        again.stop()
    assert status(folder).waiting == 0


def test_a_key_is_sent_and_a_wrong_one_keeps_the_events(spool, folder, tmp_path):
    created = subprocess.run(
        [sys.executable, "-m", "whence", "key", "create", "worker", "--scope", "ingest"],
        cwd=tmp_path, env=dict(os.environ), capture_output=True, text=True, check=True,
    )  # fmt: skip
    key = created.stdout.split()[-1]
    spool().append(event(1))
    server = RunningServer(tmp_path).start()
    try:
        with pytest.raises(Unavailable, match="401"):
            Shipper(folder, Sender(server.url, "wrong"), server.url, 7).step()
        right = Shipper(folder, Sender(server.url, key), server.url, 7)
        drain(right)
    finally:
        server.stop()
    assert right.state.sent == 1
