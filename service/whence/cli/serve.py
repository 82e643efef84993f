"""`whence serve`: the server."""

import typer

from whence.cli.options import Choice, with_flags


@with_flags("host", "port", "log", "graph", "keys", "redact")
def serve(choice: Choice) -> None:
    """Run the server: it takes events over HTTP, keeps the graph up to date and answers questions."""
    from whence import server

    raise typer.Exit(server.serve(choice.settings))
