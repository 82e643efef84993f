"""How two values of a facet differ."""

import difflib
from typing import Any, TypeVar

from pydantic_core import from_json

from whence_schemas.diff import Code, TextDiff
from whence_schemas.facets import read_facet
from whence_schemas.facets.job import SourceCodeLocation

_MAX_LINES = 2_000  # that are compared: the time of a comparison grows with their square
_SHOWN_LINES = 60
_WHO = ("_producer", "_schemaURL")
TEXTS = {"sql": "query", "sourceCode": "sourceCode"}
"""Facets of a job that hold a text, and the field that it is in."""
_T = TypeVar("_T")


def same(before: bytes, after: bytes) -> bool:
    """Whether two facets say the same, whoever made them."""
    return bool(_content(before) == _content(after))


def _content(body: bytes) -> Any:
    value = from_json(body)
    return {k: v for k, v in value.items() if k not in _WHO} if isinstance(value, dict) else value


def compare_texts(facet: str, before: bytes | None, after: bytes | None) -> TextDiff | None:
    """The text of a facet as a unified diff without its head; None where it is the same."""
    was, now = (_text(facet, body).splitlines() for body in (before, after))
    if was == now:
        return None
    lines = list(difflib.unified_diff(was[:_MAX_LINES], now[:_MAX_LINES], n=2, lineterm=""))[2:]
    cut = len(lines) > _SHOWN_LINES or max(len(was), len(now)) > _MAX_LINES
    return TextDiff(facet, "\n".join(lines[:_SHOWN_LINES]), cut)


def _text(facet: str, body: bytes | None) -> str:
    value = from_json(body) if body is not None else None
    text = value.get(TEXTS[facet]) if isinstance(value, dict) else None
    return text if isinstance(text, str) else ""


def code_of(location: bytes | None, told: bytes | None) -> Code:
    """The code's version, by a job's `sourceCodeLocation` and an attempt's `whence_code`."""
    found = read_facet(SourceCodeLocation, from_json(location)) if location is not None else None
    value = from_json(told) if told is not None else None
    more = value if isinstance(value, dict) else {}
    return Code(
        (found.repoUrl or found.url or "") if found else "",
        (found.version or "") if found else "",
        (found.branch or "") if found else "",
        (found.path or "") if found else "",
        _typed(more, "dirty", bool, None),
        _typed(more, "sourceSha256", str, ""),
        _typed(more, "version", str, ""),
    )


def _typed(value: dict[str, Any], name: str, kind: type[Any], missing: _T) -> _T:
    found = value.get(name)
    return found if isinstance(found, kind) else missing
