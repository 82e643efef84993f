"""Named queries: a file holds statements, each under a line ``-- name: X`` (SQL) or ``// name: X`` (Cypher)."""

import re
from importlib.resources import files


def load_queries(file: str) -> dict[str, str]:
    """Statements of a file in this package, by name."""
    text = files(__package__).joinpath(file).read_text()
    parts = re.split(r"^(?:--|//) name: (\w+).*\n", text, flags=re.MULTILINE)
    return {name: body.strip() for name, body in zip(parts[1::2], parts[2::2], strict=True)}
