"""`whence provenance`: what produced one version, from which data, with which code, approved by whom."""
