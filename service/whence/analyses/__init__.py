"""Analyses: questions that follow from lineage, as functions over the graph store's port."""
