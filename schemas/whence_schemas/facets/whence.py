"""Custom facets of Whence's own. Their JSON Schemas are in ``schemas/json``."""

from .base import BaseFacet

APPROVAL = "whence_approval"
"""Key of the `Approval` facet, with the prefix that OpenLineage asks of custom facets."""


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
