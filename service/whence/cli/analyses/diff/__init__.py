"""`whence diff`: what changed between two times, or between two runs."""
