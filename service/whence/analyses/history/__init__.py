"""What the runs of a dataset or job measured and checked, and what changed."""
