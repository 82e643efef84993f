"""A Neo4j that is down delays the graph and loses nothing."""

import socket
import time

from tests.build import NS, event
from tests.running import running
from whence.neo4j_server import LocalNeo4j

QUERY = """query ($namespace: String!, $name: String!) {
  lineage(of: {dataset: {namespace: $namespace, name: $name}}) { nodes { id kind namespace name } truncated }
}"""


def test_the_backlog_drains_when_neo4j_comes_back(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    neo4j = LocalNeo4j(tmp_path / "neo4j", bolt_port=port)
    neo4j.start()
    try:
        with running(tmp_path, WHENCE_GRAPH=neo4j.uri, WHENCE_NEO4J_PASSWORD=neo4j.password) as server:
            server.post("/api/v1/lineage", event("COMPLETE", "10:00:00", run=1, inputs=["raw"], outputs=["clean"]))
            server.settle()
            neo4j.kill()
            for number in range(2, 52):
                sent = event(
                    "COMPLETE", "11:00:00", job=f"j{number}", run=number, inputs=["clean"], outputs=[f"o{number}"]
                )
                assert server.post("/api/v1/lineage", sent)[0] == 201
            assert _degraded(server)["graph"]["lag"] == 50
            neo4j.start()
            assert server.settle()["graph"]["cursor"] == 51
            nodes = server.graphql(QUERY, namespace=NS, name="raw")["lineage"]["nodes"]
            assert {f"o{number}" for number in range(2, 52)} < {node["name"] for node in nodes}
    finally:
        neo4j.stop()


def _degraded(server):
    for _ in range(300):
        status, answer = server.get("/health/ready")
        assert status == 200
        if answer["status"] == "degraded":
            return answer
        time.sleep(0.1)
    raise AssertionError("the server does not say that Neo4j is down")
