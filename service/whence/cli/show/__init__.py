"""`whence show`: everything about one dataset, job, run or column."""
