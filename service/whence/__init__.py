"""Whence: lineage and provenance from OpenLineage events."""
