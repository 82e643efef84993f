"""OpenLineage events (specification 2-0-2): strict about identity and time, lenient about the rest.

Field names are OpenLineage's own, names are kept as they were received, and so is what the specification does
not know. Facets stay plain JSON values here; `whence_schemas.facets` gives them types.
"""

import math
import re
from typing import Annotated, Any

from pydantic import AfterValidator, Field, ValidationError
from pydantic_core import ErrorDetails, from_json

from .errors import InvalidEvent, MalformedJson
from .facets.base import Facets, Items, Open, Step, path, shown
from .identity import dataset_key, job_key, run_key
from .times import Time, parse_time

_BOM = b"\xef\xbb\xbf"

# Only such text can be a number beyond a double (about 1.8e308): an exponent of three digits, or so many
# digits that an exponent of two is enough. Searched with all digits made 0, which takes a third of the time;
# the delimiter keeps UUIDs and hashes, which are in quotes, from matching.
_ZEROS = bytes.maketrans(b"123456789E", b"000000000e")
_LONG_EXPONENT = re.compile(rb"0e\+?000+\s*(?:[,\]}]|\Z)")
_MANY_DIGITS = b"0" * 200

_UUID = r"^(?:[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-fA-F]{32})$"


def _check_time(text: str) -> str:
    parse_time(text)
    return text


_Time = Annotated[str, AfterValidator(_check_time)]
_RunId = Annotated[str, Field(pattern=_UUID)]
_Name = Annotated[str, Field(min_length=1)]


class Run(Open):
    """The run that an event is about; `runId` is a UUID in any case, with or without hyphens."""

    runId: _RunId
    facets: Facets = Field(default_factory=dict)


class Job(Open):
    """The job that an event is about. Its namespace may be empty, its name may not."""

    namespace: str
    name: _Name
    facets: Facets = Field(default_factory=dict)


class Dataset(Open):
    """A dataset. Its namespace may be empty, its name may not."""

    namespace: str
    name: _Name
    facets: Facets = Field(default_factory=dict)


class InputDataset(Dataset):
    """A dataset that is read, with the facets of this reading."""

    inputFacets: Facets = Field(default_factory=dict)


class OutputDataset(Dataset):
    """A dataset that is written, with the facets of this writing."""

    outputFacets: Facets = Field(default_factory=dict)


class _Event(Open):
    eventTime: _Time
    producer: str | None = None
    schemaURL: str | None = None

    @property
    def time(self) -> Time:
        """When it happened: microseconds since the epoch, and whether UTC was assumed for want of a zone."""
        return parse_time(self.eventTime)  # remembered there since validation


class RunEvent(_Event):
    """What was observed of a run."""

    eventType: str | None = None
    run: Run
    job: Job
    inputs: Items[InputDataset] = Field(default_factory=list)
    outputs: Items[OutputDataset] = Field(default_factory=list)

    @property
    def state(self) -> str:
        """The event's type in upper case, such as ``COMPLETE``, known or not; empty if it has none."""
        return (self.eventType or "").upper()


class JobEvent(_Event):
    """What is declared of a job, outside any run."""

    job: Job
    inputs: Items[InputDataset] = Field(default_factory=list)
    outputs: Items[OutputDataset] = Field(default_factory=list)


class DatasetEvent(_Event):
    """What is declared of a dataset, outside any run."""

    dataset: Dataset


Event = RunEvent | JobEvent | DatasetEvent


def parse_event(payload: bytes) -> Event:
    """The event that a payload of UTF-8 JSON holds.

    Raises:
        MalformedJson: it is no JSON, or holds a number that a double cannot.
        InvalidEvent: it is no OpenLineage event whose identity and time are clear.
    """
    return validate_event(read_json(payload))


def read_json(payload: bytes) -> Any:
    """The value of a JSON text in UTF-8 (a byte order mark is skipped). Integers keep all their digits.

    Raises:
        MalformedJson: it is no JSON (RFC 8259), is nested over 200 levels, or holds a number that a double
        cannot.
    """
    payload = payload.removeprefix(_BOM)
    try:
        value = from_json(payload, allow_inf_nan=False, cache_strings="keys")
    except ValueError as error:
        raise MalformedJson(
            f"the body is no JSON ({error}): "
            "send RFC 8259's JSON in UTF-8, without NaN, Infinity or lone surrogates, at most 200 levels deep"
        ) from None
    shape = payload.translate(_ZEROS)
    if _LONG_EXPONENT.search(shape) or _MANY_DIGITS in shape:
        steps = _first_infinity(value)
        if steps is not None:
            raise MalformedJson(
                "the number is beyond a double's range and could not be given back: send it as a string",
                path(steps),
            )
    return value


