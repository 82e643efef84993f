"""Faults of the collector's own, which are told in the log and never reach the user's code."""

import functools
import logging
from collections.abc import Callable
from typing import ParamSpec

log = logging.getLogger("whence_collector")

_P = ParamSpec("_P")


def safely(method: Callable[_P, None]) -> Callable[_P, None]:
    """A method whose own faults are told in the log and never reach the user's code."""

    @functools.wraps(method)
    def safe(*args: _P.args, **kwargs: _P.kwargs) -> None:
        try:
            method(*args, **kwargs)
        except Exception as error:
            warn(getattr(args[0], "name", "?"), method.__name__.strip("_"), repr(error))

    return safe


@functools.lru_cache(maxsize=256)
def warn(job: str, what: str, why: str) -> None:
    """Say once what could not be recorded."""
    log.warning("Whence: run of %s: %s could not be recorded: %s", job, what, why)
