"""`whence freshness`: which datasets are late, by how much, and what they hold up."""
