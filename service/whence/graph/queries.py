"""Named queries: files hold statements, each under a line ``-- name: X`` (SQL) or ``// name: X`` (Cypher)."""

import re
from importlib.resources import files


def load_queries(folder: str) -> dict[str, str]:
    """Statements by name, of all files in a folder of this package."""
    found: dict[str, str] = {}
    for file in files(__package__).joinpath(folder).iterdir():
        if file.name.endswith((".sql", ".cypher")):
            parts = re.split(r"^(?:--|//) name: (\w+).*\n", file.read_text(), flags=re.MULTILINE)
            found |= {name: body.strip() for name, body in zip(parts[1::2], parts[2::2], strict=True)}
    return found
