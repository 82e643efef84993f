"""Custom facets of Whence's own. Their JSON Schemas are in ``schemas/json``."""

from typing import Any

from .base import BaseFacet, Items, Number, Open

APPROVAL = "whence_approval"
"""Key of the `Approval` facet, with the prefix that OpenLineage asks of custom facets."""

CODE = "whence_code"
"""Key of the `Code` facet."""

PARAMETERS = "whence_parameters"
"""Key of the `Parameters` facet."""

RETRIEVAL = "whence_retrieval"
"""Key of the `Retrieval` facet."""


class Approval(BaseFacet):
    """`whence_approval` 1-0-0 of an input: a decision on the dataset, such as a model, that the run read.

    Attributes:
        approver: who decided, as a role or a pseudonymous id.
        decision: APPROVED, REJECTED or WITHDRAWN.
        version: the version decided on; the one that the run read where it is not said.
        decidedAt: when (ISO 8601); when the run ended where it is not said.
        reference: where the decision is documented.
    """

    approver: str
    decision: str
    version: str | None = None
    decidedAt: str | None = None
    reference: str | None = None


class Code(BaseFacet):
    """`whence_code` 1-0-0 of a run: what `sourceCodeLocation` has no room for.

    Attributes:
        dirty: whether there were changes that were not committed.
        sourceSha256: hash of the function's or task's source, in hexadecimal.
        version: what the orchestrator calls the version of the code.
    """

    dirty: bool | None = None
    sourceSha256: str | None = None
    version: str | None = None


class Parameter(Open):
    """A parameter of a run: its value (any JSON), or the hash of it where only that is recorded; with neither, null."""

    name: str
    value: Any = None
    sha256: str | None = None


class Parameters(BaseFacet):
    """`whence_parameters` 1-0-0 of a run: what it was started with."""

    parameters: Items[Parameter]


class Chunk(Open):
    """A part of a document that was retrieved. score: as the retriever gave it; rank: from 1, the best; sha256: of its
    text, in hexadecimal."""

    id: str
    score: Number | None = None
    rank: int | None = None
    sha256: str | None = None


class Retrieval(BaseFacet):
    """`whence_retrieval` 1-0-0 of an input: which parts of the document were retrieved, from which index."""

    collection: str
    chunks: Items[Chunk]