def validate_event(document: Any) -> Event:
    """The event that a parsed JSON document is.

    With a `run` it is a RunEvent, else with a `job` a JobEvent, else with a `dataset` a DatasetEvent.

    Raises:
        InvalidEvent: it is no OpenLineage event whose identity and time are clear.
    """
    if not isinstance(document, dict):
        raise InvalidEvent(f"found {shown(document)}, but an event is a JSON object: send one event as an object")
    model: type[Event]
    if document.get("run") is not None:
        model = RunEvent
    elif document.get("job") is not None:
        model = JobEvent
    elif document.get("dataset") is not None:
        model = DatasetEvent
    else:
        raise InvalidEvent(
            "found none of run, job and dataset, but one must tell what the event is about: "
            "send run and job (RunEvent), job (JobEvent) or dataset (DatasetEvent)"
        )
    try:
        return model.model_validate(document)
    except ValidationError as error:
        problems = error.errors(include_url=False)
    first = min(problems, key=lambda problem: _position(document, problem["loc"]))
    raise InvalidEvent(_reason(first), path(first["loc"]))


def unit_of(event: Event) -> str:
    """Key of the unit that the event contributes to: its run, or the job or dataset that it declares."""
    if isinstance(event, RunEvent):
        return run_key(event.run.runId)
    if isinstance(event, JobEvent):
        return job_key(event.job.namespace, event.job.name)
    return dataset_key(event.dataset.namespace, event.dataset.name)


def _first_infinity(value: Any, steps: tuple[Step, ...] = ()) -> tuple[Step, ...] | None:
    """Where the first infinite number is in a JSON value."""
    children: Any = ()
    if isinstance(value, float):
        return steps if math.isinf(value) else None
    if isinstance(value, dict):
        children = value.items()
    elif isinstance(value, list):
        children = enumerate(value)
    found = (_first_infinity(child, (*steps, step)) for step, child in children)
    return next((place for place in found if place is not None), None)


def _position(document: Any, steps: tuple[Step, ...]) -> list[int]:
    """Where in the document a place is, for comparison; what is missing counts as its object's end."""
    position = []
    for step in steps:
        if isinstance(document, dict):
            keys = list(document)
            position.append(keys.index(step) if step in document else len(keys))
            document = document.get(step)
        elif isinstance(document, list) and isinstance(step, int):
            position.append(step)
            document = document[step]
    return position


_WANTED = {
    "eventTime": ("an ISO 8601 time such as 2026-01-31T09:30:00Z", "send when it happened, with its zone"),
    "eventType": ("a string", "send START, RUNNING, COMPLETE, ABORT, FAIL or OTHER, or leave it out"),
    "producer": ("a string", "send the producer's URI, or leave it out"),
    "schemaURL": ("a string", "send the URL of the specification's schema, or leave it out"),
    "run": ("an object", "send the run as {runId, facets}"),
    "runId": (
        "a UUID",
        "send the run's id, such as 01941f29-7c00-7e1a-8d4e-5b2f0a9c6d31, without braces or prefix",
    ),
    "job": ("an object", "send the job as {namespace, name, facets}"),
    "dataset": ("an object", "send the dataset as {namespace, name, facets}"),
    "namespace": ("a string", "send the namespace, such as postgres://db.example:5432; it may be empty"),
    "name": ("a string that is not empty", "send the name, which identifies it within its namespace"),
    "inputs": ("an array", "send the datasets read as [{namespace, name}], or leave it out"),
    "outputs": ("an array", "send the datasets written as [{namespace, name}], or leave it out"),
}
_WANTED_FACETS = ("an object", "send the facets as {name: facet}, or leave it out")
_WANTED_ELEMENT = ("an object", "send each dataset as {namespace, name, facets}")


def _reason(problem: ErrorDetails) -> str:
    """One sentence on what was found, what is wanted and how to mend it."""
    step = problem["loc"][-1]
    wanted, mend = _WANTED_ELEMENT if isinstance(step, int) else _WANTED.get(step, _WANTED_FACETS)
    if problem["type"] == "missing":
        return f"is missing, but {wanted} is wanted: {mend}"
    if problem["type"] == "value_error":  # a time that parse_time refused, in its own words
        return f"{problem['ctx']['error']}: {mend}"
    return f"found {shown(problem['input'])}, but {wanted} is wanted: {mend}"
