"""The provenance of one version."""
