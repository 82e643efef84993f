"""The settings: the one module that reads the environment."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PositiveFloat, PositiveInt, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from whence_schemas.errors import ConfigurationError

PREFIX = "WHENCE_"


def _split(value: Any) -> Any:
    return tuple(filter(None, map(str.strip, value.split(",")))) if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
"""Several names; in the environment they are separated by commas."""


class Settings(BaseSettings):
    """What an operator can choose. Read it with `load_settings`, whose errors say what to mend."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, frozen=True, extra="forbid")

    log: str = Field(
        default="sqlite:///.whence/log.db",
        description="The event log: `sqlite:///relative/path` or `sqlite:////absolute/path`.",
    )
    graph: str = Field(
        default="sqlite:///.whence/graph.db",
        repr=False,  # it may hold a password
        description=(
            "The graph store: `sqlite:///path`, or Neo4j as `neo4j://host:7687` (also `neo4j+s://`, `bolt://` and "
            "`bolt+s://`), with `user:password@` before the host and `/database` after it if wanted."
        ),
    )
    neo4j_user: str = Field(default="neo4j", description="Neo4j's user, unless the URL names one.")
    neo4j_password: SecretStr | None = Field(
        default=None, description="Neo4j's password, unless the URL or a file holds it."
    )
    neo4j_password_file: Path | None = Field(default=None, description="A file that holds Neo4j's password.")
    log_key: Path | None = Field(
        default=None,
        description=(
            "The file of the key that signs the log's checkpoints; by default the log's own name with `.key` behind "
            "it. Keep a backup of it."
        ),
    )
    log_origin: str | None = Field(
        default=None,
        description="The name of a new log in its checkpoints, such as `example.com/lineage`; by default a random one.",
    )
    timestamp_url: str | None = Field(
        default=None,
        description="An RFC 3161 time-stamp authority, which is asked about once an hour to stamp a checkpoint.",
    )
    host: str = Field(
        default="127.0.0.1",
        description="The address to listen on. Any other than a loopback address needs a key (`whence key create`).",
    )
    port: Annotated[int, Field(ge=0, le=65_535)] = Field(
        default=5000, description="The port to listen on; 0 takes a free one."
    )
    url: str = Field(
        default="http://127.0.0.1:5000", description="The server that the command line and the collectors talk to."
    )
    key: SecretStr | None = Field(default=None, description="The key that they send to it.")
    keys: Path = Field(
        default=Path(".whence/keys.json"),
        description="The server's file of API keys. When it is there, every request needs a key, but for `/health/`.",
    )
    redact: Path | None = Field(
        default=None, description="A TOML file of rules by which secrets are taken out of events before the log."
    )
    allowed_hosts: Names = Field(
        default=(),
        description=(
            "Further names that the Host header may hold, for a server without keys behind a proxy; separated by "
            "commas."
        ),
    )
    cors_origins: Names = Field(
        default=(),
        description="Origins whose web pages may call the API, such as `https://portal.example`, separated by commas.",
    )
    never_alias: Names = Field(
        default=(),
        description=(
            "Regular expressions, separated by commas: a dataset whose `namespace/name` one of them finds is never "
            "joined with its other names."
        ),
    )
    max_body_bytes: PositiveInt = Field(
        default=32 * 2**20, description="The largest body of a request in bytes, decompressed."
    )
    max_rows: PositiveInt = Field(
        default=50_000, description="The most objects in all lists of one GraphQL answer together."
    )
    query_seconds: PositiveFloat = Field(default=10, description="The most seconds that one GraphQL request may take.")


def load_settings(**chosen: Any) -> Settings:
    """The settings: what is `chosen` here, else the environment's, else the defaults.

    Raises:
        ConfigurationError: a value is none that the setting can have; the message names its variable.
    """
    try:
        return Settings(**chosen)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        variable = PREFIX + "_".join(map(str, first["loc"][:1])).upper()
        raise ConfigurationError(f"{variable}: {first['msg']}") from None


def configuration_table() -> str:
    """The settings as a table in Markdown: variable, default and meaning."""
    rows = ["| Variable | Default | Meaning |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        default = "" if field.default in (None, ()) else f"`{field.default}`"
        rows.append(f"| `{PREFIX}{name.upper()}` | {default} | {field.description} |")
    return "\n".join(rows) + "\n"
