"""Where declarations and runs differ."""
