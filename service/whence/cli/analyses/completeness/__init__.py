"""`whence completeness`: how much of the lineage is known, and what is not."""
