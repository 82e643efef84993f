"""What a change touches downstream, and who is to be told."""
