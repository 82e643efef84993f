"""`whence partitions`: which partitions are there in a range, and which are missing."""
