"""The command line in a folder of its own, on its own stores or against a server."""

import os
import subprocess

import pytest

from tests.cli.commands import PIPELINE, WHENCE, run
from tests.running import running


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """The working directory, without any setting in the environment."""
    for name in os.environ:
        if name.startswith("WHENCE_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def whence():
    return run


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The address of a server that knows the pipeline."""
    with running(tmp_path_factory.mktemp("server")) as server:
        ingest = [WHENCE, "ingest", "--url", server.url, "--wait", *PIPELINE]
        subprocess.run(ingest, check=True, capture_output=True)
        yield server.url


@pytest.fixture(params=["stores", "server"])
def pipeline(request):
    """A command on what is known of the pipeline: from stores of its own, and from a server."""
    if request.param == "server":
        url = request.getfixturevalue("server")
        return lambda *args, code=0: run("--url", url, *args, code=code)
    run("ingest", *PIPELINE)
    return run
