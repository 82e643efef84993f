"""What was seen -> OpenLineage events in the spool. All of it happens in the emitter's thread."""

import inspect
import logging
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from httpx import HTTPError, HTTPStatusError
from openlineage.client.event_v2 import JobEvent, RunEvent
from openlineage.client.facet_v2 import JobFacet, RunFacet, processing_engine_run
from prefect import __version__ as prefect_version
from prefect.client.orchestration import SyncPrefectClient, get_client

from whence_collector import SpoolTransport
from whence_collector.code import code_version, source_sha256
from whence_collector.facets import CODE, PARAMETERS, WhenceCodeRunFacet

from ..facets import PRODUCER, parameters
from ..facts import Facts
from ..lineage import Known, Lineage
from ..runs import Run
from ..settings import hashed_parameters, namespace
from .seen import Changed, Declared, FlowFacts, Seen, Used

log = logging.getLogger("whence_prefect")

LATER = timedelta(microseconds=1)
"""What the process says is dated by this much later than what the sidecar says of the same change: it says more."""
API_SECONDS = 5.0
GIT_SECONDS = 1.0
_GONE = 404

Event = RunEvent | JobEvent

_T = TypeVar("_T")


class Writer:
    """Writes events, with the same identities as the sidecar's."""

    def __init__(self) -> None:
        self._lineage = Lineage(namespace(), LATER)
        self._facts = Facts(_Api(before=self._put))
        self._spool = SpoolTransport()
        self._made: list[Event] = []

    def write(self, batch: Iterable[Seen]) -> None:
        """Write the events of what was seen, together. What cannot be made an event of is logged, and left out."""
        for seen in batch:
            try:
                self._made += self._events(seen)
            except Exception:
                log.warning("Whence: a lineage event could not be written", exc_info=True)
        self._put()

    def close(self) -> None:
        """Flush, where the settings ask for that."""
        self._spool.close()

    def _put(self) -> None:
        made = tuple(self._made)
        self._made.clear()
        self._spool.emit_all(made)

    def _events(self, seen: Seen) -> Sequence[Event]:
        if isinstance(seen, Declared):
            location, _ = _code(seen.function)
            job = {"sourceCodeLocation": location} if location else {}
            return [self._lineage.declared(seen.at, seen.job, "TASK", job, seen.reads, seen.writes)]
        if isinstance(seen, Used):
            return [self._lineage.used(self._run_of(seen), seen.at, seen.reads, seen.writes)]
        if seen.within:
            self._flow_run(seen.within)
        run = self._flow_run(seen.run) if isinstance(seen.run, FlowFacts) else _now(self._facts.task_run(seen.run))
        return self._lineage.changed(run, seen.change, _known(seen))

    def _flow_run(self, seen: FlowFacts) -> Run:
        return _now(self._facts.flow_run(seen.id, seen.name, seen.flow))

    def _run_of(self, used: Used) -> Run:
        if used.task_run:
            return _now(self._facts.task_run_by_id(used.task_run, used.flow_run))
        assert used.flow_run
        return _now(self._facts.flow_run(used.flow_run))


def _now(question: Coroutine[Any, Any, _T]) -> _T:
    """The answer of a coroutine that never waits: here the API is asked by a client that blocks."""
    try:
        question.send(None)
    except StopIteration as answer:
        found: _T = answer.value
        return found
    raise RuntimeError("a coroutine waited")


class _Api:
    """Prefect's REST API, for an answer within seconds or none: then a run has the name that the process knows.

    Args:
        before: called before each question, so that nothing else waits for the answer.
    """

    def __init__(self, before: Callable[[], None]) -> None:
        self._before = before
        self._client: SyncPrefectClient | None = None

    async def get(self, path: str) -> Mapping[str, Any] | None:
        """What is at a path; None where nothing is, or no answer came."""
        try:
            found: Mapping[str, Any] = self._ask("GET", path).json()
        except HTTPStatusError as error:
            if error.response.status_code != _GONE:
                log.debug("Whence: %s", error)
            return None
        except (HTTPError, OSError) as error:
            log.debug("Whence: %s", error)
            return None
        return found

    async def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """The answer to a question; nothing is asked that way here, as the process knows its tasks' names."""
        return {"events": []}

    def _ask(self, method: Any, path: Any) -> Any:
        self._before()
        if self._client is None:
            self._client = get_client(httpx_settings={"timeout": API_SECONDS}, sync_client=True)
        return self._client.request(method, path)


def _known(seen: Changed) -> Known:
    """What only the process knows."""
    run: dict[str, RunFacet] = {}
    job: dict[str, JobFacet] = {}
    if seen.change.type == "RUNNING":
        location, code = _code(seen.function)
        run["processing_engine"] = _engine()
        if location:
            job["sourceCodeLocation"] = location
        if code:
            run[CODE] = code
    if seen.arguments is not None:
        run[PARAMETERS] = parameters(seen.arguments, hashed_parameters())
    stack = "".join(seen.error.format()) if seen.error else None
    message = "".join(seen.error.format_exception_only()).strip() if seen.error else None
    return Known(run=run, job=job, error=message, stack=stack)


def _code(function: Callable[..., Any]) -> tuple[JobFacet | None, WhenceCodeRunFacet | None]:
    """Where the source of a flow or task is, and which it is."""
    plain = inspect.unwrap(function)
    code = getattr(plain, "__code__", None)
    if code is None:
        return None, None
    return _code_of(plain, code.co_filename)


@lru_cache(maxsize=4096)
def _code_of(function: Callable[..., Any], file: str) -> tuple[JobFacet | None, WhenceCodeRunFacet | None]:
    location, code = code_version(Path(file).absolute(), sha256=source_sha256(function), wait=GIT_SECONDS)
    return location, code


@lru_cache(maxsize=1)
def _engine() -> RunFacet:
    return processing_engine_run.ProcessingEngineRunFacet(version=prefect_version, name="prefect", producer=PRODUCER)
