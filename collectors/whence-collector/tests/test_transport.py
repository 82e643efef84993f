"""The transport in OpenLineage's client: found by its dotted path, never in the way."""

import json
import os
import re
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest
from openlineage.client import OpenLineageClient
from openlineage.client.event_v2 import Job, Run, RunEvent, RunState

import whence_collector
from tests.orchestrators.environments import environment
from whence_collector import SpoolTransport, spool_client, transport
from whence_collector.settings import Settings
from whence_collector.transport import SpoolConfig


def event(**facets):
    return RunEvent(
        eventType=RunState.START,
        eventTime="2026-01-01T00:00:00Z",
        run=Run(str(uuid.UUID(int=1)), facets=facets),
        job=Job("n", "j"),
    )


def test_any_client_finds_it(folder, events):
    config = {"type": "whence_collector.SpoolTransport", "spool": str(folder), "shipper": False}
    client = OpenLineageClient(config={"transport": config})
    client.emit(event())
    [found] = events()
    assert (found["eventType"], found["job"]["name"]) == ("START", "j")


def test_the_environment_configures_it(folder, events, monkeypatch):
    monkeypatch.setenv("OPENLINEAGE__TRANSPORT__TYPE", "whence_collector.SpoolTransport")
    monkeypatch.setenv("WHENCE_SPOOL", str(folder))
    monkeypatch.setenv("WHENCE_SHIPPER", "0")
    OpenLineageClient().emit(event())
    assert len(events()) == 1


def test_it_is_off_where_openlineage_is(folder, monkeypatch):
    monkeypatch.setenv("OPENLINEAGE_DISABLED", "true")
    monkeypatch.setenv("WHENCE_SPOOL", str(folder))
    spool_client.cache_clear()
    spool_client().emit(event())
    assert not folder.exists()
    spool_client.cache_clear()


def test_what_cannot_be_written_is_dropped_and_counted(folder, lines, caplog):
    made = SpoolTransport(SpoolConfig(Settings(spool=folder, shipper=False)))
    loop = []
    loop.append(loop)
    for bad in (loop, {"x": "\ud800"}, {"x": {"y": loop}}):
        made.emit({"a": bad})
    made.emit({"fine": 1})
    assert [json.loads(line) for line in lines()][-1] == {"fine": 1}
    assert made.dropped == 2
    assert caplog.text.count("Whence:") == 1


def test_of_several_only_those_are_dropped_that_cannot_be_written(folder, events):
    made = SpoolTransport(SpoolConfig(Settings(spool=folder, shipper=False)))
    loop = []
    loop.append(loop)
    made.emit_all([{"said": 1}, {"bad": loop}, {"password": "hunter22"}])
    assert events() == [{"said": 1}, {"password": "[redacted]"}]
    assert made.dropped == 1


def test_transports_that_are_set_up_alike_share_a_spool(folder):
    settings = Settings(spool=folder, shipper=False)
    assert transport._spool(settings) is transport._spool(Settings(spool=folder, shipper=False))


def in_a_child(script, folder, **variables):
    """Run a script that makes a transport; and in a child that it forks after that, what is in `CHILD`."""
    made = "import atexit, os; from whence_collector import SpoolTransport; made = SpoolTransport()"
    forked = "atexit._clear() if os.fork() == 0 else os._exit(os.wait()[1])"  # as hosts do that fork
    place = {**os.environ, "WHENCE_SPOOL": str(folder), "WHENCE_SHIPPER": "0", **variables}
    code = "\n".join((made, forked, script))
    return subprocess.run([sys.executable, "-c", code], env=place, capture_output=True, text=True, check=True)


def test_a_forked_child_keeps_its_own_secrets(folder, events):
    in_a_child("os.environ['DB_PASSWORD'] = 'correct horse'; made.emit({'said': 'it is correct horse'})", folder)
    assert events() == [{"said": "it is [redacted]"}]


def test_a_forked_child_flushes_at_its_exit(folder, events):
    begun = time.monotonic()
    in_a_child("made.emit({'said': 1})", folder, WHENCE_FLUSH_SECONDS="1")
    assert time.monotonic() - begun > 1  # nobody sends what waits
    assert events() == [{"said": 1}]


def test_importing_the_package_imports_nothing_else():
    code = "import sys; import whence_collector; print({'openlineage.client', 'attr', 'logging'} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_all_that_is_offered_is_there():
    assert all(getattr(whence_collector, name) for name in whence_collector.__all__)
    with pytest.raises(AttributeError):
        whence_collector.nothing  # noqa: B018


@pytest.mark.full
def test_the_oldest_client_that_it_takes(folder, events):
    """The lower bound in pyproject.toml."""
    collector = Path(__file__).parents[1]
    [floor] = re.findall(r"openlineage-python>=([\d.]+)", (collector / "pyproject.toml").read_text())
    python = environment("collector-floor", f"openlineage-python=={floor}", editable=(collector,)) / "bin/python"
    code = """
from whence_collector import Dataset, job, model, run
raw = Dataset("n", "raw")
with run("outer"):
    with run("inner", parameters={"a": 1}) as r:
        r.read(raw, schema={"x": int}, partition={"day": 1})
        r.write(model("models", "m", "1"), sources=[raw], columns={"y": raw["x"].by("AGGREGATION")})
        r.check(raw, "unique", True)
        r.approve(raw, by="role:x")
job("task")(lambda: 1)()
"""
    place = {**os.environ, "WHENCE_SPOOL": str(folder), "WHENCE_SHIPPER": "0"}
    done = subprocess.run([python, "-c", code], env=place, capture_output=True, text=True, check=True)
    assert "Whence" not in done.stderr
    found = events()
    assert [event["eventType"] for event in found].count("COMPLETE") == 3
    assert found[2]["outputs"][0]["facets"]["columnLineage"]["fields"].keys() == {"y"}
