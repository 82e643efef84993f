"""The tail on instances in this process: more runs than it looks at in one go, and a spool that is full."""

import dagster as dg
import pytest

from whence_dagster import tail as tail_module
from whence_dagster.names import Names
from whence_dagster.tail import Cursor, NotSpooled, Tail


class Spool:
    """A client whose transport takes events while it has room."""

    def __init__(self, room=10**6):
        self.transport, self.dropped, self.room, self.events = self, 0, room, []

    def emit(self, event):
        if len(self.events) < self.room:
            self.events.append(event)
        else:
            self.dropped += 1


@dg.asset
def one():
    pass


@pytest.fixture
def instance(tmp_path, monkeypatch):
    monkeypatch.setattr(tail_module, "_RUNS", 4)
    with dg.DagsterInstance.local_temp(str(tmp_path)) as found:
        yield found


def runs(instance, count):
    job = dg.Definitions(assets=[one]).get_implicit_global_asset_job_def()
    return {job.execute_in_process(instance=instance).run_id for _ in range(count)}


def reported(spool):
    return [event.run.runId for event in spool.events if event.eventType.value == "COMPLETE" and hasattr(event, "run")]


def until_done(tail, cursor):
    while tail.poll(cursor):
        pass


def test_more_runs_in_a_minute_than_it_looks_at_in_one_go(instance):
    wanted = runs(instance, 15)
    spool, cursor = Spool(), Cursor.start(tail_module._AGAIN)
    tail = Tail(instance, spool, Names())
    until_done(tail, cursor)
    first = reported(spool)
    assert wanted <= set(first)
    wanted = runs(instance, 5)
    until_done(tail, cursor)
    assert wanted <= set(reported(spool)[len(first) :])
    assert len(reported(spool)) == len(set(reported(spool)))


def test_what_a_full_spool_did_not_take_is_emitted_again(instance):
    wanted = runs(instance, 3)
    spool, kept = Spool(room=5), Cursor.start(tail_module._AGAIN).to_json()
    tail = Tail(instance, spool, Names())
    with pytest.raises(NotSpooled):
        tail.poll(Cursor.from_json(kept))
    spool.room = 10**6
    until_done(tail, Cursor.from_json(kept))
    assert wanted <= set(reported(spool))


def test_another_reader_goes_on_from_the_cursor(instance):
    runs(instance, 2)
    spool, cursor = Spool(), Cursor.start(tail_module._AGAIN)
    until_done(Tail(instance, spool, Names()), cursor)
    wanted = runs(instance, 1)
    later = Spool()
    until_done(Tail(instance, later, Names()), Cursor.from_json(cursor.to_json()))
    assert wanted <= set(reported(later))
