"""Making and emitting the events of a run."""

import json
import os
import traceback
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote
from uuid import UUID

from openlineage.client.event_v2 import Job, Run, RunEvent
from openlineage.client.event_v2 import RunState as State

from .code import code_version
from .facets import CODE
from .footprint import Footprint
from .standard import PRODUCER, Facets, facet
from .transport import spool_client

__all__ = ["Identity", "State", "emit", "environment", "failure", "inherited"]

_LONGEST_TRACE = 50_000
_DIRTY_SECONDS = 1.0
"""How long the end of a process's first run waits for git, at most."""


class Identity(NamedTuple):
    """A run and its job."""

    run_id: str
    namespace: str
    name: str

    def as_json(self) -> dict[str, Any]:
        """As the facet `parent` has it."""
        return {"run": {"runId": self.run_id}, "job": {"namespace": self.namespace, "name": self.name}}


def environment(run: Identity, root: Identity) -> dict[str, str]:
    """Environment variables that tell another process what it runs in: OpenLineage's newer one, and its older two."""
    return {
        "OPENLINEAGE_CONTEXT": json.dumps({"parent": {**run.as_json(), "root": root.as_json()}}),
        "OPENLINEAGE_PARENT_ID": _as_text(run),
        "OPENLINEAGE_ROOT_PARENT_ID": _as_text(root),
    }


def inherited() -> tuple[Identity, Identity] | None:
    """The parent and the root that such variables name."""
    if context := _from_context(os.environ.get("OPENLINEAGE_CONTEXT", "")):
        return context
    parent = _from_text(os.environ.get("OPENLINEAGE_PARENT_ID", ""))
    if parent is None:
        return None
    return parent, _from_text(os.environ.get("OPENLINEAGE_ROOT_PARENT_ID", "")) or parent


def _from_context(text: str) -> tuple[Identity, Identity] | None:
    try:
        said = json.loads(text)["parent"]
        return _from_json(said), _from_json(said.get("root") or said)
    except (AttributeError, KeyError, TypeError, ValueError):
        return None


def _from_json(said: Any) -> Identity:
    return Identity(str(UUID(said["run"]["runId"])), said["job"]["namespace"], said["job"]["name"])


def _as_text(identity: Identity) -> str:
    """namespace/name/id. What would be taken for a separator is quoted."""
    parts = (part.replace("%", "%25").replace("/", "%2F") for part in (identity.namespace, identity.name))
    return "/".join((*parts, identity.run_id))


def _from_text(text: str) -> Identity | None:
    try:
        namespace, name, run_id = text.rsplit("/", 2)
        return Identity(str(UUID(run_id)), unquote(namespace), unquote(name))
    except ValueError:
        return None


def emit(
    state: State,
    identity: Identity,
    ancestors: tuple[Identity, Identity] | None,
    code: tuple[str, str | None],
    run_facets: Facets,
    job_facets: Facets,
    footprint: Footprint,
) -> None:
    """Emit one event with all that is known of a run.

    Args:
        ancestors: the parent and the root.
        code: the path of the code, and the SHA-256 of its source.
    """
    path, sha256 = code
    wait = _DIRTY_SECONDS if ancestors is None and state is not State.START else 0
    version = code_version(_existing(path), sha256=sha256, wait=wait)
    found: dict[str, Any] = {CODE: version.code, "sourceCodeLocation": version.location, "lineage": footprint.lineage()}
    said = {key: value for key, value in found.items() if value is not None}
    of_run = {CODE: said.pop(CODE)} if CODE in said else {}
    if ancestors:
        parent, root = ancestors
        of_run["parent"] = facet("ParentRunFacet", **parent.as_json(), root=root.as_json())
    event = RunEvent(
        eventType=state,
        eventTime=datetime.now(UTC).isoformat(timespec="microseconds"),
        run=Run(identity.run_id, facets={**of_run, **run_facets}),
        job=Job(identity.namespace, identity.name, facets={**said, **job_facets}),
        inputs=footprint.inputs(),
        outputs=footprint.outputs(),
        producer=PRODUCER,
    )
    spool_client().emit(event)


@lru_cache(maxsize=4096)
def _existing(path: str) -> str:
    """The path, or the current folder where there is no such file, as in notebooks."""
    return path if Path(path).exists() else "."


def failure(error: BaseException | None) -> tuple[State, Facets]:
    """How a run ended that an exception left, and the facet that says why."""
    if error is None or (isinstance(error, SystemExit) and error.code in (None, 0)):
        return State.COMPLETE, {}
    stopped = isinstance(error, (KeyboardInterrupt, GeneratorExit)) or type(error).__name__ == "CancelledError"
    trace = "".join(traceback.format_exception(error))[-_LONGEST_TRACE:]
    said = facet(
        "ErrorMessageRunFacet",
        message="".join(traceback.format_exception_only(error)).strip(),
        programmingLanguage="PYTHON",
        stackTrace=trace,
    )
    return State.ABORT if stopped else State.FAIL, {"errorMessage": said}
