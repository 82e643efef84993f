"""Which datasets are late, and what they hold up."""
