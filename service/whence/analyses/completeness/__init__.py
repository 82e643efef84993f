"""How much of the lineage is known."""
