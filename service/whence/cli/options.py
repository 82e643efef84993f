"""Flags named after settings, which a command can have beside its own.

They may stand before the command's name or after it; there they win.
"""

import inspect
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

if TYPE_CHECKING:
    from whence.settings import Settings

FLAGS: dict[str, tuple[type, str, str]] = {
    "log": (str, "URL", "The event log: sqlite:///path. (default: sqlite:///.whence/log.db)"),
    "graph": (
        str,
        "URL",
        "The graph store: sqlite:///path or neo4j://host:7687. (default: sqlite:///.whence/graph.db)",
    ),
    "url": (str, "URL", "Ask the server at this address, instead of opening the stores."),
    "key": (str, "KEY", "The key to send to the server; rather set WHENCE_KEY, which `ps` does not show."),
    "host": (str, "ADDRESS", "The address to listen on. (default: 127.0.0.1)"),
    "port": (int, "PORT", "The port to listen on; 0 takes a free one. (default: 5000)"),
    "keys": (str, "FILE", "The server's file of keys. (default: .whence/keys.json)"),
    "redact": (str, "FILE", "Rules by which secrets are taken out of events (TOML)."),
}
"""Settings that have a flag: type, what stands for the value, help."""

_PANEL = "Settings"


class Choice(NamedTuple):
    """The settings in force, and whether they mean a running server rather than the stores."""

    settings: "Settings"
    remote: bool


def with_flags(*names: str, load: bool = True) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command flags for these settings. It gets its `Choice` as first argument, unless not to `load` it.

    Raises (when the command is run):
        ConfigurationError: a setting has a value that it cannot have.
    """

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        own = list(inspect.signature(command, eval_str=True).parameters.values())[1 if load else 0 :]
        context = inspect.Parameter("ctx", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
        parameters = [context, *(p.replace(kind=p.KEYWORD_ONLY) for p in own), *map(_parameter, names)]

        @wraps(command)
        def run(ctx: typer.Context, **arguments: Any) -> Any:
            flags = {name: arguments.pop(_argument(name)) for name in names}
            ctx.obj = dict(ctx.obj or {}) | {name: value for name, value in flags.items() if value is not None}
            return command(_choose(ctx.obj), **arguments) if load else command(**arguments)

        del run.__wrapped__  # else its signature would be looked at
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        return run

    return decorate


def _choose(flags: dict[str, Any]) -> Choice:
    """Flags win over the environment: who names a store there does not mean the server that is named here."""
    from whence.settings import load_settings

    settings = load_settings(**flags)
    named_here = "url" in flags or not flags.keys() & {"log", "graph"}
    return Choice(settings, named_here and "url" in settings.model_fields_set)


def _argument(name: str) -> str:
    return f"setting_{name}"


def _parameter(name: str) -> inspect.Parameter:
    kind, metavar, help_ = FLAGS[name]
    option = typer.Option(f"--{name}", metavar=metavar, help=help_, rich_help_panel=_PANEL, show_default=False)
    annotation: Any = Annotated[kind | None, option]
    return inspect.Parameter(_argument(name), inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)
