"""Attempts as they were at a time."""

import json

from whence.graph.facts import Attempt, State
from whence_schemas.read import AttemptRow


def attempt_at(attempt: Attempt, as_of: int) -> AttemptRow:
    """An attempt that had started by then; one that ended later was running."""
    row = AttemptRow(*attempt[:-1], tuple(json.loads(attempt.anomalies)))
    if attempt.end is None or attempt.end <= as_of:
        return row
    return row._replace(state=State.RUNNING, end=None, last=min(row.last, as_of))
