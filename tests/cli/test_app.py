"""The command line as a whole: help, settings, errors, start."""

import os
import signal
import subprocess
import time
from importlib import import_module
from pkgutil import walk_packages

import pytest
from graphql import build_schema, parse, validate

from tests.cli.commands import PIPELINE, WHENCE
from tests.running import running
from whence import cli
from whence.cli.options import FLAGS
from whence.settings import Settings
from whence_graphql.schema import sdl

COMMANDS = [
    [],
    *(
        [name]
        for name in ["serve", "ingest", "lineage", "impact", "completeness", "recover", "show", "search", "query"]
    ),
    *([name] for name in ["rebuild", "doctor", "neo4j", "key"]),
    *(["key", name] for name in ["create", "list", "revoke"]),
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_has_help(whence, command):
    assert "Usage: " in whence(*command, "--help").out
    assert "Usage: " in whence(*command, "-h").out


def test_the_version(whence):
    assert whence("--version").out.startswith("whence ")


def test_flags_are_settings():
    assert FLAGS.keys() <= Settings.model_fields.keys()


def questions() -> dict[str, str]:
    """The GraphQL that commands ask, each with a name of it."""
    modules = [import_module(found.name) for found in walk_packages(cli.__path__, "whence.cli.")]
    return {
        text: f"{module.__name__}.{name}"
        for module in modules
        for name, text in vars(module).items()
        if isinstance(text, str) and text.startswith("\nquery ")
    }


@pytest.mark.parametrize("question", questions(), ids=questions().values())
def test_questions_fit_the_schema(question):
    assert validate(build_schema(sdl()), parse(question)) == []


def test_help_needs_nothing_large():
    code = "import sys; import whence.cli.app; print(*sys.modules)"
    loaded = subprocess.run([WHENCE.with_name("python"), "-c", code], capture_output=True, text=True, check=True)
    large = {"fastapi", "strawberry", "neo4j", "httpx", "pydantic", "uvicorn", "sqlite3", "whence.settings"}
    assert large.isdisjoint(loaded.stdout.split())


def test_settings_stand_before_or_after_the_command_or_in_the_environment(whence, monkeypatch):
    stores = ["--log", "sqlite:///a/log.db", "--graph", "sqlite:///a/graph.db"]
    whence(*stores, "ingest", PIPELINE[0])
    assert "v_share" in whence("search", "v_share", *stores).out
    assert "v_share" in whence("--log", "sqlite:///other.db", "--graph", "x", "search", "v_share", *stores).out
    monkeypatch.setenv("WHENCE_LOG", "sqlite:///a/log.db")
    monkeypatch.setenv("WHENCE_GRAPH", "sqlite:///a/graph.db")
    assert "v_share" in whence("search", "v_share").out


def test_flags_win_over_a_server_in_the_environment(whence, monkeypatch):
    whence("ingest", PIPELINE[0])
    monkeypatch.setenv("WHENCE_URL", "http://127.0.0.1:1")
    assert "does not answer" in whence("search", code=1).err
    assert "v_share" in whence("search", "v_share", "--log", "sqlite:///.whence/log.db").out


def test_a_server_in_the_environment(whence, folder, monkeypatch):
    with running(folder) as server:
        monkeypatch.setenv("WHENCE_URL", server.url)
        whence("ingest", "--wait", PIPELINE[0])
        assert "v_share" in whence("search", "v_share").out


@pytest.mark.parametrize(
    "command",
    [["search", "--limit", "0"], ["lineage"], ["nothing"], ["lineage", "x", "--window", "0"], ["search", "--x"]],
)
def test_a_wrong_call_exits_with_2(whence, command):
    assert whence(*command, code=2).out == ""


def test_a_wrong_setting_exits_with_2(whence, monkeypatch):
    monkeypatch.setenv("WHENCE_PORT", "many")
    assert whence("search", code=2).err.startswith("whence: WHENCE_PORT")


def test_ctrl_c_is_quiet():
    process = subprocess.Popen(
        [WHENCE, "ingest", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's background jobs ignore it
    )
    time.sleep(1.5)
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=30) == (b"", b"")
    assert process.returncode == 130


def test_a_closed_pipe_is_quiet(whence):
    whence("ingest", *PIPELINE)
    found = subprocess.run(
        f"{WHENCE} search --kind column --limit 500 | head -1", shell=True, capture_output=True, text=True
    )
    assert found.stderr == ""
    assert found.stdout.startswith("kind")


def test_output_is_plain_in_pipes_and_without_color_where_that_is_asked():
    subprocess.run([WHENCE, "ingest", *PIPELINE], check=True, capture_output=True)
    command = [WHENCE, "lineage", "v_share", "--kind", "dataset"]
    piped = subprocess.run(command, capture_output=True, check=True).stdout
    assert b"\x1b" not in piped
    assert os.environ.get("NO_COLOR") is None
    forced = subprocess.run(command, capture_output=True, check=True, env=os.environ | {"FORCE_COLOR": "1"}).stdout
    assert b"\x1b[36m" in forced
    plain = os.environ | {"FORCE_COLOR": "1", "NO_COLOR": "1"}
    assert b"\x1b[36m" not in subprocess.run(command, capture_output=True, check=True, env=plain).stdout
