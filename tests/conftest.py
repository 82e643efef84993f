"""What tests share: one Neo4j for the whole run, started when the first test wants it."""

import pytest

from tests.neo4j_fixture import neo4j_for_tests


@pytest.fixture(scope="session")
def neo4j(tmp_path_factory):
    with neo4j_for_tests(tmp_path_factory.mktemp("neo4j")) as server:
        yield server
