"""One byte sequence for equal JSON values: sorted keys, no white space, UTF-8."""

import json
from typing import Any

import orjson


def canonical_json(value: Any) -> bytes:
    """The value as JSON with sorted keys; integers of any size are kept."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # an integer of more than 64 bits
        return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
