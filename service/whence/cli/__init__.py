"""The command line `whence`.

Modules import only what every start needs; what a command alone needs (the stores, GraphQL, an HTTP client), it imports
when it runs, so that `whence --help` answers at once.
"""


def main() -> None:
    """Run the command line; the process ends with its exit code."""
    try:
        from whence.cli.app import app

        app()
    except KeyboardInterrupt:  # before a command has begun; later ones are the command's
        raise SystemExit(130) from None
