"""What Airflow reads of this distribution as of one of its providers: converters of assets, for schemes without one."""

from importlib.metadata import EntryPoint, entry_points
from typing import Any

from whence_collector.naming import SCHEMES

_GROUP = "apache_airflow_provider"
_CONVERTER = "whence_airflow.assets.to_openlineage"


def info() -> dict[str, Any]:
    """The provider's description.

    Where another provider has a handler for a scheme, and no converter, its handler is named here too, so that it stays
    in force. Where another has a converter, that one holds.
    """
    taken: set[str] = set()
    handlers: dict[str, dict[str, Any]] = {}
    for uris in _asset_uris():
        for scheme in uris.get("schemes", ()):
            if uris.get("to_openlineage_converter"):
                taken.add(scheme)
            elif uris.get("handler") or uris.get("factory"):
                handlers[scheme] = uris
    return {
        "package-name": "whence-airflow",
        "name": "Whence",
        "description": "Lineage for Whence.",
        "asset-uris": [_entry(scheme, handlers.get(scheme, {})) for scheme in sorted({*SCHEMES, *handlers} - taken)],
    }


def _entry(scheme: str, known: dict[str, Any]) -> dict[str, Any]:
    entry = {"schemes": [scheme], "handler": known.get("handler"), "to_openlineage_converter": _CONVERTER}
    return {**entry, "factory": known["factory"]} if known.get("factory") else entry


def _asset_uris() -> list[dict[str, Any]]:
    """What all other providers say of assets' URIs."""
    others = (point for point in entry_points(group=_GROUP) if not point.value.startswith("whence_airflow"))
    return [uris for point in others for uris in _described(point).get("asset-uris") or ()]


def _described(point: EntryPoint) -> dict[str, Any]:
    try:
        described = point.load()()
    except Exception:  # Airflow will say so itself
        return {}
    return described if isinstance(described, dict) else {}
