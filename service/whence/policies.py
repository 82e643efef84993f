"""Policies: files of rules in TOML, each below ``[[rule]]``, that are checked when they are read."""

import tomllib
from collections.abc import Mapping, Sequence
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from whence_schemas.errors import ConfigurationError


class Rule(BaseModel):
    """A rule, which messages name by its id."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(min_length=1, max_length=100)


class Rules(BaseModel):
    """The rules of a policy; a policy has a sort of its own in `rule`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rule: tuple[Rule, ...] = Field(min_length=1)


_Policy = TypeVar("_Policy", bound=Rules)


def read_policy(model: type[_Policy], text: str, name: str) -> _Policy:
    """The policy in a TOML text.

    Raises:
        ConfigurationError: it is none; the message names the file, the rule and the reason.
    """
    try:
        return check_policy(model, tomllib.loads(text), name)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{name} is no TOML: {error}") from None


def check_policy(model: type[_Policy], document: Mapping[str, object], name: str) -> _Policy:
    """The policy in a document, whose rules are in `rule`.

    Raises:
        ConfigurationError: as of `read_policy`.
    """
    try:
        policy = model.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise ConfigurationError(
            f"{name}: {_where(first['loc'])}: {first['msg'].removeprefix('Value error, ')}"
        ) from None
    ids = [rule.id for rule in policy.rule]
    for number, id_ in enumerate(ids):
        if id_ in ids[:number]:
            raise ConfigurationError(f"{name}: rule {number + 1}: an earlier rule has the id {id_!r}; give it another")
    return policy


def _where(steps: Sequence[int | str]) -> str:
    """A place in a policy for people: its rules are counted from 1."""
    if len(steps) > 1 and steps[0] == "rule" and isinstance(steps[1], int):
        return ": ".join([f"rule {steps[1] + 1}", *(str(step) for step in steps[2:3])])
    return "it has no rule; write each below [[rule]]" if steps == ("rule",) else ".".join(map(str, steps))
