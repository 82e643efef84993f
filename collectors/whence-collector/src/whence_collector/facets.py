"""Whence's custom facets, as openlineage-python writes its own. Their JSON Schemas are in Whence's ``schemas/json``."""

import hashlib
import json
from collections.abc import Collection, Mapping
from typing import Any, ClassVar

import attr
from openlineage.client.facet_v2 import InputDatasetFacet, RunFacet

CODE = "whence_code"
PARAMETERS = "whence_parameters"
RETRIEVAL = "whence_retrieval"
APPROVAL = "whence_approval"

_LONGEST = 10_000
"""A longer value is recorded as its hash."""


def _schema(name: str) -> str:
    return f"urn:whence:facets:1-0-0:{name}.json"


@attr.define
class WhenceCodeRunFacet(RunFacet):
    """`whence_code`: which code ran, beyond its commit, which the standard `sourceCodeLocation` says.

    Attributes:
        dirty: whether the checkout had uncommitted changes.
        sourceSha256: SHA-256 of the source of the function or task, in hexadecimal.
        version: what the orchestrator calls the version of the code.
    """

    dirty: bool | None = attr.field(default=None)
    sourceSha256: str | None = attr.field(default=None)
    version: str | None = attr.field(default=None)

    _additional_skip_redact: ClassVar[list[str]] = ["dirty", "sourceSha256", "version"]

    @staticmethod
    def _get_schema() -> str:
        return _schema("WhenceCodeRunFacet")


@attr.define
class Parameter:
    """A parameter of a run, as a value, or only as the SHA-256 of its JSON (keys sorted, no blanks, UTF-8)."""

    name: str
    value: Any = attr.field(default=None)
    sha256: str | None = attr.field(default=None)


@attr.define
class WhenceParametersRunFacet(RunFacet):
    """`whence_parameters`: what the run was called with."""

    parameters: list[Parameter]

    @staticmethod
    def _get_schema() -> str:
        return _schema("WhenceParametersRunFacet")


@attr.define
class Chunk:
    """A part of a document that was retrieved.

    Attributes:
        id: what the collection calls it.
        score: how well it fitted, in the measure of the collection.
        rank: its place among all that was retrieved, from 1.
        sha256: SHA-256 of its text, in hexadecimal.
    """

    id: str
    score: float | None = attr.field(default=None)
    rank: int | None = attr.field(default=None)
    sha256: str | None = attr.field(default=None)


@attr.define
class WhenceRetrievalInputDatasetFacet(InputDatasetFacet):
    """`whence_retrieval`, of a document: which parts of it a run retrieved, from which collection."""

    collection: str
    chunks: list[Chunk]

    @staticmethod
    def _get_schema() -> str:
        return _schema("WhenceRetrievalInputDatasetFacet")


@attr.define
class WhenceApprovalInputDatasetFacet(InputDatasetFacet):
    """`whence_approval`, of a dataset such as a model: the run decided on it.

    Attributes:
        approver: who decided, as a role or a pseudonymous id.
        decision: APPROVED, REJECTED or WITHDRAWN.
        version: the version decided on.
        decidedAt: when (ISO 8601).
        reference: where the decision is documented.
    """

    approver: str
    decision: str
    version: str | None = attr.field(default=None)
    decidedAt: str | None = attr.field(default=None)
    reference: str | None = attr.field(default=None)

    @staticmethod
    def _get_schema() -> str:
        return _schema("WhenceApprovalInputDatasetFacet")


def parameters(values: Mapping[str, Any], *, hashed: bool | Collection[str] = False) -> WhenceParametersRunFacet:
    """The `whence_parameters` facet of what a run was called with.

    Args:
        values: what is no JSON is recorded as its type's name; what is long as its hash.
        hashed: the names of which only a hash is recorded; True is all.
    """
    return WhenceParametersRunFacet(
        parameters=[
            _parameter(name, value, hashed if isinstance(hashed, bool) else name in hashed)
            for name, value in values.items()
        ]
    )


def _parameter(name: str, value: Any, hashed: bool) -> Parameter:
    try:
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return Parameter(name, f"<{type(value).__module__}.{type(value).__qualname__}>")
    if hashed or len(text) > _LONGEST:
        return Parameter(name, sha256=hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest())
    return Parameter(name, json.loads(text))
