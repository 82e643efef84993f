"""What the environment says; `whence_collector` reads the rest of it."""

import os


def namespace() -> str:
    """The namespace of jobs: the same for the sidecar and the plugin, so that what they say of a run meets."""
    return os.environ.get("OPENLINEAGE_NAMESPACE") or "prefect"


def disabled() -> bool:
    """Whether OpenLineage is turned off."""
    return os.environ.get("OPENLINEAGE_DISABLED", "").lower() in ("true", "1")


def hashed_parameters() -> bool | frozenset[str]:
    """Of which task arguments only a hash is recorded: `WHENCE_HASH_PARAMETERS` is `true` for all, or lists names."""
    said = os.environ.get("WHENCE_HASH_PARAMETERS", "").strip()
    if said.lower() in ("", "false", "0"):
        return False
    if said.lower() in ("true", "1"):
        return True
    return frozenset(name.strip() for name in said.split(","))
