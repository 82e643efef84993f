"""How Python's garbage collector is set for processes that handle many events."""

import gc


def collect_rarely() -> None:
    """Collect cycles rarely: an event is some thousand objects that live for a moment and make no cycles.

    Collecting at Python's default of every 700 objects costs a third of the projection (measured: 0.88 ms an event
    against 0.62).
    """
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
