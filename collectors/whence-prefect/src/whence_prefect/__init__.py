"""Lineage of Prefect flows, for Whence: a sidecar, a plugin, and one line to say what Prefect cannot know."""

from .process.handing_down import environment
from .process.saying import reads, writes

__all__ = ["environment", "reads", "writes"]
