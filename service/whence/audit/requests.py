"""What can be asked of the custodian of a log, and what it answers: one shape for the command line and for HTTP."""

import re
from collections.abc import Collection
from enum import StrEnum
from typing import Annotated, NamedTuple

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from whence.audit.choosing import Choice
from whence.audit.redacting import Finder, Redactor, Replacement, compiled
from whence.audit.retention import Policy, parse_policy
from whence.audit.scope import Scope
from whence.redaction import Redaction
from whence_schemas.errors import ConfigurationError, Forbidden, InvalidQuestion
from whence_schemas.times import parse_time

_KEY_ID = re.compile(r"[A-Za-z0-9._-]{0,64}", re.ASCII)


class Reason(StrEnum):
    """Codes of reasons; they stand openly in tombstones, and so are no text."""

    GDPR_17 = "gdpr-17"
    """A person asked for it (Regulation (EU) 2016/679, Article 17)."""
    CONTRACT = "contract"
    """A contract says so, or has ended."""
    ERROR = "error"
    """It should not have been sent."""
    SECRET = "secret"  # noqa: S105
    """It holds a password, a token or a key."""
    RETENTION = "retention"
    """A retention policy ended its time."""


class _Model(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True)


class Replace(_Model):
    """What fits the pattern, a regular expression, gives way to the text."""

    pattern: str
    text: str


class ErasureRequest(_Model):
    """What to erase, why, and who asked and approved: ids of keys.

    entries: ranges of indices, last included. of, upstream_of: ids of datasets, jobs and runs, as for an export; so
    since and until, receipt times. declarations: ids of jobs and datasets. text, pattern: only what holds it. replace,
    rules (redaction rules as TOML): append a copy in which that is replaced. override: why it is erased although a
    retention policy keeps it.
    """

    entries: list[tuple[Annotated[int, Field(ge=0)], Annotated[int, Field(lt=2**62)]]] = []
    of: list[str] = []
    upstream_of: list[str] = []
    since: str = ""
    until: str = ""
    declarations: list[str] = []
    text: str = ""
    pattern: str = ""
    reason: Reason
    asked_by: str = ""
    approved_by: str = ""
    replace: list[Replace] = []
    rules: str = ""
    override: str = ""
    dry_run: bool = False

    def choice(self) -> Choice:
        """What it chooses.

        Raises:
            InvalidQuestion: nothing, or what cannot be.
        """
        if self.text and self.pattern:
            raise InvalidQuestion("seek a text or a pattern, not both")
        finder = Finder(self.text, self.pattern) if self.text or self.pattern else None
        scope = Scope(tuple(self.of), tuple(self.upstream_of), _time("since", self.since), _time("until", self.until))
        return Choice(self.entries, self.declarations, scope, finder)

    def redactor(self, finder: Finder | None) -> Redactor | None:
        """What makes the copies that are to be left, if any are.

        Raises:
            InvalidQuestion: a pattern is no regular expression, or the rules cannot be used.
        """
        if not self.replace and not self.rules:
            return None
        replacements = [Replacement(compiled(one.pattern), one.text) for one in self.replace]
        try:
            rules = Redaction.parse(self.rules, "rules") if self.rules else None
        except ConfigurationError as error:
            raise InvalidQuestion(str(error)) from None
        return Redactor(replacements, rules, finder)


class RetentionRequest(_Model):
    """What to do by a retention policy (TOML): to list what would go, or to apply it."""

    policy: str
    apply: bool = False
    asked_by: str = ""
    approved_by: str = ""

    def parsed(self) -> Policy:
        """The policy.

        Raises:
            InvalidQuestion: it is none.
        """
        try:
            return parse_policy(self.policy, "policy")
        except ConfigurationError as error:
            raise InvalidQuestion(str(error)) from None


class Row(_Model):
    """An entry that would go or is kept, and why; times in ISO 8601, bytes of its payload."""

    index: int
    kind: str
    received: str = ""
    time: str = ""
    namespace: str = ""
    name: str = ""
    run: str = ""
    bytes: int
    why: str = ""


class Outcome(_Model):
    """What was erased, or would be: `goes`; and what was kept although it was chosen: `kept`.

    more: whether there is more than was looked at. request: the index of the request's record, once it was erased.
    clean: whether the graph no longer holds anything of it; None where that is not known yet.
    """

    goes: list[Row] = []
    kept: list[Row] = []
    more: bool = False
    request: int | None = None
    clean: bool | None = None


class Actors(NamedTuple):
    """Ids of the keys of who asked for an erasure, and who approved it."""

    asked_by: str
    approved_by: str


def actors(asked_by: str, approved_by: str, known: Collection[str] | None) -> Actors:
    """Who asked and who approved. known: ids of the API keys, None where there are none and anybody can be named.

    Raises:
        InvalidQuestion: an id is none.
        Forbidden: there are keys, and one of the two is none of them, or both are one.
    """
    for id_ in (asked_by, approved_by):
        if not _KEY_ID.fullmatch(id_):
            raise InvalidQuestion(f"{id_[:80]!r} is no id of a key: at most 64 letters, digits, dots, - and _")
        if known is not None and id_ not in known:
            raise Forbidden(f"{id_!r} is no API key: name who asked and who approved by ids that `key list` shows")
    if known is not None and asked_by == approved_by:
        raise Forbidden(f"the key {asked_by} may not approve its own request: let another approve it")
    return Actors(asked_by, approved_by)


def _time(name: str, text: str) -> int | None:
    try:
        return parse_time(text).micros if text else None
    except ValueError as error:
        raise InvalidQuestion(f"{name}: {error}") from None
