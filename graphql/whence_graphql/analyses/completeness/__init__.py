"""How much of the lineage is known, and what is not."""
