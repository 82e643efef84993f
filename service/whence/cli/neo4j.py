"""`whence neo4j`: a Neo4j on this machine, without Docker or an installed Java."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from whence.cli.console import out

if TYPE_CHECKING:
    from whence.neo4j_server import LocalNeo4j


def neo4j(
    home: Annotated[Path, typer.Option(help="Where it keeps its data.")] = Path(".whence/neo4j"),
    bolt_port: Annotated[int, typer.Option(metavar="PORT", help="Its port; 0 takes a free one.")] = 7687,
    version: Annotated[
        str, typer.Option(metavar="VERSION", help="A release of Neo4j. (default: the current one)", show_default=False)
    ] = "",
) -> None:
    """Run a Neo4j for the graph, until Ctrl-C. The first start downloads it (180 MB)."""
    from whence.neo4j_jars import CURRENT
    from whence.neo4j_server import serve_forever

    serve_forever(home, version or CURRENT, bolt_port, on_ready=_announce)


def _announce(server: "LocalNeo4j") -> None:
    """Say how Whence reaches it; the password stays in its file."""
    lines = Text(f"Neo4j {server.version} is ready; Ctrl-C stops it. Let Whence keep its graph there:\n\n")
    lines.append(f"  export WHENCE_GRAPH={server.uri}\n", "bold")
    lines.append(f"  export WHENCE_NEO4J_PASSWORD_FILE={server.password_file}\n", "bold")
    out().print(lines, soft_wrap=True)
