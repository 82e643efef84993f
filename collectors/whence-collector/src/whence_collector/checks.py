"""Results of data-quality checks as OpenLineage's assertions, from the tools that made them, which are not imported."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Assertion = dict[str, Any]
"""One check as the facet `dataQualityAssertions` lists it."""


def assertion(
    name: str,
    success: bool,
    *,
    column: str | None = None,
    severity: str | None = None,
    expected: Any = None,
    actual: Any = None,
    description: str | None = None,
    content: str | None = None,
    content_type: str | None = None,
    params: Mapping[str, Any] | None = None,
) -> Assertion:
    """A check: what was checked, such as `not_null`, and whether all was well."""
    said = {
        "assertion": name,
        "success": bool(success),
        "column": column,
        "severity": severity,
        "description": description,
        "expected": _text(expected),
        "actual": _text(actual),
        "content": content,
        "contentType": content_type if content else None,
        "params": dict(params) if params else None,
    }
    return {key: value for key, value in said.items() if value is not None}


def assertions(result: Any) -> list[Assertion]:
    """The checks in a result.

    Args:
        result: of Great Expectations (a validation or checkpoint result, or its JSON), of Soda (a scan or its results),
            a pydantic ValidationError, or an iterable of what `assertion` makes.

    Raises:
        TypeError: it is none of them.
    """
    if isinstance(result, Exception) and callable(getattr(result, "errors", None)):
        return list(_pydantic(result))
    if callable(getattr(result, "get_scan_results", None)):
        result = result.get_scan_results()
    if isinstance(found := getattr(result, "run_results", None), Mapping):  # a checkpoint's, by suite
        return [one for suite in found.values() for one in assertions(suite)]
    if callable(getattr(result, "to_json_dict", None)):
        result = result.to_json_dict()
    if isinstance(result, Mapping):
        return _from_json(result)
    if isinstance(result, Iterable) and not isinstance(result, (str, bytes)):
        return [dict(one) for one in result]
    raise TypeError(f"{type(result).__qualname__} is no result of checks that is known here")


def _from_json(result: Mapping[str, Any]) -> list[Assertion]:
    if isinstance(found := result.get("run_results"), Mapping):
        suites = [one.get("validation_result", one) for one in found.values()]
        return [one for suite in suites for one in _from_json(suite)]
    if isinstance(found := result.get("results"), list):
        return [_great_expectations(one) for one in found]
    if isinstance(found := result.get("checks"), list):
        return [_soda(one) for one in found]
    raise TypeError("this JSON has neither `results`, as Great Expectations writes them, nor `checks`, as Soda does")


def _great_expectations(one: Mapping[str, Any]) -> Assertion:
    config = one.get("expectation_config") or {}
    given = {key: value for key, value in (config.get("kwargs") or {}).items() if key != "batch_id"}
    found = one.get("result") or {}
    return assertion(
        config.get("type") or config.get("expectation_type") or "expectation",
        bool(one.get("success")),
        column=given.pop("column", None),
        severity=_SEVERITIES.get(str(config.get("severity"))),
        actual=found.get("observed_value", found.get("unexpected_count")),
        description=config.get("description"),
        params=given,
    )


_SEVERITIES = {"critical": "error", "warning": "warn", "info": "warn"}


def _soda(one: Mapping[str, Any]) -> Assertion:
    outcome = one.get("outcome")
    return assertion(
        str(one.get("name") or one.get("type")),
        outcome == "pass",
        column=one.get("column"),
        severity="warn" if outcome == "warn" else "error",
        actual=(one.get("diagnostics") or {}).get("value"),
        content=one.get("definition"),
        content_type="sodacl",
    )


def _pydantic(error: Any) -> Iterator[Assertion]:
    """One assertion for each kind of fault in each field; list indices are no part of a field's name."""
    counts: dict[tuple[str, str], int] = {}
    messages: dict[tuple[str, str], str] = {}
    for one in error.errors(include_url=False, include_context=False, include_input=False):
        key = (str(one["type"]), ".".join(part for part in one["loc"] if isinstance(part, str)))
        counts[key] = counts.get(key, 0) + 1
        messages[key] = one["msg"]
    for (kind, column), count in counts.items():
        yield assertion(kind, False, column=column or None, actual=count, description=messages[kind, column])


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
