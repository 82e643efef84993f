"""Lineage of Dagster runs as OpenLineage events, read from Dagster's own event log.

`run` turns the event log of one run into OpenLineage events, `declared` the definitions; both are functions of what
they are given. `tail` follows an instance; `location` does that in a sensor, `cli` in a process of its own.
"""
