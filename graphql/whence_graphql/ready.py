"""Ready-made queries, named after the question that they answer."""

from importlib.resources import files
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple

_EXAMPLE = "Variables: "


def ready_made() -> dict[str, str]:
    """Queries by name. Each begins with a comment: see `head_of`."""
    installed = files(__package__).joinpath("queries")
    # In a checkout they lie beside the package, where people who look for GraphQL files find them.
    folder = installed if installed.is_dir() else Path(__file__).parent.parent / "queries"
    texts = {file.name: file.read_text("utf-8") for file in folder.iterdir() if file.name.endswith(".graphql")}
    return {name.removesuffix(".graphql"): texts[name] for name in sorted(texts)}


class Head(NamedTuple):
    """The comment on top of a query.

    what: the question, and what the answer holds. variables: what they mean, in lines. example: values of all of them,
    as JSON.
    """

    what: str
    variables: tuple[str, ...]
    example: str


def head_of(query: str) -> Head:
    """The comment on top of a ready-made query: the question in the first line, what the variables mean, and a line
    `Variables: ` with an example of them as JSON."""
    lines = [line.removeprefix("#").strip() for line in takewhile(lambda line: line[:1] == "#", query.splitlines())]
    examples = [line.removeprefix(_EXAMPLE) for line in lines if line.startswith(_EXAMPLE)]
    meanings = tuple(line for line in lines[1:] if not line.startswith(_EXAMPLE))
    return Head(lines[0] if lines else "", meanings, examples[0] if examples else "{}")
