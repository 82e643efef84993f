"""Follows the event logs of an instance.

Each run's log is read by itself, from a cursor of its own: on SQLite each run has its own storage, whose ids say
nothing about those of others. Runs are found by the time of their last change, a little of which is always looked at
again. A cursor moves on only when the events are in the spool. What is emitted twice is the same to the byte, so it
counts once, and losing the cursor loses nothing.
"""

import json
import logging
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from dagster import DagsterInstance, RunRecord, RunsFilter

from whence_dagster import backfills, declared
from whence_dagster.datasets import Datasets
from whence_dagster.knowledge import InstanceKnowledge
from whence_dagster.names import Names
from whence_dagster.origins import run_facts
from whence_dagster.run import RunTranslator
from whence_dagster.runlog import RunLog

log = logging.getLogger(__name__)

_AGAIN = timedelta(minutes=1)
"""Changes this much older than the newest are looked at again: a transaction may commit after a later one."""

_RUNS = 200


class NotSpooled(Exception):
    """The spool took not all events; they will be read and emitted again."""


@dataclass
class Cursor:
    """How far an instance was read.

    Attributes:
        since: time of the newest change of a run that was seen (ISO 8601).
        runs: id up to which the log of a run was read; only of runs that may go on.
        ended: time of the last change of runs that were read to their end, as long as they may be listed again.
        backfills: namespace of those that go on.
        declared: digest of what each repository declared last.
    """

    since: str
    runs: dict[str, int] = field(default_factory=dict)
    ended: dict[str, str] = field(default_factory=dict)
    backfills: dict[str, str] = field(default_factory=dict)
    declared: dict[str, str] = field(default_factory=dict)

    @classmethod
    def from_json(cls, text: str) -> "Cursor":
        """Read what `to_json` wrote."""
        return cls(**json.loads(text))

    def to_json(self) -> str:
        """As text, to be kept."""
        return json.dumps(asdict(self))

    @classmethod
    def start(cls, history: timedelta) -> "Cursor":
        """The cursor of who has read nothing, and wants the runs that changed in the last `history`."""
        return cls((datetime.now(UTC) - history).isoformat(timespec="microseconds"))


