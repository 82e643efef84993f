"""The event log of one run, read as it grows."""

import time
from collections.abc import Iterator
from typing import Any

from dagster import DagsterInstance, EventLogRecord
from dagster._core.storage.event_log.base import EventLogCursor
from openlineage.client.event_v2 import RunEvent

from whence_dagster.run import RunTranslator

_PAGE = 1000
_SETTLED = 15.0
"""Seconds after which no entry with a smaller id can still appear. PostgreSQL gives out ids before it commits."""


class RunLog:
    """Translates what is new in a run's log.

    Attributes:
        settled: id up to which nothing can be new any more; a reader that starts again starts after it.
    """

    def __init__(self, instance: DagsterInstance, run_id: str, translator: RunTranslator, settled: int) -> None:
        self.settled = settled
        self._instance = instance
        self._run_id = run_id
        self._translator = translator
        self._seen: set[int] = set()
        self._started = False

    def events(self) -> Iterator[RunEvent]:
        """Events of entries that were not seen; at first the translator is shown the settled ones, too."""
        emit_after, settled = self.settled, True
        for record in self._records(self.settled if self._started else 0):
            entry, number = record.event_log_entry, record.storage_id
            if number not in self._seen:
                events = self._translator.feed(entry)
                self._seen.add(number)
                if number > emit_after:
                    yield from events
            settled = settled and entry.timestamp < time.time() - _SETTLED
            if settled:
                self.settled = max(self.settled, number)
        self._started = True
        self._seen = {number for number in self._seen if number > self.settled}

    @property
    def quiet(self) -> bool:
        """Whether all that was seen is settled."""
        return not self._seen

    def _records(self, after: int) -> Iterator[EventLogRecord]:
        cursor = EventLogCursor.from_storage_id(after).to_string() if after else None
        while True:
            page: Any = self._instance.get_records_for_run(self._run_id, cursor=cursor, limit=_PAGE)
            yield from page.records
            if not page.has_more:
                return
            cursor = page.cursor
