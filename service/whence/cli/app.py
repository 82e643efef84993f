"""The commands, in the order in which the help shows them."""

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from whence.cli import (
    audit,
    completeness,
    diff,
    doctor,
    drift,
    freshness,
    history,
    impact,
    ingest,
    keys,
    lineage,
    neo4j,
    partitions,
    provenance,
    query,
    rebuild,
    recover,
    search,
    serve,
    show,
)
from whence.cli.console import complain
from whence.cli.options import with_flags
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


app.command("serve")(serve.serve)
app.command("ingest")(ingest.ingest)
app.command("lineage")(lineage.lineage)
app.command("impact")(impact.impact)
app.command("completeness")(completeness.completeness)
app.command("diff")(diff.diff)
app.command("drift")(drift.drift)
app.command("freshness")(freshness.freshness)
app.command("history")(history.history)
app.command("partitions")(partitions.partitions)
app.command("provenance")(provenance.provenance)
app.command("recover")(recover.recover)
app.command("show")(show.show)
app.command("search")(search.search)
app.command("query")(query.query)
app.add_typer(audit.app)
app.command("rebuild")(rebuild.rebuild)
app.command("doctor")(doctor.doctor)
app.add_typer(keys.app)
app.command("neo4j")(neo4j.neo4j)
