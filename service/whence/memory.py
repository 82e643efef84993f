"""How Python's garbage collector and the C library's allocator are set for processes that handle many events."""

import ctypes
import gc

_M_ARENA_MAX = -8  # from glibc's malloc.h
_ARENAS = 2


def collect_rarely() -> None:
    """Collect cycles rarely: an event is some thousand objects that live for a moment and make no cycles.

    Collecting at Python's default of every 700 objects costs a third of the projection (measured: 0.88 ms an event
    against 0.62).
    """
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def share_arenas() -> None:
    """Let threads share glibc's arenas: one for each keeps what was freed in it (measured: 194 MB against 169).

    Call it before the first thread. On systems without glibc nothing happens.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, _ARENAS)
