"""Which code a DAG or task is."""

import inspect
from functools import lru_cache
from typing import Any

from whence_collector.code import code_version, source_sha256
from whence_collector.facets import CODE, WhenceCodeRunFacet

_sha256 = lru_cache(maxsize=64)(source_sha256)


def facets(fileloc: str, task: Any = None, version: str | None = None, *, dirty: bool) -> tuple[dict[str, Any], ...]:
    """Facets of the run and of the job: which code it is.

    Args:
        fileloc: the file of the DAG; a function of the user's in another file is looked for there.
        version: of the DAG bundle.
        dirty: whether to look for uncommitted changes, in a thread.
    """
    function = inspect.unwrap(task.python_callable) if callable(getattr(task, "python_callable", None)) else None
    sha256 = _sha256(function) if function else None
    found = code_version(_file(function) or fileloc, sha256=sha256, dirty=dirty)
    code = found.code
    if version:
        code = code or WhenceCodeRunFacet()
        code.version = version
    return {CODE: code} if code else {}, {"sourceCodeLocation": found.location} if found.location else {}


def _file(function: Any) -> str | None:
    try:
        return inspect.getsourcefile(function) if function else None
    except TypeError:
        return None
