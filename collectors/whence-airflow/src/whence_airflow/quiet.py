"""Airflow must never notice that something in here went wrong, nor read much of what went well."""

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec

log = logging.getLogger("whence_airflow")

_P = ParamSpec("_P")


def quiet(function: Callable[_P, object]) -> Callable[_P, None]:
    """The function, which says in the log what went wrong instead of raising it, and returns nothing."""

    @wraps(function)
    def quietly(*args: _P.args, **kwargs: _P.kwargs) -> None:
        try:
            function(*args, **kwargs)
        except Exception:
            log.warning("Whence: %s failed; Airflow goes on without it", function.__name__, exc_info=True)

    return quietly


class Hushed:
    """A logger that keeps back what is only informative: the provider tells a task's log of each event."""

    def __init__(self, logger: Any) -> None:
        self._logger = logger

    def info(self, *args: Any, **kwargs: Any) -> None:
        """Nothing."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._logger, name)
