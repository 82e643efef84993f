"""`whence history`: what runs measured and checked, and what changed."""
