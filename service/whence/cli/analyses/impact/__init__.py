"""`whence impact`: what a change touches, and who is to be told."""
