"""Taking secrets out of events before the log, by the operator's rules.

A rules file is TOML::

    [[rule]]
    id = "environment"
    facets = ["run.facets.environmentVariables.**", "*.facets.sql.query"]

    [[rule]]
    id = "aws-key"
    values = ['AKIA[0-9A-Z]{16}']

`facets` are places in the event. In them ``*`` is one key and ``**`` all that lies beneath; an array's elements have
the place of the array, so that ``inputs.facets.sql`` means each input's. What lies at such a place is replaced as a
whole. `values` are regular expressions; what fits in a text is replaced, and the rest of the text stays. A rule
with both replaces what fits at those places only.

What says which run, job or dataset is meant, and when, is never replaced: else the lineage would be wrong. That is
eventTime, eventType and runId, and namespace and name where an object has both. Nor are the objects around facets.
"""

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from whence_schemas.errors import ConfigurationError

REDACTED = "[redacted]"

_SEPARATOR = "\0"  # between the keys of a place; a dot would not do, as keys such as spark.exception have some
_ENTITIES = ("run", "job", "dataset", "inputs", "outputs")
_FRAME = frozenset(
    (
        *_ENTITIES,
        *(f"{entity}{_SEPARATOR}facets" for entity in _ENTITIES),
        f"inputs{_SEPARATOR}inputFacets",
        f"outputs{_SEPARATOR}outputFacets",
    )
)
"""Places of the objects that an event cannot do without; what is in them can be replaced."""


class _RuleInFile(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: str = Field(min_length=1)
    facets: list[str] = []
    values: list[str] = []


class _Rule(NamedTuple):
    id: str
    places: re.Pattern[str] | None  # None is everywhere
    values: re.Pattern[str] | None  # None is all


class Redaction:
    """The rules, ready to be applied."""

    def __init__(self, rules: Iterable[_Rule]) -> None:
        rules = tuple(rules)
        self._everywhere = tuple(rule for rule in rules if rule.places is None)
        self._somewhere = tuple(rule for rule in rules if rule.places)
        self._beginning_at = lru_cache(maxsize=4_096)(self._find_beginning_at)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a rules file.

        Raises:
            ConfigurationError: it cannot be used; the message names the file, the rule and the reason.
        """
        return cls.parse(read_rules(path), str(path))

    @classmethod
    def parse(cls, text: str, name: str) -> Self:
        """The rules in a TOML text; `name` is what errors call it.

        Raises:
            ConfigurationError: it cannot be used; the message names the rule and the reason.
        """
        try:
            document = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise ConfigurationError(f"{name} is no TOML: {error}") from None
        return cls(_rules(name, document))

    def apply(self, event: Any) -> tuple[Any, list[str]]:
        """The event (as parsed JSON) without what the rules take out, and the sorted ids of the rules that did."""
        fired: set[str] = set()
        redacted = self._walk(event, "", self._everywhere, fired)
        return redacted, sorted(fired)

    def _walk(self, value: Any, place: str, rules: tuple[_Rule, ...], fired: set[str]) -> Any:
        """The value at a place, redacted by `rules`, whose places it lies beneath, and by those that begin below."""
        if isinstance(value, str):
            return _scrub(value, rules, fired)
        if isinstance(value, list):
            return [self._walk(element, place, rules, fired) for element in value]
        if not isinstance(value, dict):
            return value
        kept = _identity(value)
        result = {}
        for key, child in value.items():
            there = f"{place}{_SEPARATOR}{key}" if place else key
            here = rules + self._beginning_at(there)
            whole = next((rule for rule in here if not rule.values), None)
            if key in kept:
                result[key] = child
            elif whole and there not in _FRAME:
                result[key] = REDACTED
                if child != REDACTED:  # a collector may have been there before
                    fired.add(whole.id)
            else:
                result[key] = self._walk(child, there, here, fired)
        return result

    def _find_beginning_at(self, place: str) -> tuple[_Rule, ...]:
        """The rules that name this place."""
        return tuple(rule for rule in self._somewhere if rule.places and rule.places.fullmatch(place))


def read_rules(path: Path) -> str:
    """The text of a rules file.

    Raises:
        ConfigurationError: it cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"the redaction rules {path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path} is no TOML: {error}") from None


def _identity(value: Mapping[str, Any]) -> frozenset[str]:
    """Keys of an object that say what it is about."""
    return _IDENTITY_WITH_NAME if "namespace" in value and "name" in value else _IDENTITY


_IDENTITY = frozenset(("eventTime", "eventType", "runId"))
_IDENTITY_WITH_NAME = _IDENTITY | {"namespace", "name"}


def _scrub(text: str, rules: tuple[_Rule, ...], fired: set[str]) -> str:
    for rule in rules:
        if rule.values:
            scrubbed = rule.values.sub(REDACTED, text)
            if scrubbed != text:
                fired.add(rule.id)
                text = scrubbed
    return text


def _rules(file: str, document: dict[str, Any]) -> list[_Rule]:
    """The rules of a file's document, compiled."""
    if unknown := document.keys() - {"rule"}:
        raise ConfigurationError(f"{file}: {min(unknown)!r} is not known; write each rule below [[rule]]")
    found = document.get("rule", [])
    if not isinstance(found, list):
        raise ConfigurationError(f"{file}: write each rule below [[rule]], in double brackets")
    rules: list[_Rule] = []
    for number, table in enumerate(found, 1):
        name = f"{file}: rule {number}"
        if isinstance(table, dict) and "id" in table:
            name += f" ({table['id']})"
        try:
            rule = _compile(_RuleInFile.model_validate(table))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            raise ConfigurationError(f"{name}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None
        except ValueError as error:
            raise ConfigurationError(f"{name}: {error}") from None
        if any(rule.id == other.id for other in rules):
            raise ConfigurationError(f"{name}: an earlier rule has this id")
        rules.append(rule)
    return rules


def _compile(rule: _RuleInFile) -> _Rule:
    if not rule.facets and not rule.values:
        raise ValueError("it has neither facets nor values, so that it would do nothing")
    return _Rule(rule.id, _any_of(map(_place, rule.facets)), _any_of(map(_value, rule.values)))


def _any_of(expressions: Iterable[str]) -> re.Pattern[str] | None:
    listed = [f"(?:{expression})" for expression in expressions]
    return re.compile("|".join(listed), re.DOTALL) if listed else None


_PARTS = {"**": ".+", "*": f"[^{_SEPARATOR}]+", ".": f"[{_SEPARATOR}.]"}


def _place(pattern: str) -> str:
    """The regular expression of a place; its dots may stand for dots in keys, such as spark.exception."""
    if not pattern:
        raise ValueError("facets: a place is empty")
    return "".join(_PARTS.get(part) or re.escape(part) for part in re.split(r"(\*\*|\*|\.)", pattern))


def _value(expression: str) -> str:
    try:
        compiled = re.compile(expression)
    except re.error as error:
        raise ValueError(f"values: {expression!r} is no regular expression: {error}") from None
    if compiled.match(""):
        raise ValueError(f"values: {expression!r} fits an empty text, and so everywhere")
    return expression


def says_a_key_twice(payload: bytes) -> bool:
    """Whether an object in a JSON text has a key twice: the rules saw the last value only, and the others may hold
    what should not be kept."""
    found = False

    def look(pairs: list[tuple[str, Any]]) -> None:
        nonlocal found
        found = found or len(dict(pairs)) < len(pairs)

    json.JSONDecoder(object_pairs_hook=look, parse_int=str, parse_float=str).decode(payload.decode("utf-8-sig"))
    return found
