"""Lineage over the graph store's port: liveness, names of one dataset, and the traversals."""