class Tail:
    """Reads an instance and emits what is new by an OpenLineage client."""

    def __init__(self, instance: DagsterInstance, client: Any, names: Names) -> None:
        self._instance = instance
        self._client = client
        self._names = names
        self._logs: dict[str, RunLog] = {}
        self.knowledge = InstanceKnowledge(instance)
        self._datasets = Datasets(names, self.knowledge)

    def poll(self, cursor: Cursor, seconds: float = 30) -> bool:
        """Emit what is new and move the cursor, for `seconds` at most or a little longer.

        Returns:
            Whether there is more to be read at once.

        Raises:
            NotSpooled: the spool is full or cannot be written to; the cursor must not be kept.
        """
        deadline = time.monotonic() + seconds
        dropped = self._dropped()
        for record in self._going_on(cursor):
            self._read(record, cursor)
        unread, more = self._unread(cursor)
        for record in unread:
            if time.monotonic() > deadline:
                more = True
                break
            self._read(record, cursor)
            cursor.since = max(cursor.since, _changed(record))
        self._follow_backfills(cursor)
        self._declare(cursor)
        self._tidy(cursor)
        if self._dropped() > dropped:
            self._logs.clear()  # to be read again from the cursor that was kept
            raise NotSpooled("the spool did not take all events")
        return more

    def load(self, origins: Iterable[Any], cursor: Cursor) -> None:
        """Learn of code locations, unless they were declared before: later their runs tell when they changed."""
        declared = {name.rpartition("/")[0] for name in cursor.declared}
        for origin in origins:
            if origin.location_name not in declared:
                self.knowledge.load(origin)

    def _dropped(self) -> int:
        return getattr(self._client.transport, "dropped", 0)

    # Runs

    def _going_on(self, cursor: Cursor) -> list[RunRecord]:
        """Runs that were seen and may write to their logs without changing."""
        known = list(cursor.runs)
        found = self._instance.get_run_records(RunsFilter(run_ids=known)) if known else []
        for run_id in cursor.runs.keys() - {record.dagster_run.run_id for record in found}:
            self._forget(run_id, cursor)  # deleted from the instance
        return list(found)

    def _unread(self, cursor: Cursor) -> tuple[list[RunRecord], bool]:
        """Runs that changed and were not seen so, oldest change first; and whether there are more of them."""
        filters = RunsFilter(updated_after=datetime.fromisoformat(cursor.since) - _AGAIN)
        limit = _RUNS
        while True:
            page = self._instance.get_run_records(filters, limit=limit, order_by="update_timestamp", ascending=True)
            unread = [record for record in page if not _is_known(record, cursor)]
            if len(page) < limit or len(unread) >= _RUNS // 2:
                return unread, len(page) == limit
            limit *= 2  # all that are looked at again may fill a page

    def _read(self, record: RunRecord, cursor: Cursor) -> None:
        run = record.dagster_run
        try:
            reader = self._reader(record, cursor)
            self._emit(reader.events())
            cursor.runs[run.run_id] = reader.settled
            if run.is_finished and reader.quiet:
                self._forget(run.run_id, cursor)
                cursor.ended[run.run_id] = _changed(record)
        except Exception:
            log.exception("Run %s cannot be read; it is tried again", run.run_id)
            self._logs.pop(run.run_id, None)
            cursor.runs.setdefault(run.run_id, 0)

    def _forget(self, run_id: str, cursor: Cursor) -> None:
        cursor.runs.pop(run_id, None)
        self._logs.pop(run_id, None)

    def _reader(self, record: RunRecord, cursor: Cursor) -> RunLog:
        run = record.dagster_run
        if run.run_id not in self._logs:
            self.knowledge.learn(run)
            facts = run_facts(run, self._names)
            backfill = run.tags.get("dagster/backfill")
            if backfill and run.run_id not in cursor.runs:
                self._begin_backfill(backfill, facts.namespace, cursor)
            translator = RunTranslator(facts, self._datasets)
            self._logs[run.run_id] = RunLog(self._instance, run.run_id, translator, cursor.runs.get(run.run_id, 0))
        return self._logs[run.run_id]

    def _tidy(self, cursor: Cursor) -> None:
        """Runs that changed too long ago will not be listed again."""
        oldest = datetime.fromisoformat(cursor.since) - 2 * _AGAIN
        cursor.ended = {run: at for run, at in cursor.ended.items() if datetime.fromisoformat(at) > oldest}

    def _emit(self, events: Iterable[Any]) -> None:
        for event in events:
            self._client.emit(event)

    # Backfills and definitions

    def _begin_backfill(self, backfill_id: str, namespace: str, cursor: Cursor) -> None:
        backfill = self._instance.get_backfill(backfill_id) if backfill_id not in cursor.backfills else None
        if backfill is not None:
            self._emit([backfills.start_event(backfill, namespace)])
            cursor.backfills[backfill_id] = namespace

    def _follow_backfills(self, cursor: Cursor) -> None:
        for backfill_id, namespace in list(cursor.backfills.items()):
            backfill = self._instance.get_backfill(backfill_id)
            event = backfills.end_event(backfill, namespace, self._instance) if backfill else None
            if event:
                self._emit([event])
            if event or backfill is None:
                del cursor.backfills[backfill_id]

    def _declare(self, cursor: Cursor) -> None:
        for repository in self.knowledge.repositories:
            name = f"{repository.location}/{repository.name}"
            digest = declared.digest(repository, self._datasets)
            if cursor.declared.get(name) != digest:
                self._emit(declared.events(repository, self._datasets, datetime.now(UTC)))
                cursor.declared[name] = digest


def _changed(record: RunRecord) -> str:
    """When a run changed last, so that texts compare as times do."""
    changed: datetime = record.update_timestamp
    return changed.replace(tzinfo=UTC).isoformat(timespec="microseconds")


def _is_known(record: RunRecord, cursor: Cursor) -> bool:
    run_id = record.dagster_run.run_id
    return run_id in cursor.runs or cursor.ended.get(run_id) == _changed(record)
