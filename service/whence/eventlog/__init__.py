"""The event log: every accepted event, byte for byte, in the order of its commit."""
