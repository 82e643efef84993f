"""What runs measured and checked, and what changed."""
