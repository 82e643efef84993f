"""Redacted copies of events: what is left when an event is erased, so that its lineage survives."""

import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import orjson
import rfc8785

from whence.eventlog.port import Entry, NewEvent, NotErasable
from whence.ingestion import to_json
from whence.redaction import Redaction
from whence_schemas.errors import InvalidEvent, InvalidQuestion
from whence_schemas.events import read_json, unit_of, validate_event
from whence_schemas.times import format_time, now

REPLACED = "replaced"
"""What the meta of a copy has in place of a rule's id where a text was replaced: the text itself must not stay."""


class Finder:
    """Finds a text or what fits a regular expression in the texts of events."""

    def __init__(self, text: str = "", pattern: str = "") -> None:
        """A text is found in any case.

        Raises:
            InvalidQuestion: the pattern is no regular expression, or fits an empty text.
        """
        self._expression = re.compile(re.escape(text), re.IGNORECASE) if text else compiled(pattern)

    def finds(self, payload: bytes) -> bool:
        """Whether it is in the bytes (as UTF-8), or in a text in the JSON that they are, which may be escaped there."""
        text = payload.decode("utf-8-sig", errors="replace")
        if self._expression.search(text):
            return True
        return "\\" in text and any(map(self._expression.search, _texts(_json(payload))))


class Replacement(NamedTuple):
    """What fits the expression gives way to a text, in all texts of an event: names too."""

    expression: re.Pattern[str]
    text: str


class Redactor:
    """Makes redacted copies."""

    def __init__(
        self, replacements: Sequence[Replacement] = (), rules: Redaction | None = None, finder: Finder | None = None
    ) -> None:
        """finder: what must not be in a copy any more."""
        self._replacements = replacements
        self._rules = rules
        self._finder = finder

    def copy(self, entry: Entry) -> NewEvent:
        """A copy of an entry's event, of the same unit. Its meta names the entry, the rules that did something, and
        when it was made; the receipt time and the sender are those of the event.

        Raises:
            NotErasable: the copy would be no event of the same unit, or still hold what is sought.
        """
        assert entry.payload is not None
        assert entry.meta is not None
        document = read_json(entry.payload)
        fired: list[str] = []
        if self._rules:
            document, fired = self._rules.apply(document)
        replaced = self._replace(document)
        fired += [REPLACED] if replaced != document else []
        payload = to_json(replaced)
        if not fired:
            raise NotErasable(f"entry {entry.index} holds nothing that would be replaced: erase it without a copy")
        if _unit(replaced) != entry.unit:
            raise NotErasable(
                f"entry {entry.index} could not be put in its own place: what would be replaced says which run, job or "
                "dataset it is about, or when. Erase it without a copy"
            )
        if self._finder and self._finder.finds(payload):
            raise NotErasable(
                f"the copy of entry {entry.index} would still hold what is sought: replace more, or erase it without a "
                "copy (redaction rules leave names as they are)"
            )
        meta = orjson.loads(entry.meta)
        meta["redacted"] = sorted({*meta.get("redacted", ()), *fired})
        meta |= {"replaces": entry.index, "replaced": format_time(now())}
        return NewEvent(payload, entry.unit, rfc8785.dumps(meta))

    def _replace(self, value: Any) -> Any:
        if isinstance(value, str):
            for expression, text in self._replacements:
                value = expression.sub(lambda _, text=text: text, value)  # type: ignore[misc]
            return value
        if isinstance(value, list):
            return [self._replace(element) for element in value]
        if isinstance(value, dict):
            return {self._replace(key): self._replace(element) for key, element in value.items()}
        return value


def _unit(document: Any) -> str:
    try:
        return unit_of(validate_event(document))
    except InvalidEvent:
        return ""


def _json(payload: bytes) -> Any:
    try:
        return read_json(payload)
    except InvalidEvent:
        return None


def _texts(value: Any) -> Iterator[str]:
    """All texts in a JSON value: keys, too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for element in value:
            yield from _texts(element)
    elif isinstance(value, dict):
        for key, element in value.items():
            yield key
            yield from _texts(element)


def compiled(expression: str) -> re.Pattern[str]:
    """The regular expression.

    Raises:
        InvalidQuestion: it is none, or fits an empty text, and so everywhere.
    """
    try:
        found = re.compile(expression)
    except re.error as error:
        raise InvalidQuestion(f"{expression!r} is no regular expression: {error}") from None
    if found.match(""):
        raise InvalidQuestion(f"{expression!r} fits an empty text, and so everywhere")
    return found
