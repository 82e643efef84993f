"""Ready-made queries, named after the question that they answer."""

from importlib.resources import files
from pathlib import Path


def ready_made() -> dict[str, str]:
    """Queries by name. Each begins with a comment on what it answers, and one with example variables."""
    installed = files(__package__).joinpath("queries")
    # In a checkout they lie beside the package, where people who look for GraphQL files find them.
    folder = installed if installed.is_dir() else Path(__file__).parent.parent / "queries"
    texts = {file.name: file.read_text("utf-8") for file in folder.iterdir() if file.name.endswith(".graphql")}
    return {name.removesuffix(".graphql"): texts[name] for name in sorted(texts)}
