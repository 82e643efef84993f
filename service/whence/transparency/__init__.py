"""Transparency logs (RFC 6962 and C2SP): Merkle trees, signed notes, checkpoints, tiles. Pure: no store, no clock."""
