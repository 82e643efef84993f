"""What the tests of the collector share."""

import json
import os

import pytest

from whence_collector import segments
from whence_collector.settings import Settings
from whence_collector.spool import Spool


@pytest.fixture(autouse=True)
def no_settings(monkeypatch, tmp_path):
    """Nothing of the environment that the tests are run in."""
    for name in [name for name in os.environ if name.startswith(("WHENCE_", "OPENLINEAGE_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "spool"


@pytest.fixture
def spool(folder):
    """Makes spools of this folder, which start no shipper."""

    def spool(**settings):
        return Spool(Settings(spool=folder, shipper=False, **settings))

    return spool


@pytest.fixture
def lines(folder):
    """Reads the lines that wait, in their order."""

    def lines():
        return [event.line for segment in segments.segments(folder) for event in segments.read(segment, 0)]

    return lines


@pytest.fixture
def events(lines):
    """Reads the events that wait, as JSON."""
    return lambda: [json.loads(line) for line in lines()]
