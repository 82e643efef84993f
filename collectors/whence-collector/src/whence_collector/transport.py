"""The OpenLineage transport that puts events into the spool."""

import atexit
import functools
import json
import os
from collections.abc import Iterable
from typing import Any, Self

import attr
from openlineage.client import OpenLineageClient
from openlineage.client.transport.transport import Config, Transport

from .plain import plain
from .redaction import Redaction
from .settings import Settings
from .spool import Spool


@attr.define
class SpoolConfig(Config):
    """What may stand beside the transport's `type`: the attributes of `whence_collector.settings.Settings`."""

    settings: Settings = attr.field(factory=Settings.load)

    @classmethod
    def from_dict(cls, params: dict[str, Any]) -> Self:
        """Read a transport's configuration; what it does not say, the environment says."""
        return cls(Settings.load(params))


class SpoolTransport(Transport):
    """Appends events to a local spool, from where a process of its own sends them to the server.

    Works with every OpenLineage client, as `{"type": "whence_collector.SpoolTransport"}`. `emit` takes well under a
    millisecond, whatever the server does, and never raises.
    """

    kind = "whence_spool"
    config_class = SpoolConfig

    def __init__(self, config: SpoolConfig | None = None) -> None:
        self._settings = (config or SpoolConfig()).settings
        self._spool = _spool(self._settings)
        self._prepare()

    @property
    def dropped(self) -> int:
        """How many events this process could not put into the spool."""
        return self._spool.dropped

    def emit(self, event: Any) -> None:
        """Put an event of any of the client's classes, or a dictionary, into the spool, without its secrets."""
        self.emit_all((event,))

    def emit_all(self, events: Iterable[Any]) -> None:
        """The same for several, by one `write`: at each call of the system another thread takes the interpreter."""
        if os.getpid() != self._pid:
            self._prepare()
        if lines := [line for event in events if (line := self._line_or_drop(event)) is not None]:
            self._spool.append(*lines)

    def close(self, timeout: float = -1) -> bool:
        """True if all events are where they have to be: in the spool, or with the server if a flush was asked for.

        It waits no longer than `timeout` and than the settings say.
        """
        limit = self._settings.flush
        return not limit or self._spool.flush(limit if timeout < 0 else min(timeout, limit))

    def _prepare(self) -> None:
        """Make ready for this process: a forked one may have other secrets in its environment, and ends by itself."""
        self._unusable = ""
        try:
            self._redaction = Redaction(self._settings.redact)
        except ValueError as error:
            self._unusable = str(error)
        if self._settings.flush:
            atexit.unregister(self._spool.flush)
            atexit.register(self._spool.flush, self._settings.flush)
        self._pid = os.getpid()

    def _line_or_drop(self, event: Any) -> bytes | None:
        if self._unusable:  # rather no event than one with a secret
            self._spool.drop("redaction not usable", f"the redaction pattern {self._unusable}")
            return None
        try:
            return self._line(event)
        except Exception as error:  # an object of the host's that is not what it seems
            self._spool.drop("not writable as JSON", f"an event cannot be written as JSON ({error!r})")
            return None

    def _line(self, event: Any) -> bytes:
        document = plain(event)
        text = _to_json(document)
        if self._redaction.suspects(text):
            text = _to_json(self._redaction.apply(document))
        return text.encode()


_to_json = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode


@functools.cache
def _spool(settings: Settings) -> Spool:
    """One spool for all transports of a process that are set up alike."""
    return Spool(settings)


@functools.cache
def spool_client() -> OpenLineageClient:
    """The client by which collectors emit: it spools, unless OPENLINEAGE_DISABLED turns it off."""
    return OpenLineageClient(transport=SpoolTransport())
