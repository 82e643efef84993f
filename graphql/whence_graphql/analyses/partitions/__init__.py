"""Which partitions there should be, and which there are."""
