"""The provenance graph: its facts, the port that stores them, and the adapters (SQLite, Neo4j)."""
