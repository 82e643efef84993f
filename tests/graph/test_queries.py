"""Statements in files."""

import re
from importlib.resources import files

import pytest

from whence.graph.queries import load_queries


@pytest.mark.parametrize(("folder", "suffix"), [("sqlite", ".sql"), ("neo4j", ".cypher")])
def test_every_statement_has_a_name_of_its_own(folder, suffix):
    found = [file for file in files("whence.graph").joinpath(folder).iterdir() if file.name.endswith(suffix)]
    names = [name for file in found for name in re.findall(r"^.. name: (\w+)", file.read_text(), re.MULTILINE)]
    assert len(names) > 40
    assert sorted(names) == sorted(load_queries(folder))
