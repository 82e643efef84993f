"""What changed between two times, or between two runs."""
