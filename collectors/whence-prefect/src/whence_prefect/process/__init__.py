"""What runs inside the processes that execute flows: the plugin, and what flows say themselves."""
