"""What follows from lineage: each analysis with its field of the query, what it is asked, and its answer."""
