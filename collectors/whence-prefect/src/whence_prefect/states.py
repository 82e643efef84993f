"""Prefect's states -> OpenLineage's event types.

Whence takes a START after an end as a new attempt of the same run. So an attempt that is retried ends with FAIL, and
the retry begins with START, although Prefect never leaves its task run.
"""

from datetime import timedelta

from openlineage.client.event_v2 import RunState

from .runs import Change

BEFORE = timedelta(microseconds=10)
"""An immediate retry ends one attempt and begins the next in one state: its end is dated by this much earlier."""

_ENDS = {
    "COMPLETED": RunState.COMPLETE,
    "FAILED": RunState.FAIL,
    "CRASHED": RunState.FAIL,
    "CANCELLED": RunState.ABORT,
}
_PAUSES = ("PAUSED", "CANCELLING")

Step = tuple[RunState, timedelta]


def steps(change: Change) -> tuple[Step, ...]:
    """The events that a change of state makes: their types, and how much earlier than the change they are.

    States before the first start make none, but for one: a run that Prefect gave up because of what came before it
    (NotReady) is aborted.
    """
    now = timedelta()
    match change.type, change.name:
        case "COMPLETED", "RolledBack":
            return ((RunState.ABORT, now),)
        case "RUNNING", "Retrying" if change.before == "RUNNING":
            return (RunState.FAIL, BEFORE), (RunState.START, now)
        case "RUNNING", _:
            return ((RunState.START, now),)
        case "SCHEDULED", _ if change.before == "RUNNING":
            return ((RunState.FAIL, now),)
        case "PENDING", "NotReady":
            return ((RunState.ABORT, now),)
        case kind, _ if kind in _ENDS:
            return ((_ENDS[kind], now),)
        case kind, _ if kind in _PAUSES:
            return ((RunState.RUNNING, now),)
    return ()
