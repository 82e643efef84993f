"""The commands, as the help groups and orders them."""

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from whence.cli import audit, doctor, ingest, keys, lineage, neo4j, query, rebuild, search, serve
from whence.cli.analyses.completeness.command import completeness
from whence.cli.analyses.diff.command import diff
from whence.cli.analyses.drift.command import drift
from whence.cli.analyses.freshness.command import freshness
from whence.cli.analyses.history.command import history
from whence.cli.analyses.impact.command import impact
from whence.cli.analyses.partitions.command import partitions
from whence.cli.analyses.provenance.command import provenance
from whence.cli.analyses.recovery.command import recover
from whence.cli.console import complain
from whence.cli.options import with_flags
from whence.cli.show.command import show
from whence_schemas.errors import ConfigurationError, InvalidQuestion, WhenceError

_HELP = """Where data came from, what breaks if it changes, and can you prove it.

Commands open the stores themselves, or with --url ask a running server. Without any setting, both stores lie in
.whence in this directory. A setting is a flag, before or after the command, or an environment variable: --graph is
WHENCE_GRAPH.
"""


class _Root(TyperGroup):
    """Tells errors in one place."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command. Exit codes: 1 where it failed, 2 where it was called or set up wrongly, 130 on Ctrl-C."""
        try:
            return super().invoke(ctx)
        except WhenceError as error:
            complain(str(error))
            raise typer.Exit(2 if isinstance(error, ConfigurationError | InvalidQuestion) else 1) from None
        except KeyboardInterrupt:
            raise typer.Exit(130) from None


app = typer.Typer(
    name="whence",
    cls=_Root,
    help=_HELP,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"whence {version('whence')}")
        raise typer.Exit


@app.callback()
@with_flags("log", "graph", "url", "key", load=False)
def _root(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    pass


for panel, commands in {
    "Run it": {"serve": serve.serve, "ingest": ingest.ingest},
    "Ask": {
        "lineage": lineage.lineage,
        "impact": impact,
        "provenance": provenance,
        "recover": recover,
        "diff": diff,
        "drift": drift,
        "freshness": freshness,
        "history": history,
        "partitions": partitions,
        "completeness": completeness,
        "show": show,
        "search": search.search,
        "query": query.query,
    },
}.items():
    for name, command in commands.items():
        app.command(name, rich_help_panel=panel)(command)
app.add_typer(audit.app, rich_help_panel="Prove it")
for name, command in {"doctor": doctor.doctor, "rebuild": rebuild.rebuild, "neo4j": neo4j.neo4j}.items():
    app.command(name, rich_help_panel="Look after it")(command)
app.add_typer(keys.app, rich_help_panel="Look after it")
