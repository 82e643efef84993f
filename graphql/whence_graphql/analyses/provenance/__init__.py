"""The attempts, code and versions that one version rests on, or that rest on it."""
