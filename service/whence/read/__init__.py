"""The read side over the graph store: what `whence_graphql.ports` asks for."""
