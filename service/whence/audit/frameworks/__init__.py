"""Frameworks of requirements: dated, sourced data files (TOML), those shipped here and those that users add."""

import inspect
import tomllib
from datetime import date
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Any, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from whence.audit.report.evidence import EVIDENCE
from whence_schemas.errors import ConfigurationError
from whence_schemas.facets.base import path as shown_path

_SUFFIX = ".toml"
_Text = Annotated[str, Field(min_length=1)]
_Url = Annotated[str, Field(pattern="^https?://[^ ]+$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class EvidenceCall(BaseModel):
    """A kind of evidence by name, with its parameters."""

    model_config = ConfigDict(extra="allow", frozen=True)

    kind: str

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters."""
        return self.model_extra or {}

    @model_validator(mode="after")
    def _check(self) -> "EvidenceCall":
        """The kind is one of `EVIDENCE`, and takes these parameters."""
        function = EVIDENCE.get(self.kind)
        if function is None:
            raise ValueError(f"{self.kind!r} is no kind of evidence: use one of {', '.join(sorted(EVIDENCE))}")
        types = get_type_hints(function)
        wanted = [p for p in inspect.signature(function).parameters.values() if p.kind is p.KEYWORD_ONLY]
        if self.parameters.keys() != {parameter.name for parameter in wanted}:
            names = ", ".join(parameter.name for parameter in wanted) or "no parameters"
            raise ValueError(f"{self.kind} takes {names}, not {', '.join(self.parameters) or 'none'}")
        for name, value in self.parameters.items():
            TypeAdapter(types[name]).validate_python(value, strict=True)
        return self


class Requirement(_Strict):
    """One requirement.

    text: in words of our own. source: which article or section, of what. checked: when the two were last compared.
    evidence: what answers it from records; unanswerable: what no lineage can answer.
    """

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]*$")]
    title: _Text
    text: _Text
    source: _Text
    url: _Url
    checked: date
    evidence: Annotated[list[EvidenceCall], Field(min_length=1)]
    unanswerable: list[_Text]


class Framework(_Strict):
    """A framework. notes: what a reader of every report on it should know."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    title: _Text
    source: _Text
    url: _Url
    checked: date
    notes: list[_Text] = Field(default_factory=list)
    requirement: Annotated[list[Requirement], Field(min_length=1)]

    @model_validator(mode="after")
    def _check(self) -> "Framework":
        """No two requirements have the same id."""
        ids = [requirement.id for requirement in self.requirement]
        twice = sorted({id_ for id_ in ids if ids.count(id_) > 1})
        if twice:
            raise ValueError(f"two requirements have the id {twice[0]!r}")
        return self


def shipped() -> list[Framework]:
    """The frameworks that come with Whence, by id."""
    return [_load(file) for file in sorted(_shipped(), key=lambda file: file.name)]


def load_framework(name: str) -> Framework:
    """A framework: a shipped one by its id, or the one in a file, whose name ends in ``.toml``.

    Raises:
        ConfigurationError: there is none of the name, or the file is none of a framework.
    """
    if name.endswith(_SUFFIX):
        return _load(Path(name))
    known = {file.name.removesuffix(_SUFFIX): file for file in _shipped()}
    if name not in known:
        raise ConfigurationError(
            f"there is no framework {name[:80]!r}: use one of {', '.join(sorted(known))}, or the path of a .toml file"
        )
    return _load(known[name])


def _shipped() -> list[Traversable]:
    return [file for file in files(__package__).iterdir() if file.name.endswith(_SUFFIX)]


def _load(file: Traversable) -> Framework:
    try:
        return Framework.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except OSError as error:
        raise ConfigurationError(f"the framework {file} cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{file} is no TOML: {error}") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = shown_path(first["loc"])
        raise ConfigurationError(f"{file} is no framework: {where + ': ' if where else ''}{first['msg']}") from None
