"""Which partitions are missing."""
