"""What all facets share: the base model, tolerant types, reading, and the wording of what does not fit.

The models require what the specification requires, save where a facet is still clear without it. Optional
fields may be null, and so may lists and maps, which then read as empty. Unknown fields are kept; formats and
enumerations are plain strings. Dumped with ``exclude_unset=True``, a model gives back the facet as it was
sent (save that a null list or map comes back empty).
"""

from collections.abc import Sequence
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.types import FailFast
from pydantic_core import ErrorDetails, PydanticCustomError

Step = int | str

_MANY = 1_000  # errors in a map, which cannot stop at the first: listing a million would take a gigabyte


def _empty_list(value: Any) -> Any:
    return [] if value is None else value


def _empty_map(value: Any) -> Any:
    return {} if value is None else value


def _number(value: Any) -> Any:
    # Without this check a lax int would take "12" and true, and the facet would not come back as it was sent.
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise PydanticCustomError("number", "Input should be a number")
    return value


_T = TypeVar("_T")

# An array, or null, which reads as empty. It stops at the first bad element: a hostile array could have
# millions, each an error.
Items = Annotated[list[_T], FailFast(), BeforeValidator(_empty_list)]

# An array, or null, which says something else than an empty one.
ItemsOrNone = Annotated[list[_T] | None, FailFast()]

# An object of one kind of values, or null, which reads as empty.
Table = Annotated[dict[str, _T], BeforeValidator(_empty_map)]

# Facets by name, as they were sent. Any JSON values.
Facets = Table[Any]

# A JSON number as it was sent: an integer of any size, or a float.
Number = Annotated[int | float, BeforeValidator(_number)]


class Open(BaseModel):
    """An object of which unknown fields are kept."""

    model_config = ConfigDict(extra="allow")


class BaseFacet(Open):
    """A facet. `_producer`, `_schemaURL` and `_deleted` are optional; real producers leave them out.

    They are properties, not fields, so that a facet's own field of the name `producer` cannot get in their
    way.
    """

    @property
    def producer(self) -> str | None:
        """`_producer`: URI of what made the facet; None if that is not said, or not as a string."""
        return self._text("_producer")

    @property
    def schemaURL(self) -> str | None:
        """`_schemaURL`: URL of the facet's JSON Schema; None if that is not said, or not as a string."""
        return self._text("_schemaURL")

    @property
    def deleted(self) -> bool:
        """`_deleted`: the job or dataset no longer has this facet; nothing else in it counts."""
        return is_deleted(self.model_extra)

    def _text(self, name: str) -> str | None:
        value = (self.model_extra or {}).get(name)
        return value if isinstance(value, str) else None


class JobRef(Open):
    """A job that a facet names, with the facets of it that are forwarded as a hint."""

    namespace: str
    name: str
    facets: Facets = Field(default_factory=dict)


class RunRef(Open):
    """A run that a facet names; `runId` should be a UUID, and is not one from every producer."""

    runId: str
    facets: Facets = Field(default_factory=dict)


class DatasetRef(Open):
    """A dataset that a facet names."""

    namespace: str
    name: str


class Documentation(BaseFacet):
    """`documentation` 1-1-0 of a job or dataset; `contentType` is the description's MIME type."""

    description: str
    contentType: str | None = None


class Owner(Open):
    """An owner; `name` is best a URN such as ``team:data``, `type` says what kind of owner."""

    name: str
    type: str | None = None


class Ownership(BaseFacet):
    """`ownership` 1-0-1 of a job or dataset."""

    owners: Items[Owner] = Field(default_factory=list)


class Tag(Open):
    """A tag; `source` says who set it, `field` which column of a dataset it is on."""

    key: str
    value: str
    source: str | None = None
    field: str | None = None


class Tags(BaseFacet):
    """`tags` 1-0-0 of a job, run or dataset."""

    tags: Items[Tag] = Field(default_factory=list)


_F = TypeVar("_F", bound=BaseFacet)


def is_deleted(value: Any) -> bool:
    """Whether a facet, as it was sent, takes itself away from its job or dataset (``_deleted: true``)."""
    return isinstance(value, dict) and value.get("_deleted") is True


def read_facet(model: type[_F], value: Any) -> _F | None:
    """The facet as its model; None if null, deleted or not fitting (see `facet_problem`). Never raises."""
    facet, _ = _read(model, value)
    return facet


def facet_problem(model: type[BaseFacet], value: Any) -> str | None:
    """Why a facet does not fit its model, in one sentence; None if it fits, is null or is deleted."""
    _, error = _read(model, value)
    if error is None:
        return None
    if error.error_count() > _MANY:
        return f"it does not fit in {error.error_count()} places"
    return _problem(error.errors(include_url=False)[0])


def _read(model: type[_F], value: Any) -> tuple[_F | None, ValidationError | None]:
    if value is None or is_deleted(value):
        return None, None
    try:
        return model.model_validate(value), None
    except ValidationError as error:
        return None, error


def _problem(error: ErrorDetails) -> str:
    where = path(error["loc"]) or "the facet"
    if error["type"] == "missing":
        return f"{where} is missing"
    wanted = error["msg"].replace("Input should be ", "").partition(" or instance of ")[0]
    return f"{where} is {shown(error['input'])}, but should be {wanted}"


def path(steps: Sequence[Step]) -> str:
    """A place in a JSON document in the way people write it, such as ``inputs[0].name``."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).removeprefix(".")


def shown(value: Any) -> str:
    """A JSON value in words for a message, its text cut to 80 characters."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return f"the string {_cut(repr(value[:80]))}" if value else "an empty string"
        case dict():
            return "an object"
        case list():
            return "an array"
        case _:
            return f"the number {_cut(str(value))}"


def _cut(text: str) -> str:
    return text if len(text) <= 80 else text[:79] + "…"
