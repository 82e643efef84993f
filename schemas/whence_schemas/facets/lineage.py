"""The `lineage` facet 1-0-0 (2026) of a job (on a RunEvent or JobEvent) and of a dataset (on a DatasetEvent).

It takes precedence over `columnLineage`. In both forms inputs that are not said (None) differ from an empty
list, which says that there is nothing upstream.
"""

from pydantic import Field, StrictBool

from .base import BaseFacet, Items, ItemsOrNone, Open, Table


class Transformation(Open):
    """How a source becomes a target.

    Attributes:
        type: DIRECT (values flow) or INDIRECT (the source decides which values, as a filter does).
        subtype: such as IDENTITY, AGGREGATION, FILTER, JOIN, GROUP_BY, SORT, WINDOW or CONDITIONAL.
        masking: whether the source cannot be seen in the target, as in a hash.
    """

    type: str | None = None
    subtype: str | None = None
    description: str | None = None
    masking: StrictBool | None = None


class LineageInput(Open):
    """A source: a dataset, one of its fields, a job or a run.

    Attributes:
        type: DATASET or JOB.
        name: with `namespace` missing only for a JOB: the event's own.
        field: of the dataset; at the level of a whole target a dependency of the whole dataset on this field.
    """

    type: str
    namespace: str | None = None
    name: str | None = None
    field: str | None = None
    runId: str | None = None
    transformations: Items[Transformation] = Field(default_factory=list)


class LineageField(Open):
    """The sources of one field."""

    inputs: Items[LineageInput]


class LineageEntry(Open):
    """A target, a dataset or a job, and its sources.

    Attributes:
        type: DATASET or JOB.
        name: with `namespace` missing only for a JOB: the event's own.
        inputs: sources of the target as a whole; None if that is not said.
        fields: sources by the target's field, for a DATASET.
    """

    type: str
    namespace: str | None = None
    name: str | None = None
    runId: str | None = None
    inputs: ItemsOrNone[LineageInput] = None
    fields: Table[LineageField] = Field(default_factory=dict)


class JobLineage(BaseFacet):
    """`lineage` on a job. On a RunEvent entries accumulate, on a JobEvent they replace."""

    entries: Items[LineageEntry]


class DatasetLineage(BaseFacet):
    """`lineage` on a dataset, which is the target; it replaces what was said before.

    Attributes:
        inputs: sources of the dataset as a whole; None if that is not said.
        fields: sources by the dataset's field.
    """

    inputs: ItemsOrNone[LineageInput] = None
    fields: Table[LineageField] = Field(default_factory=dict)
