"""The settings of the collector: the one module of it that reads the environment."""

import hashlib
import logging
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self, TypeVar

log = logging.getLogger("whence_collector")

_T = TypeVar("_T")

MAX_FLUSH_SECONDS = 2.0
"""A pipeline's end is never held up for longer."""


@dataclass(frozen=True)
class Settings:
    """What a user can choose, in the environment or as keys of the OpenLineage transport's configuration.

    Attributes:
        url: the server's address.
        key: the key that it is sent.
        spool: the folder where events wait.
        max_bytes: what may wait there, about; further events are dropped.
        max_days: how long an event may wait.
        fsync: whether each event is synced to the disk, so that it survives a crash of the machine too.
        flush: seconds to wait at exit until everything was sent; at most `MAX_FLUSH_SECONDS`.
        shipper: whether a shipper is started where none is at work.
        redact: regular expressions; what they find is taken out, besides what always is.
    """

    url: str = "http://127.0.0.1:5000"
    key: str = field(default="", repr=False)
    spool: Path = Path()
    max_bytes: int = 2**30
    max_days: float = 7
    fsync: bool = False
    flush: float = 0
    shipper: bool = True
    redact: tuple[str, ...] = ()

    @classmethod
    def load(cls, chosen: Mapping[str, Any] | None = None) -> Self:
        """The settings: what is `chosen`, by the names of the attributes, else the environment's, else the defaults.

        A value that cannot be used is reported in the log, and the default taken: a pipeline is never broken by it.
        """
        found: dict[str, Any] = {}
        for name, (variable, parse) in _SOURCES.items():
            value = (chosen or {}).get(name)
            source = f"the transport's {name}"
            if value in (None, ""):
                value, source = os.environ.get(variable, ""), variable
            if value != "":
                try:
                    found[name] = parse(value)
                except (TypeError, ValueError) as error:
                    log.warning("Whence: %s cannot be used (%s); the default is taken", source, error)
        url = found.setdefault("url", cls.url)
        found.setdefault("spool", _default_spool(url))
        return cls(**found)

    def environment(self) -> dict[str, str]:
        """Environment variables by which another process gets what a shipper needs to know."""
        return {
            "WHENCE_URL": self.url,
            "WHENCE_KEY": self.key,
            "WHENCE_SPOOL": str(self.spool),
            "WHENCE_SPOOL_MAX_DAYS": str(self.max_days),
        }


def spools() -> Path:
    """The folder below which each server has its default spool."""
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "whence" / "spool"


def _default_spool(url: str) -> Path:
    """One folder for each server, so that events of a test never reach another server, or the other way round."""
    readable = re.sub(r"[^\w.-]+", "-", url.partition("://")[2].rpartition("@")[2]).strip("-.")
    return spools() / f"{readable[:60]}-{hashlib.sha256(url.encode()).hexdigest()[:8]}"


def _url(value: Any) -> str:
    url = str(value).strip().rstrip("/").removesuffix("/api/v1/lineage")
    if not re.match(r"https?://[^/\s]", url):
        raise ValueError(f"{url!r} is no address such as http://127.0.0.1:5000")
    return url


def _at_least(least: float, number: Callable[[Any], _T]) -> Callable[[Any], _T]:
    def parse(value: Any) -> _T:
        found = number(value)
        if not float(value) >= least:
            raise ValueError(f"{value!r} is less than {least:g}")
        return found

    return parse


def _flush(value: Any) -> float:
    return min(_at_least(0, float)(value), MAX_FLUSH_SECONDS)


def _yes(value: Any) -> bool:
    word = str(value).strip().lower()
    if word not in ("1", "true", "yes", "on", "0", "false", "no", "off"):
        raise ValueError(f"{value!r} is neither true nor false")
    return word in ("1", "true", "yes", "on")


def _patterns(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(map(str, value))


def _folder(value: Any) -> Path:
    return Path(value).expanduser().absolute()


_SOURCES: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "url": ("WHENCE_URL", _url),
    "key": ("WHENCE_KEY", str),
    "spool": ("WHENCE_SPOOL", _folder),
    "max_bytes": ("WHENCE_SPOOL_MAX_BYTES", _at_least(1, int)),
    "max_days": ("WHENCE_SPOOL_MAX_DAYS", _at_least(0, float)),
    "fsync": ("WHENCE_SPOOL_FSYNC", _yes),
    "flush": ("WHENCE_FLUSH_SECONDS", _flush),
    "shipper": ("WHENCE_SHIPPER", _yes),
    "redact": ("WHENCE_REDACT_PATTERN", _patterns),
}
