"""A dbt project's manifest as declared lineage: the command `whence-dbt-manifest`."""
