"""From the log to the graph: a pure fold of each unit's events, and the runner that keeps the graph up to date."""
