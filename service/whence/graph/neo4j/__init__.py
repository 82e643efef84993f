"""The graph store on Neo4j, 5.26 LTS or newer, as a graph that people can also browse.

Nodes of the graph carry the label `Node` and one for their kind; edges are relationships of their kind, uses are
relationships from the run to the dataset, attempts stand between their run and their job. Reports, claims, facets and
footprints are nodes without relationships, found by index. A module's statements are in the file of its name.
"""

from whence.graph.neo4j.schema import MIGRATIONS
from whence.graph.neo4j.store import Neo4jGraphStore

__all__ = ["MIGRATIONS", "Neo4jGraphStore"]
