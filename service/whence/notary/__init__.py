"""Who signs for the log: its keys, its checkpoints, and the time stamps that others put on them."""
