"""The GraphQL schema over lineage, and the protocols that it asks of whoever serves it."""
